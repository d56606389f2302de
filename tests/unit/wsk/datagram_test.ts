import { assert, assertEquals } from "@std/assert";
import { IpAddress, parseIpAddress } from "../../../engine/wire/ip_address.ts";
import { decodeCmsgs, encodeCmsgs } from "../../../engine/wsk/cmsg.ts";
import { packetInfoOf, sourceOf } from "../../../engine/wsk/packet_info.ts";
import * as W from "../../../engine/wsk/mod.ts";
import {
  assertEnded,
  assertRefused,
  assertStatus,
  Bench,
  type Call,
  datagram,
  pattern,
} from "../../tools/wsk_bench.ts";

const TO = W.sockaddr("127.0.0.1", 53);

function sendTo(
  bench: Bench,
  socket: W.WSK_SOCKET,
  data: Uint8Array,
  to: W.SOCKADDR | null = TO,
  control: Uint8Array | null = null,
  flags = 0,
): Call {
  return bench.call((irp) =>
    datagram(socket).WskSendTo(
      socket,
      W.bufOf(data),
      flags,
      to,
      control?.length ?? 0,
      control,
      irp,
    )
  );
}

function receiveFrom(
  bench: Bench,
  socket: W.WSK_SOCKET,
  into: Uint8Array,
  from: W.SOCKADDR | null = null,
  length: W.POINTER<number> | null = null,
  control: Uint8Array | null = null,
  flags: W.POINTER<number> | null = null,
): Call {
  return bench.call((irp) =>
    datagram(socket).WskReceiveFrom(
      socket,
      W.bufOf(into),
      0,
      from,
      length,
      control,
      flags,
      irp,
    )
  );
}

async function open(dispatch: W.WSK_CLIENT_DATAGRAM_DISPATCH | null = null) {
  const bench = await Bench.open();
  const client = bench.socket(W.WSK_FLAG_DATAGRAM_SOCKET);
  const server = bench.socket(W.WSK_FLAG_DATAGRAM_SOCKET, { dispatch });
  bench.bind(client);
  bench.bind(server, "0.0.0.0", 53);
  return { bench, client, server };
}

Deno.test("WskSendTo() and WskReceiveFrom() need a bound socket", async () => {
  const bench = await Bench.open();
  const socket = bench.socket(W.WSK_FLAG_DATAGRAM_SOCKET);
  const state = W.STATUS_INVALID_DEVICE_STATE;
  assertRefused(bench, sendTo(bench, socket, pattern(1)), state);
  assertRefused(bench, receiveFrom(bench, socket, pattern(1)), state);
  bench.tidy(socket);
});

Deno.test("WskReceiveFrom() takes one datagram, and says what it cut", async () => {
  const { bench, client, server } = await open();
  for (const size of [0, 3, 4, 5]) {
    const into = new Uint8Array(4);
    const from = new W.SOCKADDR_INET();
    const flags = W.variable(-1);
    const read = receiveFrom(bench, server, into, from, null, null, flags);
    const sent = sendTo(bench, client, pattern(size));
    bench.net.run();
    assertEnded(sent, W.STATUS_SUCCESS, size);
    assertEnded(read, W.STATUS_SUCCESS, Math.min(size, 4));
    assertEquals(flags.value, size > 4 ? W.MSG_TRUNC : 0);
    assertEquals(from.si_family, W.AF_INET);
    assertEquals(into.slice(0, size), pattern(Math.min(size, 4)));
  }
  bench.tidy(client, server);
});

Deno.test("datagram functions refuse what they cannot send", async () => {
  const { bench, client, server } = await open();
  const refused = (call: Call, status: number) =>
    assertRefused(bench, call, status);
  const one = pattern(1);
  refused(sendTo(bench, client, one, null), W.STATUS_INVALID_PARAMETER);
  refused(
    sendTo(bench, client, one, TO, null, 1),
    W.STATUS_INVALID_PARAMETER,
  );
  refused(
    sendTo(bench, client, one, W.sockaddr("::1", 53)),
    W.STATUS_INVALID_ADDRESS,
  );
  refused(
    sendTo(bench, client, one, W.sockaddr("127.0.0.1", 0)),
    W.STATUS_INVALID_ADDRESS,
  );
  refused(
    sendTo(bench, client, one, W.sockaddr("0.0.0.0", 53)),
    W.STATUS_INVALID_ADDRESS_WILDCARD,
  );
  const bad = new Uint8Array(16);
  refused(sendTo(bench, client, one, TO, bad), W.STATUS_INVALID_PARAMETER);
  bench.net.unroutable.push("192.0.2.1");
  const lost = sendTo(bench, client, one, W.sockaddr("192.0.2.1", 53));
  bench.net.run();
  assertEnded(lost, W.STATUS_NETWORK_UNREACHABLE, 0);
  const large = sendTo(bench, client, new Uint8Array(65_508));
  bench.net.run();
  assertEnded(large, W.STATUS_INVALID_BUFFER_SIZE, 0);
  bench.tidy(client, server);
});

Deno.test("sends wait for room in order, and can be taken back meanwhile", async () => {
  const { bench, client, server } = await open();
  bench.net.datagramRoom = 1;
  const sends = [1, 2, 3].map((size) => sendTo(bench, client, pattern(size)));
  assertEquals(W.IoCancelIrp(sends[1].irp), true);
  bench.net.run();
  assertEnded(sends[0], W.STATUS_SUCCESS, 1);
  assertEnded(sends[1], W.STATUS_CANCELLED, 0);
  assertEnded(sends[2], W.STATUS_SUCCESS, 3);
  assert(sends[0].order < sends[2].order);
  bench.tidy(client, server);
});

Deno.test("WskSendMessages() sends a list, and Information is the sum", async () => {
  const { bench, client, server } = await open();
  const third = { Next: null, Buffer: W.bufOf(pattern(3)) };
  const second = { Next: third, Buffer: W.bufOf(pattern(0)) };
  const list = { Next: second, Buffer: W.bufOf(pattern(2)) };
  const sent = bench.finish((irp) =>
    datagram(client).WskSendMessages(client, list, 0, TO, 0, null, irp)
  );
  assertEnded(sent, W.STATUS_SUCCESS, 5);
  for (const size of [2, 0, 3]) {
    const read = receiveFrom(bench, server, new Uint8Array(9));
    bench.net.run();
    assertEnded(read, W.STATUS_SUCCESS, size);
  }
  bench.tidy(client, server);
});

Deno.test("SIO_WSK_SET_REMOTE_ADDRESS fixes and filters, SIO_WSK_SET_SENDTO_ADDRESS only sends", async () => {
  const { bench, client, server } = await open();
  const other = bench.socket(W.WSK_FLAG_DATAGRAM_SOCKET);
  bench.bind(other, "0.0.0.0", 54);
  const ioctl = (code: number, address: unknown) =>
    bench.call((irp) =>
      client.Dispatch.WskControlSocket(
        client,
        W.WskIoctl,
        code,
        0,
        16,
        address,
        0,
        null,
        null,
        irp,
      )
    );
  const none = ioctl(W.SIO_WSK_SET_REMOTE_ADDRESS, null);
  assertRefused(bench, none, W.STATUS_INVALID_ADDRESS);
  const peer = ioctl(W.SIO_WSK_SET_REMOTE_ADDRESS, TO);
  const sent = sendTo(bench, client, pattern(4), null);
  bench.net.run();
  assertEnded(peer, W.STATUS_SUCCESS, 0);
  assertEnded(sent, W.STATUS_SUCCESS, 4);
  const from = new W.SOCKADDR_IN();
  const seen = receiveFrom(bench, server, new Uint8Array(4), from);
  bench.net.run();
  assertEnded(seen, W.STATUS_SUCCESS, 4);
  const read = receiveFrom(bench, client, new Uint8Array(9));
  sendTo(bench, other, pattern(2), from);
  bench.net.run();
  assertEquals(read.completions, 0);
  sendTo(bench, server, pattern(3), from);
  bench.net.run();
  assertEnded(read, W.STATUS_SUCCESS, 3);
  bench.tidy(client, server, other);
});

Deno.test("WskReceiveFromEvent consumes, retains, or stops until enabled again", async () => {
  const sizes: number[] = [];
  const kept: W.WSK_DATAGRAM_INDICATION[] = [];
  let answer: W.NTSTATUS = W.STATUS_SUCCESS;
  const { bench, client, server } = await open({
    WskReceiveFromEvent: (_context, _flags, list) => {
      if (list === null) return W.STATUS_SUCCESS;
      sizes.push(list.Buffer.Length);
      if (answer === W.STATUS_PENDING) kept.push(list);
      return answer;
    },
  });
  const send = (size: number) => {
    sendTo(bench, client, pattern(size));
    bench.net.run();
  };
  const enable = () =>
    assertStatus(
      bench.events(server, W.WSK_EVENT_RECEIVE_FROM),
      W.STATUS_SUCCESS,
    );
  send(1);
  assertEquals(sizes, []);
  enable();
  bench.net.run();
  assertEquals(sizes, [1]);
  answer = W.STATUS_PENDING;
  send(2);
  send(3);
  assertEquals(kept.length, 2);
  const { WskRelease } = datagram(server);
  kept[0].Next = kept[1];
  assertStatus(WskRelease(server, kept[0]), W.STATUS_SUCCESS);
  assertStatus(WskRelease(server, kept[1]), W.STATUS_INVALID_PARAMETER);
  answer = W.STATUS_DATA_NOT_ACCEPTED;
  send(4);
  send(5);
  assertEquals(sizes, [1, 2, 3, 4]);
  answer = W.STATUS_SUCCESS;
  const read = receiveFrom(bench, server, new Uint8Array(9));
  bench.net.run();
  assertEnded(read, W.STATUS_SUCCESS, 4);
  enable();
  bench.net.run();
  assertEquals(sizes, [1, 2, 3, 4, 5]);
  bench.tidy(client, server);
});

Deno.test("IP_PKTINFO and friends come as control information, cut as a whole", async () => {
  const { bench, client, server } = await open();
  for (const code of [W.IP_PKTINFO, W.IP_RECVTTL, W.IP_RECVTOS]) {
    bench.setOption(server, code, W.IPPROTO_IP, 1);
  }
  bench.setOption(client, W.IP_TTL, W.IPPROTO_IP, 7);
  bench.setOption(client, W.IP_TOS, W.IPPROTO_IP, 0x10);
  const control = new Uint8Array(80);
  const length = W.variable(80);
  const into = new Uint8Array(4);
  const read = receiveFrom(bench, server, into, null, length, control);
  sendTo(bench, client, pattern(1));
  bench.net.run();
  assertEnded(read, W.STATUS_SUCCESS, 1);
  const messages = decodeCmsgs(control, length.value)!;
  assertEquals(messages.map((m) => [m.cmsg_level, m.cmsg_type]), [
    [W.IPPROTO_IP, W.IP_PKTINFO],
    [W.IPPROTO_IP, W.IP_TTL],
    [W.IPPROTO_IP, W.IP_RECVTOS],
  ]);
  assertEquals([...messages[0].data], [127, 0, 0, 1, 1, 0, 0, 0]);
  assertEquals(messages.slice(1).map((m) => W.readUlong(m.data)), [7, 0x10]);
  const small = W.variable(10);
  const flags = W.variable(0);
  const cut = receiveFrom(bench, server, into, null, small, control, flags);
  sendTo(bench, client, pattern(1));
  bench.net.run();
  assertEnded(cut, W.STATUS_SUCCESS, 1);
  assertEquals([small.value, flags.value], [0, W.MSG_CTRUNC]);
  bench.tidy(client, server);
});

Deno.test("sourceOf() reads IP_PKTINFO and IPV6_PKTINFO, and nothing else", () => {
  for (const text of ["10.0.0.2", "fd00::2"]) {
    const address = parseIpAddress(text);
    const isV4 = address.family === 4;
    const bytes = encodeCmsgs([{
      cmsg_level: isV4 ? W.IPPROTO_IP : W.IPPROTO_IPV6,
      cmsg_type: W.IP_PKTINFO,
      data: packetInfoOf(address, 3),
    }]);
    const source = sourceOf(bytes, bytes.length);
    assert(source instanceof IpAddress && source.equals(address));
    assertEquals(sourceOf(bytes, bytes.length - 8), isV4 ? false : false);
  }
  assertEquals(sourceOf(null, 0), null);
  const other = encodeCmsgs([
    { cmsg_level: 0, cmsg_type: 99, data: new Uint8Array(4) },
  ]);
  assertEquals(sourceOf(other, other.length), false);
  assertEquals(decodeCmsgs(other, other.length + 1), null);
});

Deno.test("closing a datagram socket cancels its requests", async () => {
  const { bench, client, server } = await open();
  bench.net.datagramRoom = 0;
  const read = receiveFrom(bench, server, new Uint8Array(1));
  const cancelled = receiveFrom(bench, server, new Uint8Array(1));
  W.IoCancelIrp(cancelled.irp);
  const sent = sendTo(bench, server, pattern(1));
  const close = bench.close(server);
  for (const call of [read, cancelled, sent]) {
    assertEnded(call, W.STATUS_CANCELLED, 0);
    assert(call.order < close.order);
  }
  bench.tidy(client);
});

Deno.test("when the stack goes away a datagram socket hears a NULL", async () => {
  let nulls = 0;
  const { bench, client, server } = await open({
    WskReceiveFromEvent: (_context, _flags, list) => {
      if (list === null) nulls++;
      return W.STATUS_SUCCESS;
    },
  });
  bench.events(server, W.WSK_EVENT_RECEIVE_FROM);
  const read = receiveFrom(bench, client, new Uint8Array(1));
  bench.net.sockets.clear();
  bench.net.setReady(false);
  assertEquals(nulls, 1);
  assertEnded(read, W.STATUS_FILE_FORCED_CLOSED, 0);
  bench.tidy(client, server);
});
