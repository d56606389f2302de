import { assert, assertEquals, assertThrows } from "@std/assert";
import {
  addAddress,
  addRoute,
  createNamedNetns,
  createVeth,
  deleteLink,
  deleteNamedNetns,
  getLink,
  moveLink,
  Netns,
  readSysctl,
  setLink,
  SystemError,
  withNetns,
  writeSysctl,
} from "../../ffi/mod.ts";
import { requireMachine } from "./harness_requirements.ts";

requireMachine(["ip", "setpriv"]);

const NAME = `synload-ffi-${Deno.pid}`;

function run(command: string, ...args: string[]): string {
  const output = new Deno.Command(command, { args }).outputSync();
  assert(output.success, new TextDecoder().decode(output.stderr));
  return new TextDecoder().decode(output.stdout);
}

/** Which namespace this thread is in. */
function identity(): string {
  return Deno.readLinkSync("/proc/thread-self/ns/net");
}

function links(): string[] {
  return JSON.parse(run("ip", "-j", "link"))
    .map((link: { ifname: string }) => link.ifname);
}

function descriptorCount(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

Deno.test("withNetns() runs inside and comes back with the result", () => {
  const home = identity();
  using namespace = Netns.create();
  assertEquals(identity(), home, "create() must come back");
  const inside = withNetns(namespace, () => [identity(), ...links()]);
  assert(inside[0] !== home);
  assertEquals(inside.slice(1), ["lo"]);
  assertEquals(identity(), home);
});

Deno.test("withNetns() comes back after an exception", () => {
  const home = identity();
  using namespace = Netns.create();
  const fail = (): never => {
    throw new RangeError("inside");
  };
  assertThrows(() => withNetns(namespace, fail), RangeError, "inside");
  assertEquals(identity(), home);
});

Deno.test("withNetns() nests", () => {
  using outer = Netns.create();
  using inner = Netns.create();
  withNetns(outer, () => {
    const here = identity();
    assert(withNetns(inner, identity) !== here);
    assertEquals(identity(), here);
  });
});

Deno.test("withNetns() refuses an async function", () => {
  using namespace = Netns.create();
  assertThrows(
    () => withNetns(namespace, async () => await Promise.resolve()),
    TypeError,
    "its continuations would run outside",
  );
});

Deno.test("Netns.create() has its loopback up", () => {
  using namespace = Netns.create();
  withNetns(namespace, () => {
    using listener = Deno.listen({ hostname: "127.0.0.1", port: 1_234 });
    assertEquals(listener.addr.transport, "tcp");
    assert(getLink("lo").isUp);
  });
});

Deno.test("Netns leaks no descriptors in 200 rounds", () => {
  Netns.create().close();
  const before = descriptorCount();
  for (let i = 0; i < 200; i++) {
    using namespace = Netns.create();
    withNetns(namespace, () => getLink("lo"));
  }
  assertEquals(descriptorCount(), before);
});

Deno.test("Netns.ofProcess() is the namespace of that process", () => {
  using own = Netns.ofProcess(Deno.pid);
  assertEquals(withNetns(own, identity), identity());
});

Deno.test("createNamedNetns() makes what ip netns knows, deleteNamedNetns() removes it", () => {
  createNamedNetns(NAME);
  try {
    assert(run("ip", "netns", "list").includes(NAME));
    assertEquals(
      JSON.parse(run("ip", "-n", NAME, "-j", "link"))[0].ifname,
      "lo",
    );
    using namespace = Netns.open(NAME);
    assert(withNetns(namespace, identity) !== identity());
    assertThrows(
      () => createNamedNetns(NAME),
      SystemError,
      `Cannot create network namespace ${NAME}: EEXIST (exists already): the name is taken`,
    );
  } finally {
    deleteNamedNetns(NAME);
  }
  assert(!run("ip", "netns", "list").includes(NAME));
});

Deno.test("Netns.open() opens what ip netns made", () => {
  run("ip", "netns", "add", NAME);
  try {
    using namespace = Netns.open(NAME);
    assertEquals(withNetns(namespace, links), ["lo"]);
  } finally {
    deleteNamedNetns(NAME);
  }
});

Deno.test("namespaces that do not exist are refused by name", () => {
  assertThrows(
    () => Netns.open("no-such-netns"),
    SystemError,
    "Cannot open network namespace /run/netns/no-such-netns: ENOENT (no such file or directory): there is none; create it first",
  );
  assertThrows(
    () => deleteNamedNetns("no-such-netns"),
    SystemError,
    "Cannot delete network namespace no-such-netns: ENOENT",
  );
  for (const name of ["", ".", "..", "a/b"]) {
    assertThrows(() => Netns.open(name), TypeError, `"${name}"`);
    assertThrows(() => createNamedNetns(name), TypeError, `"${name}"`);
    assertThrows(() => deleteNamedNetns(name), TypeError, `"${name}"`);
  }
});

Deno.test("createVeth(), moveLink(), addAddress() and addRoute() join two namespaces", async () => {
  using left = Netns.create();
  using right = Netns.create();
  withNetns(left, () => {
    createVeth("veth0", "veth1");
    moveLink("veth1", right.fd);
    assertEquals(links(), ["lo", "veth0"]);
    addAddress("veth0", "10.7.0.1/24");
    addAddress("veth0", "fd07::1/64");
    setLink("veth0", { state: "up", mtu: 1_400 });
    addRoute("10.99.0.0/16", { gateway: "10.7.0.2" });
    addRoute("2001:db8:1::/48", { gateway: "fd07::2", link: "veth0" });
    addRoute("default", { gateway: "fd07::3" });
    addRoute("default", { gateway: "10.7.0.3" });
    addRoute("192.0.2.0/24", { link: "veth0" });
    const routes = run("ip", "route") + run("ip", "-6", "route");
    for (
      const route of [
        "10.99.0.0/16 via 10.7.0.2 dev veth0",
        "2001:db8:1::/48 via fd07::2 dev veth0",
        "default via fd07::3 dev veth0",
        "default via 10.7.0.3 dev veth0",
        "192.0.2.0/24 dev veth0 scope link",
      ]
    ) assert(routes.includes(route), `${route} not in\n${routes}`);
  });
  const listener = withNetns(right, () => {
    setLink("veth1", { state: "up", hardwareAddress: "02:00:00:00:07:02" });
    assertEquals(getLink("veth1").hardwareAddress, "02:00:00:00:07:02");
    addAddress("veth1", "10.7.0.2/24");
    return Deno.listen({ hostname: "10.7.0.2", port: 80 });
  });
  const accepted = listener.accept();
  const client = withNetns(left, () =>
    new Deno.Command("bash", {
      args: ["-c", "exec 3<>/dev/tcp/10.7.0.2/80; echo hello >&3"],
    }).spawn());
  using connection = await accepted;
  const buffer = new Uint8Array(16);
  const length = await connection.read(buffer);
  assertEquals(
    new TextDecoder().decode(buffer.subarray(0, length ?? 0)),
    "hello\n",
  );
  listener.close();
  await client.status;
  withNetns(left, () => {
    deleteLink("veth0");
    assertEquals(links(), ["lo"]);
  });
});

Deno.test("network configuration is refused with the reason and what to do", () => {
  using namespace = Netns.create();
  withNetns(namespace, () => {
    const cases: [() => void, string][] = [
      [
        () => setLink("nope0", { state: "up" }),
        "Cannot find interface nope0: ENODEV (no such device): there is no such interface in this network namespace",
      ],
      [
        () => setLink("lo", { mtu: -1 >>> 0 }),
        "Cannot set mtu 4294967295 on lo: EINVAL (invalid argument)",
      ],
      [
        () => addAddress("lo", "127.0.0.1/8"),
        "Cannot add address 127.0.0.1/8 to lo: EEXIST (exists already): ",
      ],
      [
        () => addRoute("10.0.0.0/8", { gateway: "10.1.1.1" }),
        "Cannot add a route to 10.0.0.0/8: ENETUNREACH (network is unreachable)",
      ],
      [
        () => createVeth("lo", "veth9"),
        "Cannot create veth pair lo, veth9: EEXIST (exists already)",
      ],
    ];
    for (const [act, message] of cases) assertThrows(act, SystemError, message);
    assertThrows(
      () => addRoute("default", { link: "lo" }),
      TypeError,
      "gateway",
    );
    assertThrows(
      () => addRoute("10.0.0.0/8", {}),
      TypeError,
      "gateway or a link",
    );
    assertThrows(() => addAddress("lo", "10.0.0.1/99"), TypeError);
  });
});

Deno.test("readSysctl() and writeSysctl() act in the namespace of the thread", () => {
  const key = "net.ipv4.tcp_fastopen";
  const outside = readSysctl(key);
  using namespace = Netns.create();
  withNetns(namespace, () => {
    writeSysctl(key, 0x403);
    assertEquals(readSysctl(key), "1027");
  });
  assertEquals(readSysctl(key), outside);
});

Deno.test("sysctls that do not exist or make no sense are refused by name", () => {
  assertThrows(
    () => readSysctl("net.ipv4.no_such"),
    SystemError,
    "Cannot read net.ipv4.no_such: ENOENT (no such file or directory): this kernel, or this network namespace, has no such setting",
  );
  assertThrows(
    () => writeSysctl("net.ipv4.tcp_fastopen", "nonsense"),
    SystemError,
    "Cannot set net.ipv4.tcp_fastopen: EINVAL",
  );
  for (const key of ["", "../etc/passwd", "net..x", "net ipv4"]) {
    assertThrows(() => readSysctl(key), TypeError, `"${key}"`);
  }
});

Deno.test("making a namespace without the privilege says what is missing", () => {
  const program = new URL("./programs/netns_create.ts", import.meta.url);
  const args = [
    "run",
    "--quiet",
    "--no-check",
    "--allow-ffi",
    program.pathname,
  ];
  assertEquals(
    run("setpriv", "--bounding-set=-sys_admin", Deno.execPath(), ...args),
    "SystemError: Cannot make a network namespace: EPERM (operation not permitted): run as root, or under `unshare -Urn`\n",
  );
});
