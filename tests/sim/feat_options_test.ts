/** Socket options of the Deno-shaped sockets: each does what its name says, and nonsense is refused. */
import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { createNewReno } from "../../engine/tcp/congestion/new_reno.ts";
import type { CongestionControl } from "../../engine/tcp/congestion/control.ts";
import type { TcpSocketOptions } from "../../engine/socket/tcp_options.ts";
import { NetworkPair } from "../tools/sim_network.ts";

const MS = 1_000;
const SECOND = 1_000_000;

const NONSENSE: readonly [TcpSocketOptions, string][] = [
  [{ linger: -1 }, "linger must be milliseconds, 0 or more, got -1"],
  [{ linger: NaN }, "got NaN"],
  [{ userTimeout: -5 }, "userTimeout must be milliseconds, 0 or more, got -5"],
  [
    { sendBufferSize: 0 },
    "sendBufferSize must be an integer in 1..1073741824, got 0",
  ],
  [
    { receiveBufferSize: 1.5 },
    "receiveBufferSize must be an integer in 256..1073741824, got 1.5",
  ],
  [
    { maxSegmentSize: 87 },
    "maxSegmentSize must be an integer in 88..65495, got 87",
  ],
  [{ hopLimit: 0 }, "hopLimit must be an integer in 1..255, got 0"],
  [{ hopLimit: 256 }, "got 256"],
  [{ dscp: 64 }, "dscp must be an integer in 0..63, got 64"],
  [{ maxPacingRate: 0 }, "maxPacingRate must be above 0, got 0"],
  [{ notSentLowWater: 0 }, "notSentLowWater must be above 0, got 0"],
  [
    { keepAlive: { idle: 0 } },
    "keepAlive.idle must be milliseconds above 0, got 0",
  ],
  [
    { keepAlive: { count: 0 } },
    "keepAlive.count must be an integer in 1..127, got 0",
  ],
  [
    { congestionControl: "vegas" as "reno" },
    'it must be "cubic", "reno" or a function that makes one, got vegas',
  ],
];

Deno.test("connect(), listen() and setOptions() name the value they refuse and what it must be", async () => {
  const net = new NetworkPair();
  const [conn] = await net.open();
  for (const [options, message] of NONSENSE) {
    assertThrows(() => conn.setOptions(options), RangeError, message);
    assertThrows(
      () => net.server.listen({ port: 81, ...options }),
      RangeError,
      message,
    );
    await assertRejects(
      () => net.client.connect({ hostname: "10.0.0.2", port: 80, ...options }),
      RangeError,
      message,
    );
  }
  assertEquals(net.client.stack.connectionCount, 1);
});

Deno.test("options given to connect() and listen() are in force from the first segment", async () => {
  const net = new NetworkPair();
  const [client, server] = await net.open({
    maxSegmentSize: 1_000,
    receiveBufferSize: 20_000,
    hopLimit: 7,
    dscp: 46,
    congestionControl: "reno",
  }, { maxSegmentSize: 900, sendBufferSize: 5_000, noDelay: true });
  const a = client.connection.tcb, b = server.connection.tcb;
  assertEquals([a.advMss, a.hopLimit, a.dscp], [1_000, 7, 46]);
  assertEquals([b.peerMss, b.advMss, a.peerMss], [1_000, 900, 900]);
  assertEquals(client.info().congestionControl, "reno");
  assertEquals(server.info().congestionControl, "cubic");
  assertEquals([b.sndBuf.limit, b.noDelay], [5_000, true]);
  // Told in units of the window scale.
  assert(client.info().rcvWnd < 20_000 + 128, `${client.info().rcvWnd}`);
});

Deno.test("sendBufferSize bounds what write() takes, and is not tuned away", async () => {
  const net = new NetworkPair({ delay: 50 * MS });
  const [client, server] = await net.open({ sendBufferSize: 4_096 });
  assertEquals(await net.during(client.write(new Uint8Array(10_000))), 4_096);
  await net.during(client.flushed());
  const reading = server.read(new Uint8Array(9_000));
  assertEquals(await net.during(reading), 4_096);
  assertEquals(client.connection.tcb.sndBuf.limit, 4_096);
});

Deno.test("receiveBufferSize bounds the window while nobody reads", async () => {
  const net = new NetworkPair({ delay: 5 * MS });
  const [client, server] = await net.open({}, { receiveBufferSize: 10_000 });
  const writing = client.writeAll(new Uint8Array(50_000));
  await net.pass(10 * SECOND);
  const held = server.connection.readable;
  assert(held <= 10_000 + 128 && held > 8_000, `holds ${held}`);
  const target = new Uint8Array(65_536);
  let got = 0;
  while (got < 50_000) {
    got += await net.during(server.read(target)) ?? 0;
  }
  await net.during(writing);
});

Deno.test("noDelay sends small writes at once; without it the second waits", async () => {
  for (const noDelay of [true, false]) {
    const net = new NetworkPair({ delay: 50 * MS });
    const [client] = await net.open({ noDelay });
    await net.during(client.write(new Uint8Array(10)));
    await net.during(client.write(new Uint8Array(10)));
    net.pair.sim.settle();
    assertEquals(client.info().notSentBytes, noDelay ? 0 : 10);
  }
});

Deno.test("cork holds a partial segment for 200 ms, and releasing it keeps noDelay", async () => {
  const net = new NetworkPair();
  const [client] = await net.open({ noDelay: true, cork: true });
  const start = net.pair.sim.now;
  await net.during(client.write(new Uint8Array(10)));
  await net.pass(199 * MS);
  assertEquals(client.info().notSentBytes, 10);
  await net.pass(2 * MS);
  assertEquals([client.info().notSentBytes, net.pair.sim.now - start], [
    0,
    201 * MS,
  ]);
  await net.during(client.write(new Uint8Array(10)));
  net.pair.sim.settle();
  assertEquals(client.info().notSentBytes, 10);
  client.setCork(false);
  net.pair.sim.settle();
  assertEquals(client.info().notSentBytes, 0);
  assertEquals(client.connection.tcb.noDelay, true);
});

Deno.test("notSentLowWater makes writes wait while enough is unsent", async () => {
  const net = new NetworkPair({ delay: 50 * MS });
  const [client, server] = await net.open({ notSentLowWater: 1 });
  // What the initial window lets go is sent; only then is more taken.
  let taken = 0;
  const writer = (async () => {
    for (let i = 0; i < 40; i++) {
      taken += await client.write(new Uint8Array(2_000));
    }
  })();
  net.pair.sim.settle();
  await net.during(Promise.resolve());
  assert(client.info().notSentBytes <= 2_000, `${client.info().notSentBytes}`);
  assert(taken < 40_000, `${taken} taken before the first acknowledgement`);
  const target = new Uint8Array(65_536);
  for (let got = 0; got < 80_000;) {
    got += await net.during(server.read(target)) ?? 0;
  }
  await net.during(writer);
});

Deno.test("linger 0 closes with a RST, and what was written is lost", async () => {
  const net = new NetworkPair({ delay: 5 * MS });
  const [client, server] = await net.open({ linger: 0 });
  await net.during(client.write(new Uint8Array(10)));
  client.close();
  // What had arrived stays readable.
  assertEquals(await net.during(server.read(new Uint8Array(10))), 10);
  const failed = await net.during(
    server.read(new Uint8Array(10)).then(() => "read", (e: Error) => e.name),
  );
  assertEquals(failed, "ConnectionReset");
  assertEquals(net.client.stack.tcpCounters.get("TcpExtTCPAbortOnData"), 1);
  assertEquals(net.client.stack.connectionCount, 0);
});

Deno.test("linger waits for delivery, and resets when the time is over", async () => {
  const net = new NetworkPair({ delay: 5 * MS });
  const [client, server] = await net.open({ linger: 1_000 });
  await net.during(client.write(new Uint8Array(10)));
  const start = net.pair.sim.now;
  await net.during(client[Symbol.asyncDispose]());
  const took = net.pair.sim.now - start;
  assert(took >= 10 * MS && took < 100 * MS, `${took} µs`);
  assertEquals(await net.during(server.read(new Uint8Array(20))), 10);

  const mute = new NetworkPair({
    toServer: { dropIf: (f) => f.end - f.start > 60 },
  });
  const [lost] = await mute.open({ linger: 1_000 });
  await mute.during(lost.write(new Uint8Array(100)));
  const began = mute.pair.sim.now;
  await mute.during(lost[Symbol.asyncDispose]());
  assertEquals(mute.pair.sim.now - began, SECOND);
  assertEquals(mute.client.stack.tcpCounters.get("TcpExtTCPAbortOnLinger"), 1);
  assertEquals(mute.client.stack.connectionCount, 0);
});

Deno.test("userTimeout ends a connection whose data stays unacknowledged, to the microsecond", async () => {
  const net = new NetworkPair({
    toServer: { dropIf: (f) => f.end - f.start > 60 },
  });
  const [client] = await net.open({ userTimeout: 12_345 });
  const start = net.pair.sim.now;
  await net.during(client.write(new Uint8Array(100)));
  const error = await net.during(
    client.read(new Uint8Array(1)).then(() => "read", (e: Error) => e.name),
  );
  assertEquals([error, net.pair.sim.now - start], ["TimedOut", 12_345 * MS]);
});

Deno.test("userTimeout counts what waits behind a closed window, though the peer answers probes", async () => {
  const net = new NetworkPair({ delay: MS });
  const [client] = await net.open({ userTimeout: 20_000 }, {
    receiveBufferSize: 5_000,
  });
  const writing = client.writeAll(new Uint8Array(50_000)).then(
    () => "written",
    (e: Error) => e.name,
  );
  const reading = client.read(new Uint8Array(1)).then(
    () => "read",
    (e: Error) => e.name,
  );
  const start = net.pair.sim.now;
  assertEquals(await net.during(reading), "TimedOut");
  const took = net.pair.sim.now - start;
  assert(took >= 20 * SECOND && took < 21 * SECOND, `${took} µs`);
  await net.during(writing);
});

Deno.test("keepAlive takes times of its own and gives a dead peer up", async () => {
  let cut = false;
  const net = new NetworkPair({ toClient: { dropIf: () => cut } });
  const [client] = await net.open({
    keepAlive: { idle: 10_000, interval: 2_000, count: 3 },
  });
  await net.pass(60 * SECOND);
  assertEquals(client.info().state, "ESTABLISHED");
  cut = true;
  const start = net.pair.sim.now;
  const error = await net.during(
    client.read(new Uint8Array(1)).then(() => "read", (e: Error) => e.name),
  );
  assertEquals(error, "TimedOut");
  const took = net.pair.sim.now - start;
  assert(took <= (10 + 3 * 2) * SECOND && took >= 6 * SECOND, `${took} µs`);
});

Deno.test("congestionControl takes a maker of controllers, also on a live connection", async () => {
  let grown = 0;
  const createCounting = (): CongestionControl => {
    const control = createNewReno();
    const onAck = control.onAck.bind(control);
    control.onAck = (state, acked, now): void => {
      grown++;
      onAck(state, acked, now);
    };
    return control;
  };
  const net = new NetworkPair({ delay: 5 * MS });
  const [client, server] = await net.open({
    congestionControl: createCounting,
  });
  const writing = client.writeAll(new Uint8Array(100_000));
  const target = new Uint8Array(65_536);
  for (let got = 0; got < 100_000;) {
    got += await net.during(server.read(target)) ?? 0;
  }
  await net.during(writing);
  assert(grown > 0, "the controller was never asked");
  server.setOptions({ congestionControl: "reno" });
  assertEquals(server.info().congestionControl, "reno");
});

Deno.test("writeUrgent() marks its last byte, which the reader finds in line", async () => {
  const net = new NetworkPair({ delay: 5 * MS });
  const [client, server] = await net.open();
  await net.during(client.writeAll(new Uint8Array(100)));
  await net.during(client.writeUrgent(new Uint8Array(20)));
  await net.pass(100 * MS);
  assertEquals(server.urgentAhead, 120);
  assertEquals(await net.during(server.read(new Uint8Array(100))), 100);
  assertEquals(server.urgentAhead, 20);
  assertEquals(await net.during(server.read(new Uint8Array(100))), 20);
  assertEquals(server.urgentAhead, 0);
});
