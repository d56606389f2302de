/**
 * WskConnectEx with TCP_FASTOPEN over real stacks: each thing that can become
 * of data in a SYN. No status tells them apart; the engine's counters do.
 */
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../../engine/base/seeded_random.ts";
import { FaultInjector } from "../../../engine/link/fault_injector.ts";
import { createFastOpenKeys } from "../../../engine/tcp/fast_open_cookie.ts";
import * as W from "../../../engine/wsk/mod.ts";
import {
  assertStatus,
  connection,
  pattern,
  stream,
} from "../../tools/wsk_bench.ts";
import {
  call,
  openSocket,
  type Outcome,
  World,
} from "../../tools/wsk_world.ts";

/** Which SYNs of the client are lost: set per test. */
let loseSyn: (() => boolean) | null = null;

const TCP_PROTOCOL = 6;

/** Drops the client's SYNs while `loseSyn` says so. */
function openWorld(): Promise<World> {
  loseSyn = null;
  return World.open({
    wrap: (device, seed) =>
      new FaultInjector(device, {
        random: new SeededRandom(seed),
        tx: {
          dropIf: ({ bytes, start }) => {
            const isTcp = bytes[start + 12] === 8 &&
              bytes[start + 23] === TCP_PROTOCOL;
            const isSyn = isTcp && (bytes[start + 47] & 0x12) === 0x02;
            return isSyn && (loseSyn?.() ?? false);
          },
        },
      }),
  });
}

class Scene {
  readonly world: World;
  listener: W.WSK_SOCKET | null = null;
  readonly opened: W.WSK_SOCKET[] = [];

  constructor(world: World) {
    this.world = world;
  }

  finish(outcome: Outcome): Outcome {
    this.world.runUntil(() => outcome.completions > 0);
    assertEquals(outcome.completions, 1);
    return outcome;
  }

  socket(
    host: number,
    flags: number,
    dispatch: W.WSK_CLIENT_SOCKET_DISPATCH | null = null,
  ): W.WSK_SOCKET {
    const made = this.finish(
      openSocket(this.world.nodes[host], flags, dispatch),
    );
    const socket = made.information as W.WSK_SOCKET;
    this.opened.push(socket);
    const bytes = W.u32(1);
    const set = this.finish(
      call((irp) =>
        socket.Dispatch.WskControlSocket(
          socket,
          W.WskSetOption,
          W.TCP_FASTOPEN,
          W.IPPROTO_TCP,
          4,
          bytes,
          0,
          null,
          null,
          irp,
        )
      ),
    );
    assertStatus(set.status, W.STATUS_SUCCESS);
    return socket;
  }

  bind(socket: W.WSK_SOCKET, port: number): void {
    const local = W.sockaddr("0.0.0.0", port);
    this.finish(call((irp) => stream(socket).WskBind(socket, local, 0, irp)));
  }

  listen(dispatch: W.WSK_CLIENT_LISTEN_DISPATCH | null = null): void {
    this.listener = this.socket(1, W.WSK_FLAG_LISTEN_SOCKET, dispatch);
    this.bind(this.listener, 80);
  }

  start(data: Uint8Array): { client: W.WSK_SOCKET; connect: Outcome } {
    const client = this.socket(0, W.WSK_FLAG_CONNECTION_SOCKET);
    this.bind(client, 0);
    const remote = W.sockaddr("10.0.0.2", 80);
    const connect = call((irp) =>
      connection(client).WskConnectEx(client, remote, W.bufOf(data), 0, irp)
    );
    return { client, connect };
  }

  /** One connection whose data must reach the server whole. */
  exchange(data: Uint8Array): void {
    const { connect } = this.start(data);
    const listener = this.listener as W.WSK_SOCKET;
    const accepted = call((irp) =>
      stream(listener).WskAccept(listener, 0, null, null, null, null, irp)
    );
    this.finish(connect);
    assertStatus(connect.status, W.STATUS_SUCCESS);
    assertEquals(connect.information, data.length);
    const server = this.finish(accepted).information as W.WSK_SOCKET;
    this.opened.push(server);
    const into = new Uint8Array(data.length);
    const read = this.finish(
      call((irp) =>
        connection(server).WskReceive(
          server,
          W.bufOf(into),
          W.WSK_FLAG_WAITALL,
          irp,
        )
      ),
    );
    assertEquals(read.information, data.length);
    assertEquals(into, data);
  }

  /** SYN data the client saw acknowledged, and that the server took. */
  get counts(): [number, number] {
    const [a, b] = this.world.nodes;
    return [
      a.stack.tcpCounters.get("TcpExtTCPFastOpenActive"),
      b.stack.tcpCounters.get("TcpExtTCPFastOpenPassive"),
    ];
  }

  tidy(): void {
    for (const socket of this.opened) {
      this.finish(call((irp) => socket.Dispatch.WskCloseSocket(socket, irp)));
    }
    this.world.run(300_000_000);
    for (const { stack, subsystem } of this.world.nodes) {
      assertEquals(subsystem.usage.sockets, 0);
      assertEquals(stack.connectionCount, 0);
    }
  }
}

Deno.test("a known cookie puts all the data that fits into the SYN", async () => {
  const scene = new Scene(await openWorld());
  scene.listen();
  scene.exchange(pattern(100));
  assertEquals(scene.counts, [0, 0]);
  scene.exchange(pattern(100));
  assertEquals(scene.counts, [1, 1]);
  scene.tidy();
});

Deno.test("data beyond a SYN's room follows the handshake, in order", async () => {
  const scene = new Scene(await openWorld());
  scene.listen();
  scene.exchange(pattern(10));
  scene.exchange(pattern(65_535, 3));
  assertEquals(scene.counts, [1, 1]);
  scene.tidy();
});

Deno.test("a cookie the server no longer knows: the data is sent again after the handshake", async () => {
  const scene = new Scene(await openWorld());
  scene.listen();
  scene.exchange(pattern(100));
  const { stack } = scene.world.nodes[1];
  stack.tcp.fastOpenKeys = createFastOpenKeys(new SeededRandom(99));
  scene.exchange(pattern(100, 1));
  assertEquals(scene.counts[1], 0);
  assertEquals(stack.tcpCounters.get("TcpExtTCPFastOpenPassiveFail"), 1);
  scene.tidy();
});

Deno.test("a lost SYN is repeated plain, and the data follows", async () => {
  const scene = new Scene(await openWorld());
  scene.listen();
  scene.exchange(pattern(100));
  let lost = 0;
  loseSyn = () => lost++ === 0;
  scene.exchange(pattern(100, 2));
  assert(lost >= 2, "it was sent again");
  assertEquals(scene.counts, [0, 0]);
  scene.tidy();
});

Deno.test("a reset in answer to a SYN with data is STATUS_CONNECTION_REFUSED", async () => {
  const scene = new Scene(await openWorld());
  scene.listen();
  scene.exchange(pattern(100));
  const listener = scene.listener as W.WSK_SOCKET;
  scene.opened.splice(scene.opened.indexOf(listener), 1);
  scene.finish(
    call((irp) => listener.Dispatch.WskCloseSocket(listener, irp)),
  );
  const { connect } = scene.start(pattern(100));
  scene.finish(connect);
  assertStatus(connect.status, W.STATUS_CONNECTION_REFUSED);
  assertEquals(connect.information, 0);
  scene.tidy();
});

Deno.test("an attempt with data in the SYN can be cancelled, and closed under", async () => {
  for (const how of ["cancel", "close"]) {
    const scene = new Scene(await openWorld());
    scene.listen();
    scene.exchange(pattern(100));
    loseSyn = () => true;
    const { client, connect } = scene.start(pattern(100));
    scene.world.run(10_000);
    assertEquals(connect.completions, 0);
    if (how === "cancel") assert(W.IoCancelIrp(connect.irp));
    else {
      scene.opened.pop();
      const close = scene.finish(
        call((irp) => client.Dispatch.WskCloseSocket(client, irp)),
      );
      assertStatus(close.status, W.STATUS_SUCCESS);
    }
    scene.finish(connect);
    assertStatus(connect.status, W.STATUS_CANCELLED);
    scene.tidy();
  }
});

Deno.test("a server with WskReceiveEvent gets the data of the SYN once", async () => {
  const scene = new Scene(await openWorld());
  const received: number[][] = [];
  scene.listen({
    WskAcceptEvent: (_c, _f, _l, _r, socket, context, dispatch) => {
      if (socket === null) return W.STATUS_REQUEST_NOT_ACCEPTED;
      scene.opened.push(socket);
      const mine: number[] = [];
      received.push(mine);
      context.value = mine;
      dispatch.value = {
        WskReceiveEvent: (own, _flags, data) => {
          if (data !== null) {
            (own as number[]).push(...W.bytesOfBuf(data.Buffer));
          }
          return W.STATUS_SUCCESS;
        },
        WskDisconnectEvent: null,
        WskSendBacklogEvent: null,
      };
      return W.STATUS_SUCCESS;
    },
    WskInspectEvent: null,
    WskAbortEvent: null,
  });
  const listener = scene.listener as W.WSK_SOCKET;
  listener.Dispatch.WskControlSocket(
    listener,
    W.WskSetOption,
    W.SO_WSK_EVENT_CALLBACK,
    W.SOL_SOCKET,
    16,
    {
      NpiId: W.NPI_WSK_INTERFACE_ID,
      EventMask: W.WSK_EVENT_ACCEPT | W.WSK_EVENT_RECEIVE,
    },
    0,
    null,
    null,
    null,
  );
  for (const seed of [1, 2]) {
    const { connect } = scene.start(pattern(100, seed));
    scene.finish(connect);
    assertStatus(connect.status, W.STATUS_SUCCESS);
    scene.world.run(100_000);
  }
  assertEquals(received, [[...pattern(100, 1)], [...pattern(100, 2)]]);
  assertEquals(scene.counts, [1, 1]);
  scene.tidy();
});
