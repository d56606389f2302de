import { assert, assertEquals, assertMatch, assertThrows } from "@std/assert";
import { createFrame } from "../../engine/base/frame.ts";
import { TX_DOWN, TX_OK } from "../../engine/link/device.ts";
import {
  addAddress,
  createVeth,
  deleteLink,
  listPcapInterfaces,
  moveLink,
  Netns,
  PcapDevice,
  type PcapOptions,
  PollWaiter,
  setLink,
  settleAddress,
  SystemError,
  withNetns,
} from "../../ffi/mod.ts";
import { ether, icmpv4, icmpv6, ipv4, ipv6 } from "../tools/packet_builder.ts";
import { patternBytes } from "../tools/packets.ts";
import { requireMachine } from "./harness_requirements.ts";
import { KERNEL_SIDE, TapPeer } from "./tap_peer.ts";

requireMachine(["setpriv", "unshare"]);

/**
 * Our end `veth0` in a namespace of ours, the kernel's end with the addresses
 * of {@linkcode KERNEL_SIDE} in another.
 */
function wire(): DisposableStack & { ours: Netns } {
  const stack = new DisposableStack();
  const ours = stack.use(Netns.create());
  const theirs = stack.use(Netns.create());
  withNetns(ours, () => {
    createVeth("veth0", "veth1");
    setLink("veth0", { hardwareAddress: "02:00:00:00:00:02", state: "up" });
    moveLink("veth1", theirs.fd);
  });
  withNetns(theirs, () => {
    setLink("veth1", { hardwareAddress: KERNEL_SIDE.hardwareAddress });
    setLink("veth1", { state: "up" });
    KERNEL_SIDE.hostAddresses.forEach((cidr) => addAddress("veth1", cidr));
    KERNEL_SIDE.hostAddresses.forEach(settleAddress);
  });
  return Object.assign(stack, { ours });
}

function open(
  namespace: Netns,
  options: Partial<PcapOptions> = {},
): PcapDevice {
  return withNetns(
    namespace,
    () => PcapDevice.open({ name: "veth0", ...options }),
  );
}

function descriptorCount(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

const PING = ether(0x0800, ipv4(1, icmpv4(8, 0, 7, patternBytes(300))));

Deno.test("PcapDevice carries pings of both families there and back", async () => {
  using cable = wire();
  using device = open(cable.ours);
  assertEquals(device.caps.ipMtu, 1_500);
  assertEquals(device.hardwareAddress, "02:00:00:00:00:02");
  const peer = new TapPeer(device);
  assertEquals(peer.send(PING), TX_OK);
  const reply = await peer.next(1);
  assertEquals(reply.packet[20], 0);
  assertEquals(reply.packet.subarray(28), patternBytes(300));
  const six = ipv6(58, icmpv6(128, 0, 7, patternBytes(300)));
  peer.send(ether(0x86dd, six));
  for (let type = 0; type !== 129;) type = (await peer.next(58)).packet[40];
  assert(device.counters.rxFrames >= 2 && device.counters.txFrames >= 2);
});

Deno.test("transmit() gathers a payload that lies elsewhere in two pieces", async () => {
  using cable = wire();
  using device = open(cable.ours);
  const peer = new TapPeer(device);
  const body = patternBytes(1_400);
  const request = ether(0x0800, ipv4(1, icmpv4(8, 0, 7, body)));
  assertEquals(peer.send(request, { gathered: 1_300 }), TX_OK);
  assertEquals((await peer.next(1)).packet.subarray(28), body);
  assertEquals(device.counters.txBytes >= request.length, true);
});

Deno.test("receive() does not see what transmit() sent", async () => {
  using cable = wire();
  using device = open(cable.ours, { filter: "icmp[icmptype] == icmp-echo" });
  const peer = new TapPeer(device);
  for (let i = 0; i < 10; i++) peer.send(PING);
  await new Promise((resolve) => setTimeout(resolve, 50));
  assertEquals(device.receive(createFrame(), 0), 0);
});

Deno.test("PcapDevice takes only what the filter lets through", async () => {
  using cable = wire();
  using device = open(cable.ours, { filter: "icmp or arp" });
  const peer = new TapPeer(device);
  peer.send(ether(0x86dd, ipv6(58, icmpv6(128, 0, 7, patternBytes(30)))));
  peer.send(PING);
  assertEquals((await peer.next(1)).etherType, 0x0800);
});

Deno.test("checksums: trust marks every packet as not to be verified", async () => {
  for (const checksums of ["verify", "trust"] as const) {
    using cable = wire();
    using device = open(cable.ours, { checksums });
    const peer = new TapPeer(device);
    peer.send(PING);
    assertEquals((await peer.next(1)).checksumPartial, checksums === "trust");
  }
});

Deno.test("a wait ends when a packet arrives", async () => {
  using cable = wire();
  using device = open(cable.ours);
  const frame = createFrame();
  while (device.receive(frame, 0) > 0);
  const { readiness } = device;
  assert("fd" in readiness);
  const waiter = new PollWaiter([readiness.fd]);
  const wait = waiter.wait(5_000_000);
  new TapPeer(device).send(PING);
  await wait;
  waiter.close();
  assert(device.receive(frame, 0) > 0);
});

Deno.test("receive() drops and counts a packet that does not fit its slot", async () => {
  using cable = wire();
  using device = open(cable.ours, { filter: "icmp or arp" });
  const peer = new TapPeer(device);
  peer.send(PING);
  await peer.next(1); // the kernel knows our hardware address now
  peer.send(PING);
  const small = createFrame(128 + 200);
  const limit = performance.now() + 5_000;
  while (device.counters.rxDropped === 0 && performance.now() < limit) {
    device.receive(small, 0);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals(device.counters.rxDropped, 1);
});

Deno.test("PcapDevice is down when its interface is removed", async () => {
  using cable = wire();
  using device = open(cable.ours);
  withNetns(cable.ours, () => deleteLink("veth0"));
  const frame = createFrame();
  const limit = performance.now() + 5_000;
  let result = 0;
  while (result >= 0 && performance.now() < limit) {
    result = device.receive(frame, 0);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  assertEquals(result, -1);
  assertEquals(new TapPeer(device).send(PING), TX_DOWN);
});

Deno.test("close() makes the device inert, and 100 openings leak nothing", () => {
  using cable = wire();
  open(cable.ours).close();
  const before = descriptorCount();
  for (let i = 0; i < 100; i++) {
    const device = open(cable.ours);
    device.close();
    device.close();
    assertEquals(device.receive(createFrame(), 0), -1);
  }
  assertEquals(descriptorCount(), before);
});

Deno.test("listPcapInterfaces() lists the interfaces of the namespace", () => {
  using cable = wire();
  const list = withNetns(cable.ours, listPcapInterfaces);
  const find = (name: string) => list.find((item) => item.name === name);
  assertEquals(find("veth0")?.isUp, true);
  assertEquals([find("lo")?.isLoopback, find("veth0")?.isLoopback], [
    true,
    false,
  ]);
});

Deno.test("PcapDevice.open() says what is wrong and what to do, and leaves nothing behind", () => {
  using cable = wire();
  withNetns(cable.ours, listPcapInterfaces);
  const before = descriptorCount();
  const missing = assertThrows(
    () => open(cable.ours, { name: "nope0" }),
    SystemError,
  );
  assertMatch(
    missing.message,
    /^Cannot capture on nope0: ENODEV \(no such device\): choose one of .*veth0/,
  );
  assertThrows(
    () => open(cable.ours, { filter: "no such word" }),
    SystemError,
    'Cannot compile the filter "no such word": EINVAL',
  );
  withNetns(cable.ours, () => setLink("veth0", { state: "down" }));
  assertThrows(
    () => open(cable.ours),
    SystemError,
    "Cannot capture on veth0: ENETDOWN (network is down): bring it up: `ip link set veth0 up`",
  );
  assertThrows(
    () => open(cable.ours, { name: "any" }),
    SystemError,
    "is neither Ethernet nor bare IP; choose another interface",
  );
  assertEquals(descriptorCount(), before);
});

/** Runs the program that opens lo, behind `prefix`; what it printed. */
function openInChild(prefix: string[], flags: string[]): string {
  const program = new URL("./programs/pcap_open.ts", import.meta.url).pathname;
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
  assert(output.success, new TextDecoder().decode(output.stderr));
  return new TextDecoder().decode(output.stdout).trim();
}

Deno.test("PcapDevice.open() says that the privilege is missing", () => {
  assertEquals(
    openInChild(["setpriv", "--bounding-set=-net_raw"], ["--allow-ffi"]),
    "SystemError: Cannot capture on lo: EPERM (operation not permitted): run as root, or give deno CAP_NET_RAW",
  );
});

Deno.test("PcapDevice.open() says that libpcap is not installed", () => {
  const hide =
    'for f in /lib/*/libpcap.so* /usr/lib/*/libpcap.so*; do [ ! -e $f ] || mount --bind /dev/null $f; done; exec "$@"';
  assertEquals(
    openInChild(["unshare", "--mount", "sh", "-c", hide, "sh"], [
      "--allow-ffi",
    ]),
    "LibraryError: Cannot load libpcap: tried libpcap.so.0.8, libpcap.so.1, libpcap.so: install it: `apt-get install libpcap0.8`, or libpcap with your system's packages",
  );
});

Deno.test("PcapDevice.open() says that FFI is not allowed", () => {
  assertEquals(
    openInChild(["env"], []),
    "NotCapable: Cannot load libpcap: Deno does not allow FFI: run with --allow-ffi",
  );
});
