import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { createFrame, Frame } from "../../engine/base/frame.ts";
import { TX_DOWN, TX_OK } from "../../engine/link/device.ts";
import { POLL_IDLE, POLL_MORE } from "../../engine/mod.ts";
import {
  addAddress,
  deleteLink,
  getLink,
  Host,
  Netns,
  PollWaiter,
  setLink,
  SystemError,
  TapDevice,
  type TapOptions,
  withNetns,
  writeSysctl,
} from "../../ffi/mod.ts";
import {
  be,
  DESTINATION4,
  ether,
  hex,
  icmpv4,
  icmpv6,
  ipv4,
  ipv6,
  naiveChecksum,
  naivePseudoSum,
  SOURCE4,
  tcp,
  udp,
} from "../tools/packet_builder.ts";
import { patternBytes } from "../tools/packets.ts";
import { requireMachine } from "./harness_requirements.ts";
import { KERNEL_SIDE, TapPeer } from "./tap_peer.ts";

requireMachine(["ip", "python3", "setpriv", "unshare"]);

const IPV4 = 0x0800;
const IPV6 = 0x86dd;
const SYN = 0x02;
const PSH_ACK = 0x18;
const ACK = 0x10;

/** A TAP in a namespace that lives as long as the scope. */
function openInside(namespace: Netns, options: TapOptions = {}): TapDevice {
  return withNetns(namespace, () => TapDevice.open(options));
}

/** A program run inside to its end; its standard output. */
function run(namespace: Netns, command: string, ...args: string[]): string {
  const output = withNetns(
    namespace,
    () => new Deno.Command(command, { args }).outputSync(),
  );
  assert(output.success, new TextDecoder().decode(output.stderr));
  return new TextDecoder().decode(output.stdout);
}

function descriptorCount(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** The kernel sends `length` bytes by UDP to the other side. */
function sendUdp(namespace: Netns, address: string, length: number): void {
  run(
    namespace,
    "python3",
    "-c",
    `import socket
s = socket.socket(socket.getaddrinfo("${address}", 9)[0][0], socket.SOCK_DGRAM)
s.sendto(bytes(${length}), ("${address}", 9))`,
  );
}

/** Sends a segment of the connection to the kernel's port 7, its checksum left to the kernel. */
function tcpSegment(
  seq: number,
  ack: number,
  flags: number,
  payload: Uint8Array,
  options = hex(""),
): Uint8Array {
  const segment = tcp({ seq, ack, flags, payload, options, window: 65_535 });
  const sum = naivePseudoSum(SOURCE4, DESTINATION4, 6, segment.length);
  const folded = ~naiveChecksum(be(sum, 4)) & 0xffff;
  segment.set(be(folded, 2), 16);
  return ether(IPV4, ipv4(6, segment));
}

/** Opens a connection to the kernel's port 7 with an MSS of 1448; the first sequence number of the kernel's data. */
async function connectByHand(peer: TapPeer): Promise<number> {
  const partial = { checksumPartial: true };
  peer.send(tcpSegment(1_000, 0, SYN, hex(""), hex("020405a8")), partial);
  const { packet } = await peer.next(6);
  assertEquals(packet[33], SYN | ACK);
  const theirs = new DataView(packet.buffer).getUint32(24) + 1 >>> 0;
  peer.send(tcpSegment(1_001, theirs, ACK, hex("")), partial);
  return theirs;
}

Deno.test("TapDevice.open() gives the kernel's side addresses, MTU and hardware address, and brings it up", () => {
  using namespace = Netns.create();
  using tap = openInside(namespace, {
    name: "wire%d",
    hostAddresses: ["10.1.2.3/20", "fd12::3/56", "192.0.2.1/32"],
    mtu: 1_400,
    hardwareAddress: "02:00:5e:10:00:01",
  });
  assertEquals(tap.name, "wire0");
  assertEquals(tap.caps.ipMtu, 1_400);
  const [link] = JSON.parse(
    run(namespace, "ip", "-j", "addr", "show", "wire0"),
  );
  assert(link.flags.includes("UP") && link.flags.includes("LOWER_UP"));
  assertEquals([link.mtu, link.address], [1_400, "02:00:5e:10:00:01"]);
  const addresses = link.addr_info
    .filter((a: { scope: string }) => a.scope === "global");
  assertEquals(
    addresses.map((
      a: { local: string; prefixlen: number; broadcast?: string },
    ) => [a.local, a.prefixlen, a.broadcast]),
    [
      ["10.1.2.3", 20, "10.1.15.255"],
      ["192.0.2.1", 32, undefined],
      ["fd12::3", 56, undefined],
    ],
  );
  const v6 = addresses.find((a: { family: string }) => a.family === "inet6");
  assert(v6.tentative === undefined, "IPv6 address still in detection");
});

Deno.test("TapDevice carries a ping there and back over IPv4", async () => {
  using namespace = Netns.create();
  using tap = openInside(namespace, KERNEL_SIDE);
  const peer = new TapPeer(tap);
  const body = patternBytes(200);
  const request = icmpv4(8, 0, 0x0001_0002, body);
  assertEquals(peer.send(ether(IPV4, ipv4(1, request))), TX_OK);
  const { packet } = await peer.next(1);
  assertEquals([packet[20], packet[21]], [0, 0]);
  assertEquals(packet.subarray(28), body);
});

Deno.test("TapDevice carries a ping there and back over IPv6, at once", async () => {
  using namespace = Netns.create();
  using tap = openInside(namespace, KERNEL_SIDE);
  const peer = new TapPeer(tap);
  const body = patternBytes(200);
  peer.send(ether(IPV6, ipv6(58, icmpv6(128, 0, 0x0001_0002, body))));
  const { packet } = await peer.next(58);
  assertEquals(packet[40], 129);
  assertEquals(packet.subarray(48), body);
});

Deno.test("TapDevice carries bare IP packets as a TUN", async () => {
  using namespace = Netns.create();
  using tun = openInside(namespace, {
    medium: "tun",
    hostAddresses: ["10.0.0.1/24"],
  });
  assertMatch(tun.name, /^tun\d+$/);
  const frame = createFrame();
  const request = ipv4(1, icmpv4(8, 0, 0x0001_0002, patternBytes(64)));
  frame.bytes.set(request, frame.start);
  frame.end = frame.start + request.length;
  assertEquals(tun.transmit(frame, null, 0), TX_OK);
  const limit = performance.now() + 5_000;
  let isReply = false;
  while (!isReply && performance.now() < limit) {
    if (tun.receive(frame, 0) > 0) {
      assertEquals(frame.l3, frame.start);
      isReply = frame.bytes[frame.start + 9] === 1;
    } else await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert(isReply, "no echo reply came");
  assertEquals(frame.bytes[frame.start + 20], 0);
});

Deno.test("receive() says whether the kernel finished the checksum", async () => {
  for (const offload of ["full", "none"] as const) {
    using namespace = Netns.create();
    using tap = openInside(namespace, { ...KERNEL_SIDE, offload });
    assertEquals(tap.caps.checksumOffload, offload === "full");
    assertEquals(tap.caps.gsoMaxSize > 0, offload === "full");
    sendUdp(namespace, "10.0.0.2", 100);
    const { packet, checksumPartial } = await new TapPeer(tap).next(17);
    assertEquals(checksumPartial, offload === "full");
    const sum = naivePseudoSum(DESTINATION4, SOURCE4, 17, packet.length - 20);
    const isValid = naiveChecksum(packet.subarray(20), sum) === 0;
    assertEquals(isValid, offload === "none");
  }
});

Deno.test("transmit() has the kernel finish a checksum, and the kernel drops one that is wrong", async () => {
  using namespace = Netns.create();
  using tap = openInside(namespace, KERNEL_SIDE);
  const peer = new TapPeer(tap);
  const listener = withNetns(
    namespace,
    () => Deno.listen({ hostname: "10.0.0.1", port: 7 }),
  );
  try {
    // Marked complete, a checksum that is not must not be taken: no SYN-ACK.
    peer.send(tcpSegment(1_000, 0, SYN, hex("")));
    const errors = (): number =>
      Number(
        /InCsumErrors\n.* (\d+)\n/.exec(
          run(namespace, "sh", "-c", "grep ^Tcp: /proc/net/snmp"),
        )?.[1],
      );
    assertEquals(errors(), 1);
    await connectByHand(peer);
  } finally {
    listener.close();
  }
});

Deno.test("transmit() sends a gathered super-segment, receive() gets one", async () => {
  using namespace = Netns.create();
  using tap = openInside(namespace, KERNEL_SIDE);
  const peer = new TapPeer(tap);
  const listener = withNetns(
    namespace,
    () => Deno.listen({ hostname: "10.0.0.1", port: 7 }),
  );
  const theirs = await connectByHand(peer);
  using connection = await listener.accept();
  listener.close();

  const sent = patternBytes(60_000, 1);
  const segment = tcpSegment(1_001, theirs, PSH_ACK, sent);
  const how = { checksumPartial: true, gsoSize: 1_448, gathered: sent.length };
  assertEquals(peer.send(segment, how), TX_OK);
  const got = new Uint8Array(sent.length);
  for (let length = 0; length < got.length;) {
    length += (await connection.read(got.subarray(length))) ?? got.length;
  }
  assertEquals(got, sent);

  const answer = patternBytes(8 * 1_448, 2);
  await connection.write(answer);
  let largest = 0;
  for (let length = 0; length < answer.length;) {
    const { packet, gsoSize, checksumPartial } = await peer.next(6);
    const view = new DataView(packet.buffer);
    const data = packet.subarray(20 + (packet[32] >>> 4 << 2));
    if (data.length === 0) continue;
    assertEquals(view.getUint32(24) - theirs >>> 0, length);
    assertEquals(data, answer.subarray(length, length + data.length));
    assert(checksumPartial);
    if (data.length > 1_448) assertEquals(gsoSize, 1_448);
    largest = Math.max(largest, data.length);
    length += data.length;
  }
  assert(largest > 1_448, "no super-segment came");
});

Deno.test("receive() drops and counts a frame that does not fit its slot", () => {
  using namespace = Netns.create();
  using tap = openInside(namespace, KERNEL_SIDE);
  const small = createFrame(128 + 200);
  while (tap.receive(small, 0) > 0);
  withNetns(namespace, () => addAddress(tap.name, "10.0.1.1/24"));
  run(
    namespace,
    "ip",
    "neigh",
    "add",
    "10.0.0.2",
    "lladdr",
    "02:00:00:00:00:02",
    "dev",
    tap.name,
  );
  const before = tap.counters.rxDropped;
  sendUdp(namespace, "10.0.0.2", 1_000);
  while (tap.receive(small, 0) > 0);
  assertEquals(tap.counters.rxDropped, before + 1);
});

Deno.test("TapDevice counts frames and bytes", async () => {
  using namespace = Netns.create();
  using tap = openInside(namespace, KERNEL_SIDE);
  const frame = ether(IPV4, ipv4(17, udp(new Uint8Array(10))));
  const peer = new TapPeer(tap);
  for (let i = 0; i < 3; i++) peer.send(frame);
  assertEquals([tap.counters.txFrames, tap.counters.txBytes], [
    3,
    3 * frame.length,
  ]);
  await peer.next(1); // port unreachable
  assert(tap.counters.rxFrames > 0 && tap.counters.rxBytes > 60);
});

Deno.test("transmit() drops and counts while the interface is down, and works again after", async () => {
  using namespace = Netns.create();
  using tap = openInside(namespace, KERNEL_SIDE);
  const peer = new TapPeer(tap);
  const request = ether(IPV4, ipv4(1, icmpv4(8, 0, 1, hex("00"))));
  withNetns(namespace, () => setLink(tap.name, { state: "down" }));
  const { txFrames } = tap.counters;
  assertEquals(peer.send(request), TX_OK);
  assertEquals([tap.counters.txDropped, tap.counters.txFrames], [1, txFrames]);
  const frame = createFrame();
  assert(tap.receive(frame, 0) >= 0, "down is not gone");
  withNetns(namespace, () => setLink(tap.name, { state: "up" }));
  peer.send(request);
  await peer.next(1);
});

Deno.test("TapDevice is down for good when its interface is removed, and no wait ends because of it", async () => {
  using namespace = Netns.create();
  using tap = openInside(namespace, KERNEL_SIDE);
  const peer = new TapPeer(tap);
  withNetns(namespace, () => deleteLink(tap.name));
  assertEquals(peer.send(ether(IPV4, ipv4(1, hex("00")))), TX_DOWN);
  assertEquals(tap.receive(createFrame(), 0), -1);
  const waiter = new PollWaiter([tap.fd]);
  await waiter.wait(10_000_000); // ends at once, and forgets the descriptor
  let isOver = false;
  const second = waiter.wait(Infinity).then(() => isOver = true);
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(isOver, false);
  waiter.close();
  await second;
});

Deno.test("close() removes the interface and makes the device inert", () => {
  using namespace = Netns.create();
  const tap = openInside(namespace, { name: "gone0" });
  tap.close();
  tap.close();
  assertEquals(tap.receive(createFrame(), 0), -1);
  assertEquals(tap.transmit(createFrame(), null, 0), TX_DOWN);
  assertThrows(
    () => withNetns(namespace, () => getLink("gone0")),
    SystemError,
    "Cannot find interface gone0: ENODEV",
  );
});

Deno.test("TapDevice leaks neither descriptors nor interfaces in 1000 openings", () => {
  using namespace = Netns.create();
  openInside(namespace, KERNEL_SIDE).close();
  const before = descriptorCount();
  for (let i = 0; i < 1_000; i++) openInside(namespace).close();
  assertEquals(descriptorCount(), before);
  assertEquals(JSON.parse(run(namespace, "ip", "-j", "link")).length, 1);
});

Deno.test("TapDevice.open() leaves nothing behind when it fails half-way", () => {
  using namespace = Netns.create();
  const before = descriptorCount();
  withNetns(
    namespace,
    () => writeSysctl("net.ipv6.conf.default.disable_ipv6", 1),
  );
  const error = assertThrows(
    () => openInside(namespace, { name: "half0", ...KERNEL_SIDE }),
    SystemError,
  );
  assertEquals(
    error.message,
    "Cannot add address fd00::1/64 to half0: EACCES (permission denied): ipv6: IPv6 is disabled on this device; set net.ipv6.conf.half0.disable_ipv6 to 0, and the MTU to 1280 at least",
  );
  assertEquals(descriptorCount(), before);
  assertEquals(JSON.parse(run(namespace, "ip", "-j", "link")).length, 1);
});

Deno.test("TapDevice.open() says that the name is in use", () => {
  using namespace = Netns.create();
  using _tap = openInside(namespace, { name: "busy0" });
  const error = assertThrows(
    () => openInside(namespace, { name: "busy0" }),
    SystemError,
  );
  assertEquals(
    error.message,
    "Cannot attach to TAP interface busy0: EBUSY (device or resource busy): another process holds that interface: choose another name",
  );
  assertEquals([error.call, error.code], ["TUNSETIFF", "EBUSY"]);
});

Deno.test("TapDevice.open() says that the name belongs to another kind of interface", () => {
  using namespace = Netns.create();
  assertThrows(
    () => openInside(namespace, { name: "lo" }),
    SystemError,
    'Cannot attach to TAP interface lo: EINVAL (invalid argument): an interface of another kind, or made with other flags, has that name: choose another than "lo"',
  );
});

Deno.test("TapDevice.open() refuses malformed options before it opens anything", () => {
  const cases: [TapOptions, RegExp][] = [
    [{ name: "sixteen-bytes-xx" }, /at most 15 bytes, got 16$/],
    [{ name: "a/b" }, /no slash/],
    [{ hostAddresses: ["10.0.0.1/33"] }, /"10\.0\.0\.1\/33"/],
    [{ hostAddresses: ["10.0.0.256/24"] }, /10\.0\.0\.256/],
    [{ hostAddresses: ["10.0.0.1"] }, /10\.0\.0\.1/],
    [{ mtu: 67 }, /mtu must be an integer in 68\.\.65521, got 67$/],
    [{ mtu: 1500.5 }, /got 1500\.5$/],
    [{ mtu: 65_522 }, /got 65522$/],
    [{ mtu: 1_279, hostAddresses: ["fd00::1/64"] }, /1280\.\.65521.*got 1279$/],
    [{ hardwareAddress: "nonsense" }, /hardware address "nonsense"/],
    [{ hardwareAddress: "01:00:00:00:00:01" }, /names a group/],
    [
      { medium: "tun", hardwareAddress: "02:00:00:00:00:01" },
      /has no hardware address/,
    ],
  ];
  const before = descriptorCount();
  for (const [options, pattern] of cases) {
    const error = assertThrows(() => TapDevice.open(options), Error);
    assert(
      error instanceof TypeError || error instanceof RangeError,
      `${error}`,
    );
    assertMatch(error.message, pattern);
  }
  assertEquals(descriptorCount(), before);
});

Deno.test("TapDevice refuses a frame whose offsets leave its buffer", () => {
  using namespace = Netns.create();
  using tap = openInside(namespace);
  const bytes = new Uint8Array(100);
  const view = new DataView(bytes.buffer);
  const wide = new Frame(bytes, view, 0, 2_000);
  assertThrows(() => tap.receive(wide, 0), RangeError, "Cannot hand memory");
  const frame = createFrame();
  frame.start = 9; // no room for the header the kernel wants before it
  assertThrows(
    () => tap.transmit(frame, null, 0),
    RangeError,
    "keep a frame's offsets within its slot, with headroom before its start",
  );
  frame.reset();
  frame.end = frame.limit + 1;
  assertThrows(() => tap.transmit(frame, null, 0), RangeError);
});

/** Runs the program that opens a TAP, behind `prefix`; its exit code and what it printed. */
function openInChild(prefix: string[], flags: string[]): string {
  const program = new URL("./programs/tap_open.ts", import.meta.url).pathname;
  const [command, ...args] = [
    ...prefix,
    Deno.execPath(),
    "run",
    "--no-prompt",
    "--quiet",
    "--no-check",
    ...flags,
    program,
  ];
  const output = new Deno.Command(command, { args }).outputSync();
  const text = new TextDecoder().decode(output.stdout);
  assert(output.success, new TextDecoder().decode(output.stderr));
  return text.trim();
}

const ALONE = ["unshare", "--net", "--mount"];

Deno.test("TapDevice.open() says that FFI is not allowed", () => {
  assertEquals(
    openInChild(ALONE, []),
    "NotCapable: Cannot load the C library: Deno does not allow FFI: run with --allow-ffi",
  );
});

Deno.test("TapDevice.open() needs no permission but --allow-ffi", () => {
  assertMatch(openInChild(ALONE, ["--allow-ffi"]), /^opened tap\d+$/);
});

Deno.test("TapDevice.open() says that /dev/net/tun is missing", () => {
  const hide = 'mount -t tmpfs none /dev/net && exec "$@"';
  assertEquals(
    openInChild([...ALONE, "sh", "-c", hide, "sh"], ["--allow-ffi"]),
    "SystemError: Cannot open /dev/net/tun: ENOENT (no such file or directory): load the module (`modprobe tun`); in a container pass `--device /dev/net/tun`",
  );
});

Deno.test("TapDevice.open() says that /dev/net/tun may not be opened", () => {
  const close =
    'mount -t tmpfs none /dev/net && mknod -m 0 /dev/net/tun c 10 200 && exec setpriv --bounding-set=-dac_override,-dac_read_search "$@"';
  assertEquals(
    openInChild([...ALONE, "sh", "-c", close, "sh"], ["--allow-ffi"]),
    "SystemError: Cannot open /dev/net/tun: EACCES (permission denied): run as root, or under `unshare -Urn`",
  );
});

Deno.test("TapDevice.open() says that the privilege is missing", () => {
  const prefix = [...ALONE, "setpriv", "--bounding-set=-net_admin"];
  assertEquals(
    openInChild(prefix, ["--allow-ffi"]),
    "SystemError: Cannot attach to TAP interface: EPERM (operation not permitted): run as root, or under `unshare -Urn`",
  );
});

Deno.test("TapDevice works unprivileged under unshare -Urn", () => {
  const prefix = ["unshare", "--user", "--map-root-user", "--net"];
  assertMatch(openInChild(prefix, ["--allow-ffi"]), /^opened tap\d+$/);
});

Deno.test("a forgotten TapDevice is closed when it is collected", () => {
  const flags = ["--allow-ffi", "--v8-flags=--expose-gc"];
  const prefix = [...ALONE, "env", "SYNLOAD_FORGET=1"];
  assertEquals(
    openInChild(prefix, [...flags, "--allow-env"]),
    "collected",
  );
});

Deno.test("Host answers a ping that arrives while it is parked", async () => {
  using namespace = Netns.create();
  using tap = openInside(namespace, KERNEL_SIDE);
  const frame = createFrame();
  let polls = 0;
  let frames = 0;
  const stack = {
    deadline: Infinity,
    poll(now: number): number {
      polls++;
      const { rxFrames } = tap.counters;
      while (tap.receive(frame, now) > 0) frames++;
      return tap.counters.rxFrames > rxFrames ? POLL_MORE : POLL_IDLE;
    },
  };
  const host = new Host(stack, [tap]);
  host.start();
  for (let last = -1; last !== polls;) {
    last = polls;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  const before = frames;
  sendUdp(namespace, "10.0.0.2", 10); // asks for our hardware address
  const limit = performance.now() + 5_000;
  while (frames === before && performance.now() < limit) {
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assert(frames > before);
  await host.close();
});

Deno.test("the addresses of the kernel's side are reachable as set", () => {
  using namespace = Netns.create();
  using tap = openInside(namespace, KERNEL_SIDE);
  const routes = run(namespace, "ip", "route", "get", "10.0.0.9") +
    run(namespace, "ip", "route", "get", "fd00::9");
  assertMatch(
    routes,
    new RegExp(`10\\.0\\.0\\.9 dev ${tap.name} src 10\\.0\\.0\\.1`),
  );
  assertMatch(routes, new RegExp(`fd00::9 .*dev ${tap.name} .*src fd00::1`));
});
