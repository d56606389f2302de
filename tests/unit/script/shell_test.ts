import { assertEquals } from "@std/assert";
import {
  interpretShell,
  PUBLIC_DEFAULTS,
  type ShellOperation,
} from "../../script/run/shell.ts";

const none = () => null;

function sysctls(operations: readonly ShellOperation[]): string[] {
  return operations.flatMap((operation) =>
    operation.kind === "sysctl" ? [`${operation.name}=${operation.value}`] : []
  );
}

/** Commands and the settings they make. */
const SETTINGS: readonly (readonly [string, readonly string[]])[] = [
  ["sysctl -q net.ipv4.tcp_sack=0", ["net.ipv4.tcp_sack=0"]],
  ["sysctl -w net.ipv4.tcp_sack=0 net.ipv4.tcp_ecn=1", [
    "net.ipv4.tcp_sack=0",
    "net.ipv4.tcp_ecn=1",
  ]],
  ['sysctl -q net.ipv4.tcp_rmem="4096 540000 $((15*1024*1024))"', [
    "net.ipv4.tcp_rmem=4096 540000 15728640",
  ]],
  ["sysctl -q net.ipv4.tcp_x=$((1+2*3)) > /dev/null 2>&1", [
    "net.ipv4.tcp_x=7",
  ]],
  ["echo 0 > /proc/sys/net/ipv4/tcp_sack", ["net.ipv4.tcp_sack=0"]],
  ["../../common/set_sysctls.py /proc/sys/net/ipv4/tcp_timestamps=0", [
    "net.ipv4.tcp_timestamps=0",
  ]],
  ['./set_sysctls.py /proc/sys/net/ipv4/tcp_wmem="1 2 3"', [
    "net.ipv4.tcp_wmem=1 2 3",
  ]],
  ["sysctl -q a.b=1; sysctl -q a.c=2 && sysctl -q a.d=3\nsysctl -q a.e=4", [
    "a.b=1",
    "a.c=2",
    "a.d=3",
    "a.e=4",
  ]],
  ["sysctl -q a.b=1 \\\n a.c=2", ["a.b=1", "a.c=2"]],
  ["# sysctl -q a.b=1\nsysctl -q a.c=2 # note", ["a.c=2"]],
];

for (const [text, expected] of SETTINGS) {
  Deno.test(`interpretShell() reads the settings of ${JSON.stringify(text)}`, () => {
    const operations = interpretShell(text, none);
    assertEquals(sysctls(operations), [...expected]);
    assertEquals(operations.some(({ kind }) => kind === "foreign"), false);
  });
}

Deno.test("interpretShell() reads defaults.sh where it is, and knows it where it is not", () => {
  assertEquals(interpretShell("../common/defaults.sh", none), [
    ...PUBLIC_DEFAULTS,
  ]);
  const file = "#!/bin/bash\nsysctl -q net.ipv4.tcp_sack=0\n";
  assertEquals(
    sysctls(
      interpretShell(
        "./defaults.sh",
        (path) => path === "./defaults.sh" ? file : null,
      ),
    ),
    [
      "net.ipv4.tcp_sack=0",
    ],
  );
});

Deno.test("interpretShell() does not follow files that call themselves for ever", () => {
  const operations = interpretShell("./a.sh", () => "./a.sh");
  assertEquals(operations.map(({ kind }) => kind), ["foreign"]);
});

Deno.test("interpretShell() reads what a route is given", () => {
  const [route] = interpretShell(
    "ip route change 192.0.2.0/24 dev tun0 initcwnd 20 mtu lock 1400",
    none,
  );
  assertEquals(route, {
    kind: "route",
    attributes: new Map([["initcwnd", "20"], ["mtu", "1400"]]),
  });
});

Deno.test("interpretShell() knows queueing that changes nothing from queueing that does", () => {
  assertEquals(interpretShell("tc qdisc add dev tun0 root pfifo", none), [{
    kind: "none",
  }]);
  assertEquals(
    interpretShell("tc qdisc add dev tun0 root netem delay 10ms", none)[0].kind,
    "foreign",
  );
});

Deno.test("interpretShell() calls foreign what it does not know, in order", () => {
  const kinds = interpretShell(
    "sysctl -q a.b=1\nnstat -n\nsleep 2\nsysctl -n a.b",
    none,
  ).map(({ kind }) => kind);
  assertEquals(kinds, ["sysctl", "foreign", "sleep", "foreign"]);
});
