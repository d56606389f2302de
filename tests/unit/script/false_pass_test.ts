/**
 * A pass must mean that everything the script says was looked at: each script
 * here says one thing that is not so.
 *
 * @module
 */
import { assertEquals, assertStringIncludes } from "@std/assert";
import { runInMemory } from "../../script/memory/run.ts";
import type { Verdict } from "../../script/run/job.ts";

const ACCEPTED = `
    0 socket(..., SOCK_STREAM, IPPROTO_TCP) = 3
   +0 bind(3, ..., ...) = 0
   +0 listen(3, 1) = 0
   +0 < S 0:0(0) win 65535 <mss 1000>
   +0 > S. 0:0(0) ack 1 <mss 1460>
  +.1 < . 1:1(0) ack 1 win 65535
   +0 accept(3, ..., ...) = 4
`;

function verdictOf(tail: string): Promise<Verdict> {
  return runInMemory({
    path: "said.pkt",
    source: `${ACCEPTED}${tail}\n`,
    family: null,
    options: [],
    defines: [],
    initFiles: [],
  });
}

/** What the script adds, and how that must be judged. */
const LIES: readonly (readonly [string, string, Verdict["outcome"], string])[] =
  [
    [
      "a packet that never leaves is expected last",
      "+0 > . 1:1(0) ack 1",
      "fail",
      "",
    ],
    [
      "a packet that nobody mentions leaves before the expected one",
      `+0 write(4, ..., 100) = 100
       +0 > P. 1:101(100) ack 1
       +0 < . 1:1001(1000) ack 1 win 65535
       +0 < . 1:1(0) ack 101 win 65535
       +0 write(4, ..., 100) = 100
       +0 > P. 101:201(100) ack 1001`,
      "fail",
      "",
    ],
    [
      "an assertion does not hold",
      "+0 %{ assert tcpi_snd_cwnd == 11, tcpi_snd_cwnd }%",
      "fail",
      "assertion failed",
    ],
    [
      "only the second of two assertions in a line does not hold",
      "+0 %{ assert tcpi_snd_cwnd == 10; assert tcpi_snd_mss == 1 }%",
      "fail",
      "assertion failed",
    ],
    [
      "an assertion names what is not known",
      "+0 %{ assert tcpi_unheard_of == 0 }%",
      "notApplicable",
      "tcpi_unheard_of",
    ],
    [
      "a call that blocks is the last event",
      "+0...0.100 read(4, ..., 100) = 100",
      "fail",
      "",
    ],
    [
      "a result is wrong",
      "+0 write(4, ..., 100) = 99",
      "fail",
      "write()",
    ],
    [
      "an errno is wrong",
      `+0 fcntl(4, F_SETFL, O_RDWR|O_NONBLOCK) = 0
       +0 read(4, ..., 100) = -1 EPIPE (Broken pipe)`,
      "fail",
      "EAGAIN",
    ],
    [
      "a counter is not what grep looks for",
      '+0 `nstat | grep -q "TcpExtTCPOFOQueue .* 7 "`',
      "fail",
      "command failed",
    ],
    [
      "a setting nobody knows stands beside a question to the counters",
      "+0 `nstat -n; sysctl -q net.ipv4.tcp_unheard_of=1`",
      "notApplicable",
      "tcp_unheard_of",
    ],
    [
      "the queue is to drop what is sent",
      "+0 `tc qdisc add dev tun0 root pfifo limit 0`",
      "notApplicable",
      "tc",
    ],
    [
      "a command cannot be understood",
      "+0 `./do_something_else.py`",
      "notApplicable",
      "do_something_else",
    ],
    [
      "text follows that is no event",
      "+0 close(4) = 0 what is this",
      "invalid",
      "",
    ],
  ];

Deno.test("a script passes when all it says is so", async () => {
  assertEquals((await verdictOf("")).outcome, "pass");
});

for (const [name, tail, outcome, reason] of LIES) {
  Deno.test(`a script does not pass when ${name}`, async () => {
    const verdict = await verdictOf(tail);
    assertEquals(verdict.outcome, outcome, verdict.reason);
    assertStringIncludes(verdict.reason, reason);
  });
}
