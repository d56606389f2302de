/**
 * Every function in every state its socket can be in: what the call returns,
 * how the IRP ends, its Information, and that it ends once.
 */
import { assertEquals } from "@std/assert";
import * as W from "../../../engine/wsk/mod.ts";
import {
  assertStatus,
  Bench,
  type Call,
  datagram,
  listen,
  pattern,
  stream,
} from "../../tools/wsk_bench.ts";

const REMOTE = W.sockaddr("127.0.0.1", 4000);
const LOCAL = W.sockaddr("0.0.0.0", 0);

/** What can be called on a socket, by a short name. */
const CALLS: Record<string, (socket: W.WSK_SOCKET, irp: W.IRP) => W.NTSTATUS> =
  {
    Bind: (s, irp) => stream(s).WskBind(s, LOCAL, 0, irp),
    Listen: (s, irp) => stream(s).WskListen(s, irp),
    Accept: (s, irp) => stream(s).WskAccept(s, 0, null, null, null, null, irp),
    InspectComplete: (s, irp) =>
      listen(s).WskInspectComplete(
        s,
        new W.WSK_INSPECT_ID(),
        W.WskInspectAccept,
        irp,
      ),
    Connect: (s, irp) => stream(s).WskConnect(s, REMOTE, 0, irp),
    ConnectEx: (s, irp) =>
      stream(s).WskConnectEx(s, REMOTE, W.bufOf(pattern(4)), 0, irp),
    GetLocal: (s, irp) =>
      stream(s).WskGetLocalAddress(s, new W.SOCKADDR_INET(), irp),
    GetRemote: (s, irp) =>
      stream(s).WskGetRemoteAddress(s, new W.SOCKADDR_INET(), irp),
    Send: (s, irp) => stream(s).WskSend(s, W.bufOf(pattern(4)), 0, irp),
    SendEx: (s, irp) =>
      stream(s).WskSendEx(s, W.bufOf(pattern(4)), 0, 0, null, irp),
    Receive: (s, irp) =>
      stream(s).WskReceive(s, W.bufOf(new Uint8Array(4)), 0, irp),
    ReceiveEx: (s, irp) =>
      stream(s).WskReceiveEx(
        s,
        W.bufOf(new Uint8Array(4)),
        0,
        null,
        null,
        null,
        irp,
      ),
    Disconnect: (s, irp) => stream(s).WskDisconnect(s, null, 0, irp),
    Abort: (s, irp) =>
      stream(s).WskDisconnect(s, null, W.WSK_FLAG_ABORTIVE, irp),
    SendTo: (s, irp) =>
      datagram(s).WskSendTo(s, W.bufOf(pattern(4)), 0, REMOTE, 0, null, irp),
    SendMessages: (s, irp) =>
      datagram(s).WskSendMessages(
        s,
        { Next: null, Buffer: W.bufOf(pattern(4)) },
        0,
        REMOTE,
        0,
        null,
        irp,
      ),
    ReceiveFrom: (s, irp) =>
      datagram(s).WskReceiveFrom(
        s,
        W.bufOf(new Uint8Array(4)),
        0,
        null,
        null,
        null,
        null,
        irp,
      ),
    GetOption: (s, irp) =>
      s.Dispatch.WskControlSocket(
        s,
        W.WskGetOption,
        W.SO_TYPE,
        W.SOL_SOCKET,
        0,
        null,
        4,
        new Uint8Array(4),
        null,
        irp,
      ),
    Close: (s, irp) => s.Dispatch.WskCloseSocket(s, irp),
  };

const STATE = "INVALID_DEVICE_STATE", DEAD = "FILE_FORCED_CLOSED";

/**
 * Expectations: the name of a status with which the call is refused; a number,
 * which is the Information of a success; "socket"; or "waits", in which case
 * closing the socket cancels it.
 */
type Expected = string | number;

interface State {
  readonly name: string;
  readonly make: (bench: Bench) => W.WSK_SOCKET;
  readonly expect: Record<string, Expected>;
}

const { WSK_FLAG_CONNECTION_SOCKET: CONNECTION } = W;
const { WSK_FLAG_STREAM_SOCKET: STREAM } = W;

/** What a connection function answers while there is no connection. */
const UNCONNECTED = {
  GetRemote: STATE,
  Send: STATE,
  SendEx: STATE,
  Receive: STATE,
  ReceiveEx: STATE,
  Disconnect: STATE,
  Abort: STATE,
};
const CLOSABLE = { GetOption: 4, Close: 0 };

/** A connection's states are those of both categories that can be one. */
function connectionStates(flags: number, category: string): State[] {
  const isStream = flags === STREAM;
  const listening: Record<string, Expected> = isStream
    ? { Listen: STATE, Accept: STATE }
    : {};
  const choosing: Record<string, Expected> = isStream
    ? { Listen: 0, Accept: STATE }
    : {};
  const connected = {
    ...listening,
    Bind: STATE,
    Connect: STATE,
    ConnectEx: STATE,
    GetLocal: 0,
    GetRemote: 0,
    ...CLOSABLE,
  };
  const open = (bench: Bench): W.WSK_SOCKET => {
    bench.listener(4000);
    const socket = bench.bound(null, null, flags);
    bench.connect(socket, 4000);
    return socket;
  };
  return [
    {
      name: `${category}, created`,
      make: (bench) => bench.socket(flags),
      expect: {
        ...UNCONNECTED,
        ...listening,
        ...CLOSABLE,
        Bind: 0,
        Connect: STATE,
        ConnectEx: STATE,
        GetLocal: STATE,
      },
    },
    {
      name: `${category}, bound`,
      make: (bench) => {
        bench.listener(4000);
        return bench.bound(null, null, flags);
      },
      expect: {
        ...UNCONNECTED,
        ...CLOSABLE,
        ...choosing,
        Bind: STATE,
        Connect: 0,
        ConnectEx: 4,
        GetLocal: 0,
      },
    },
    {
      name: `${category}, connecting`,
      make: (bench) => {
        const socket = bench.bound(null, null, flags);
        bench.net.hold = true;
        bench.call((irp) => CALLS.Connect(socket, irp));
        return socket;
      },
      expect: {
        ...UNCONNECTED,
        ...listening,
        ...CLOSABLE,
        Bind: STATE,
        Connect: STATE,
        ConnectEx: STATE,
        GetLocal: 0,
      },
    },
    {
      name: `${category}, connected`,
      make: open,
      expect: {
        ...connected,
        Send: 4,
        SendEx: 4,
        Receive: "waits",
        ReceiveEx: "waits",
        Disconnect: 0,
        Abort: 0,
      },
    },
    {
      name: `${category}, our FIN sent`,
      make: (bench) => {
        const socket = open(bench);
        bench.succeed((irp) => CALLS.Disconnect(socket, irp));
        return socket;
      },
      expect: {
        ...connected,
        Send: STATE,
        SendEx: STATE,
        Receive: "waits",
        ReceiveEx: "waits",
        Disconnect: 0,
        Abort: 0,
      },
    },
    {
      name: `${category}, peer's FIN received`,
      make: (bench) => {
        const socket = open(bench);
        for (const c of bench.net.connections) {
          if (c.local.port === 4000) c.shutdownSend();
        }
        bench.net.run();
        return socket;
      },
      expect: {
        ...connected,
        Send: 4,
        SendEx: 4,
        Receive: 0,
        ReceiveEx: 0,
        Disconnect: 0,
        Abort: 0,
      },
    },
    {
      name: `${category}, reset by the peer`,
      make: (bench) => {
        const socket = open(bench);
        for (const c of bench.net.connections) {
          if (c.remote.port === 4000) c.die(3);
        }
        bench.net.run();
        return socket;
      },
      expect: {
        ...connected,
        Send: "CONNECTION_RESET",
        SendEx: "CONNECTION_RESET",
        Receive: "CONNECTION_RESET",
        ReceiveEx: "CONNECTION_RESET",
        Disconnect: "CONNECTION_RESET",
        Abort: "CONNECTION_RESET",
      },
    },
    {
      name: `${category}, aborted by us`,
      make: (bench) => {
        const socket = open(bench);
        bench.succeed((irp) => CALLS.Abort(socket, irp));
        return socket;
      },
      expect: { ...connected, ...UNCONNECTED, GetRemote: 0 },
    },
    {
      name: `${category}, closed`,
      make: (bench) => {
        const socket = open(bench);
        bench.close(socket);
        return socket;
      },
      expect: Object.fromEntries(
        Object.keys({ ...connected, ...UNCONNECTED }).map((n) => [n, DEAD]),
      ),
    },
    {
      name: `${category}, the stack is gone`,
      make: (bench) => {
        const socket = open(bench);
        bench.net.connections.clear();
        bench.net.listeners.clear();
        bench.net.setReady(false);
        return socket;
      },
      expect: {
        ...Object.fromEntries(
          Object.keys({ ...connected, ...UNCONNECTED }).map((n) => [n, DEAD]),
        ),
        Close: 0,
      },
    },
  ];
}

const LISTENING = {
  Bind: STATE,
  Accept: "waits",
  GetLocal: 0,
  ...CLOSABLE,
};

const DATAGRAMS = { SendTo: STATE, SendMessages: STATE, ReceiveFrom: STATE };

const STATES: State[] = [
  ...connectionStates(CONNECTION, "connection"),
  ...connectionStates(STREAM, "stream"),
  {
    name: "stream, listening",
    make: (bench) => {
      const socket = bench.bound(null, null, STREAM);
      bench.succeed((irp) => CALLS.Listen(socket, irp));
      return socket;
    },
    expect: {
      ...UNCONNECTED,
      ...LISTENING,
      Listen: STATE,
      Connect: STATE,
      ConnectEx: STATE,
    },
  },
  {
    name: "listen, created",
    make: (bench) => bench.socket(W.WSK_FLAG_LISTEN_SOCKET),
    expect: {
      ...CLOSABLE,
      Bind: 0,
      Accept: STATE,
      InspectComplete: STATE,
      GetLocal: STATE,
    },
  },
  {
    name: "listen, bound and listening",
    make: (bench) => bench.listener(4000),
    expect: { ...LISTENING, InspectComplete: STATE },
  },
  {
    name: "listen, conditional",
    make: (bench) => {
      const socket = bench.socket(W.WSK_FLAG_LISTEN_SOCKET);
      bench.setOption(socket, W.SO_CONDITIONAL_ACCEPT, W.SOL_SOCKET, 1);
      bench.bind(socket, "0.0.0.0", 4000);
      return socket;
    },
    expect: { ...LISTENING, InspectComplete: 0 },
  },
  {
    name: "listen, with a connection waiting",
    make: (bench) => {
      const socket = bench.listener(4000);
      bench.connect(bench.bound(), 4000);
      return socket;
    },
    expect: { ...LISTENING, InspectComplete: STATE, Accept: "socket" },
  },
  {
    name: "listen, closed",
    make: (bench) => {
      const socket = bench.listener(4000);
      bench.close(socket);
      return socket;
    },
    expect: {
      Bind: DEAD,
      Accept: DEAD,
      InspectComplete: DEAD,
      GetLocal: DEAD,
      GetOption: DEAD,
      Close: DEAD,
    },
  },
  {
    name: "datagram, created",
    make: (bench) => bench.socket(W.WSK_FLAG_DATAGRAM_SOCKET),
    expect: { ...DATAGRAMS, ...CLOSABLE, Bind: 0, GetLocal: STATE },
  },
  {
    name: "datagram, bound",
    make: (bench) => {
      const socket = bench.socket(W.WSK_FLAG_DATAGRAM_SOCKET);
      bench.bind(socket);
      return socket;
    },
    expect: {
      ...CLOSABLE,
      Bind: STATE,
      GetLocal: 0,
      SendTo: 4,
      SendMessages: 4,
      ReceiveFrom: "waits",
    },
  },
  {
    name: "datagram, closed",
    make: (bench) => {
      const socket = bench.socket(W.WSK_FLAG_DATAGRAM_SOCKET);
      bench.close(socket);
      return socket;
    },
    expect: {
      Bind: DEAD,
      GetLocal: DEAD,
      SendTo: DEAD,
      SendMessages: DEAD,
      ReceiveFrom: DEAD,
      GetOption: DEAD,
      Close: DEAD,
    },
  },
  {
    name: "basic",
    make: (bench) => bench.socket(W.WSK_FLAG_BASIC_SOCKET),
    expect: CLOSABLE,
  },
];

function judge(
  bench: Bench,
  socket: W.WSK_SOCKET,
  call: Call,
  expected: Expected,
): void {
  if (
    typeof expected === "string" && expected !== "waits" &&
    expected !== "socket"
  ) {
    assertStatus(
      call.returned,
      W[`STATUS_${expected}` as keyof typeof W] as number,
    );
    assertStatus(call.status, call.returned);
    assertEquals(call.information, 0);
    assertEquals(call.pendingReturned, false);
    return;
  }
  assertStatus(call.returned, W.STATUS_PENDING);
  if (expected === "waits") {
    assertEquals(call.completions, 0);
    bench.close(socket);
    assertStatus(call.status, W.STATUS_CANCELLED);
    assertEquals(call.information, 0);
  } else {
    assertStatus(call.status, W.STATUS_SUCCESS);
    if (expected === "socket") {
      assertEquals(typeof call.information, "object");
    } else assertEquals(call.information, expected);
  }
  assertEquals(call.pendingReturned, true);
}

for (const { name, make, expect } of STATES) {
  Deno.test(`a socket that is ${name} answers each function as it must`, async () => {
    for (const [what, expected] of Object.entries(expect)) {
      const bench = await Bench.open();
      const socket = make(bench);
      const call = bench.call((irp) => CALLS[what](socket, irp));
      bench.net.hold = false;
      bench.net.run();
      try {
        judge(bench, socket, call, expected);
        bench.net.run();
        assertEquals(call.completions, 1);
      } catch (error) {
        throw new Error(`${what} of a socket that is ${name}: ${error}`);
      }
    }
  });
}

Deno.test("the matrix of functions and states leaves out nothing a table has", () => {
  const members: [string, string[]][] = [
    ["connection", [
      "Bind",
      "Connect",
      "GetLocal",
      "GetRemote",
      "Send",
      "Receive",
      "Disconnect",
      "Abort",
      "ConnectEx",
      "SendEx",
      "ReceiveEx",
    ]],
    ["stream", [
      "Bind",
      "Accept",
      "Connect",
      "Listen",
      "Send",
      "Receive",
      "Disconnect",
      "Abort",
      "GetLocal",
      "GetRemote",
      "ConnectEx",
      "SendEx",
      "ReceiveEx",
    ]],
    ["listen", ["Bind", "Accept", "InspectComplete", "GetLocal"]],
    ["datagram", ["Bind", "SendTo", "ReceiveFrom", "GetLocal", "SendMessages"]],
  ];
  for (const [category, names] of members) {
    for (const state of STATES.filter((s) => s.name.startsWith(category))) {
      const wanted = [...names, "GetOption", "Close"].sort();
      assertEquals(Object.keys(state.expect).sort(), wanted, state.name);
    }
  }
});
