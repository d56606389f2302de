import { assert, assertEquals, assertThrows } from "@std/assert";
import type {
  CallAction,
  PacketAction,
  Script,
  TcpSpec,
} from "../../script/lang/ast.ts";
import { parseScript } from "../../script/lang/parser.ts";
import { ScriptError } from "../../script/lang/script_error.ts";

function parse(
  text: string,
  defines: readonly (readonly [string, string])[] = [],
): Script {
  return parseScript("t.pkt", text, new Map(defines));
}

function packet(text: string): PacketAction {
  const { action } = parse(text).events[0];
  assert(action.kind === "packet");
  return action;
}

function tcp(text: string): TcpSpec {
  const { transport } = packet(text);
  assert(transport.kind === "tcp");
  return transport;
}

function call(text: string): CallAction {
  const { action } = parse(text).events[0];
  assert(action.kind === "call");
  return action;
}

/** Every construct of the language once, with a word on what it is. */
const ACCEPTED: readonly (readonly [what: string, text: string])[] = [
  ["absolute time in whole seconds", "0 close(3) = 0"],
  ["absolute time with a fraction", "0.25 close(3) = 0"],
  ["time that begins with a point", ".25 close(3) = 0"],
  ["relative time", "+.1 close(3) = 0"],
  ["relative whole time", "+1 close(3) = 0"],
  ["any time", "* > . 1:1(0) ack 1"],
  ["absolute time range", "1~2 > . 1:1(0) ack 1"],
  ["relative time range", "+.1~+.2 > . 1:1(0) ack 1"],
  ["blocking call", "0...0.5 read(3, ..., 10) = 10"],
  ["blocking call, point first", "+.01...0.011 connect(3, ..., ...) = 0"],
  ["line comment", "// note\n0 close(3) = 0 // note"],
  ["C comment", "/* a\n * b */ 0 close(3) /* c */ = 0"],
  ["comment at the end without newline", "0 close(3) = 0 // x"],
  [
    "several lines of one call",
    "0 recvmsg(3, {msg_name(...)=...,\n msg_iov(1)=[{..., 5}],\n msg_flags=0}, 0) = 5",
  ],
  [
    "options",
    "--ip_version=ipv6\n--mtu=1400\n--strict_segments\n0 close(3) = 0",
  ],
  [
    "option with an address",
    "--local_ip=192.168.0.1\n--remote_ip=192.0.2.1/24\n0 close(3) = 0",
  ],
  [
    "option with an IPv6 address",
    "--local_ip=fd3d:0a0b:17d6::1\n0 close(3) = 0",
  ],
  [
    "option with dashes in its value",
    "--ip_version=ipv4-mapped-ipv6\n0 close(3) = 0",
  ],
  [
    "definition of a word",
    "--define=PROTO=IPPROTO_TCP\n0 socket(..., SOCK_STREAM, PROTO) = 3",
  ],
  [
    "definition of a string",
    '--define=CC="reno"\n0 setsockopt(3, SOL_TCP, TCP_CONGESTION, CC, 4) = 0',
  ],
  ["first command", "`./defaults.sh`\n0 close(3) = 0"],
  ["command of several lines", "`a\nb\n`\n0 close(3) = 0"],
  ["last command", "0 close(3) = 0\n`/tmp/x_${PPID}.sh`"],
  ["timed command", "0 `sleep 1`"],
  ["code", "0 %{ assert tcpi_snd_cwnd == 10, tcpi_snd_cwnd }%"],
  ["code of several lines", "0 %{\nassert a == 1\nassert b == 2\n}%"],
  [
    "inbound SYN",
    "0 < S 0:0(0) win 32792 <mss 1000,sackOK,nop,nop,nop,wscale 7>",
  ],
  [
    "outbound SYN-ACK",
    "0 > S. 0:0(0) ack 1 <mss 1460,nop,nop,sackOK,nop,wscale 6>",
  ],
  ["all flags", "0 > FSRPUEWA. 1:1(0) ack 1"],
  ["no flags", "0 > - 1:1(0)"],
  ["ACK alone", "0 > . 1:1(0) ack 1"],
  ["two blanks", "0 >  . 1:1(0) ack 1"],
  ["window and urgent pointer", "0 > U. 1:2(1) ack 1 win 100 urg 1"],
  ["any options", "0 > . 1:1(0) ack 1 <...>"],
  ["timestamps", "0 > . 1:1(0) ack 1 <nop,nop,TS val 100 ecr 200>"],
  ["blanks in options", "0 > . 1:1(0) ack 1 <nop, nop, TS val 100 ecr 200>"],
  [
    "several SACK blocks",
    "0 > . 1:1(0) ack 1 <nop,nop,sack 3001:4001 1001:2001>",
  ],
  ["any window scale", "0 > S 0:0(0) <mss 1460,nop,wscale *>"],
  ["end of options", "0 > S 0:0(0) <mss 1460,eol,nop,nop,nop>"],
  ["Fast Open request", "0 > S 0:0(0) <FO,nop,nop>"],
  ["Fast Open cookie of letters", "0 > S 0:0(0) <FO abcd1234,nop,nop>"],
  ["Fast Open cookie of digits", "0 > S 0:0(0) <FO 12345678,nop,nop>"],
  ["experimental Fast Open", "0 > S 0:0(0) <FOEXP abcd1234>"],
  ["MD5", "0 > . 1:1(0) ack 1 <nop,nop,md5 00112233445566778899aabbccddeeff>"],
  ["Accurate ECN counters", "0 > . 1:1(0) ack 1 <ECN e1b 1 ceb 0 e0b 1,nop>"],
  ["count of ECN bits", "0 > P.5 1:2(1) ack 1"],
  ["count of ECN bits before the point", "0 > P5. 1:2(1) ack 1"],
  ["count of ECN bits alone", "0 > .6 1:1(0) ack 1"],
  [
    "Multipath options",
    "0 > S 0:0(0) <mss 1460,mpcapable v1 flags[flag_h] key[ckey,skey]>",
  ],
  ["ECN in brackets", "0 > [ect0] . 1:1(0) ack 1"],
  ["ECN in parentheses", "0 > (ce) . 1:1(0) ack 1"],
  ["either ECT", "0 > [ect01] . 1:1(0) ack 1"],
  ["tos", "0 > [tos 0x10] . 1:1(0) ack 1"],
  ["flow label", "0 > (flowlabel 0x1) . 1:1(0) ack 1"],
  ["ECN and flow label", "0 > [ect0, flowlabel 0x1] . 1:1(0) ack 1"],
  ["ttl", "0 > [ttl 64] . 1:1(0) ack 1"],
  ["ports", "0 < 5000 > 8080 S 0:0(0) win 100"],
  ["UDP", "0 > udp (1000)"],
  ["UDP with ports", "0 < udp 53 > 5353 (100)"],
  [
    "ICMP with code and MTU",
    "0 < icmp unreachable frag_needed mtu 1200 [0:1460(1460)]",
  ],
  ["ICMP without code", "0 < icmp packet_too_big mtu 1280 [1:1(0)]"],
  ["ICMP that quotes UDP", "0 < icmp unreachable port_unreachable [udp (100)]"],
  ["ICMP by numbers", "0 < icmp type_3 code_1"],
  ["ICMP echo", "0 < icmp echo_request id 7 [raw (64)]"],
  ["IPv4 in IPv4", "0 < ipv4 192.0.2.1 > 192.168.0.1: . 1:1(0) ack 1 win 10"],
  ["GRE", "0 < gre: . 1:1(0) ack 1 win 10"],
  ["mutation", "0 < S 0:0(0) win 100 <mss 1460> {mut tcp mss}"],
  [
    "error with its text",
    "0 connect(3, ..., ...) = -1 EINPROGRESS (Operation now in progress)",
  ],
  [
    "text without error",
    '0 setsockopt(3, SOL_TCP, TCP_FASTOPEN_KEY, "", 3) = -1 (Invalid Argument)',
  ],
  [
    "hexadecimal result with a remark",
    "0 fcntl(3, F_GETFL) = 0x2 (flags O_RDWR)",
  ],
  ["or of constants", "0 fcntl(3, F_SETFL, O_RDWR|O_NONBLOCK) = 0"],
  [
    "or with blanks",
    "0 setsockopt(3, SOL_SOCKET, SO_TIMESTAMPING, [A | B |\n C], 4) = 0",
  ],
  ["poll", "0 poll([{fd=3, events=POLLIN, revents=POLLIN}], 1, 0) = 1"],
  ["epoll", "0 epoll_ctl(5, EPOLL_CTL_ADD, 4, {events=EPOLLIN, ptr=7}) = 0"],
  [
    "linger",
    "0 setsockopt(3, SOL_SOCKET, SO_LINGER, {onoff=1, linger=0}, 8) = 0",
  ],
  [
    "socket address",
    '0 bind(3, {sa_family = AF_INET, sin_port = htons(8080), sin_addr = inet_addr("0.0.0.0")}, 16) = 0',
  ],
  ["vectors", "0 writev(3, [{..., 10}, {..., 20}], 2) = 30"],
  [
    "control message",
    "0 recvmsg(3, {msg_name(...)=..., msg_iov(1)=[{..., 1}], msg_flags=0, msg_control=[{cmsg_level=SOL_TCP, cmsg_type=TCP_CM_INQ, cmsg_data=1}]}, 0) = 1",
  ],
  ["adjacent strings", '0 write(3, "ab" "cd", 4) = 4'],
  ["string that goes on", '0 read(3, "ab"..., 10) = 10'],
  ["call without arguments", "0 getpid() = 1"],
  [
    "MPLS in an argument",
    "0 setsockopt(3, SOL_IP, 1, {(label 1, tc 0, [S], ttl 1)}, 4) = 0",
  ],
];

for (const [what, text] of ACCEPTED) {
  Deno.test(`parseScript() takes ${what}`, () => {
    assert(parse(text).events.length > 0);
  });
}

/** What is refused, where, and in which words. */
const REFUSED: readonly (readonly [
  what: string,
  text: string,
  at: string,
  reason: RegExp,
])[] = [
  ["an empty script", "", "1:1", /expected an event/],
  ["a script without events", "`x`\n", "2:1", /expected an event/],
  ["a negative time", "-1 close(3) = 0", "1:1", /not negative/],
  ["a backward range", "2~1 > . 1:1(0)", "1:1", /backwards/],
  ["a range for a call", "1~2 close(3) = 0", "1:1", /outbound packets only/],
  [
    "any time for an inbound packet",
    "* < . 1:1(0) ack 1 win 1",
    "1:1",
    /outbound packets only/,
  ],
  [
    "an inbound packet without window",
    "0 < . 1:1(0) ack 1",
    "1:19",
    /window/,
  ],
  [
    "inbound <...>",
    "0 < . 1:1(0) ack 1 win 1 <...>",
    "1:26",
    /outbound packets only/,
  ],
  ["numbers that disagree", "0 > . 1:5(3)", "1:7", /disagree/],
  ["an unknown flag", "0 > XS 0:0(0)", "1:5", /invalid TCP flag "X"/],
  [
    "a window out of range",
    "0 < . 1:1(0) ack 1 win 70000",
    "1:24",
    /window must be 0\.\.65535/,
  ],
  ["options that do not end", "0 > S 0:0(0) <mss 1", "1:20", /expected ">"/],
  [
    "options that fill no whole words",
    "0 > S 0:0(0) <mss 1460,nop>",
    "1:14",
    /whole words/,
  ],
  [
    "a string that does not end",
    '0 write(3, "abc, 3) = 3',
    "1:12",
    /not closed/,
  ],
  [
    "a command that does not end",
    "`abc\n0 close(3) = 0",
    "1:1",
    /not closed/,
  ],
  ["code that does not end", "0 %{ assert", "1:3", /not closed/],
  ["a comment that does not end", "/* abc", "1:1", /not closed/],
  ["a call without result", "0 close(3)", "1:11", /expected "="/],
  ["a missing comma", "0 bind(3 4) = 0", "1:10", /expected ","/],
  ["an odd cookie", "0 > S 0:0(0) <FO abc>", "1:18", /cookie/],
  ["a time alone", "0", "1:2", /expected a packet/],
  ["an ICMP without type", "0 < icmp", "1:9", /ICMP type/],
];

for (const [what, text, at, reason] of REFUSED) {
  Deno.test(`parseScript() refuses ${what}, and says where`, () => {
    const error = assertThrows(() => parse(text), ScriptError);
    assertEquals(`${error.position.line}:${error.position.column}`, at);
    assert(reason.test(error.reason), error.reason);
    assert(error.message.startsWith(`t.pkt:${at}: `), error.message);
    assert(error.message.endsWith("^"), "the place is pointed at");
  });
}

Deno.test("parseScript() keeps times in whole microseconds", () => {
  const times = parse(
    "0 close(3) = 0\n+.01 close(3) = 0\n.1~.25 > . 1:1(0)\n* > . 1:1(0)",
  ).events.map(({ time }) => time);
  assertEquals(times, [
    { kind: "absolute", at: 0 },
    { kind: "relative", after: 10_000 },
    { kind: "absoluteRange", from: 100_000, to: 250_000 },
    { kind: "any" },
  ]);
});

Deno.test("parseScript() reads flags as bits", () => {
  assertEquals(tcp("0 > S. 0:0(0) ack 1").flags, 0x12);
  assertEquals(tcp("0 > SEW 0:0(0)").flags, 0xc2);
  assertEquals(tcp("0 > - 0:0(0)").flags, 0);
  assertEquals(tcp("0 > P.5 1:2(1) ack 1").flags, 0x18 | 0x40 | 0x100);
  assert(tcp("0 > P.5 1:2(1) ack 1").isAceCount);
});

Deno.test("parseScript() takes sequence numbers across the wrap", () => {
  const spec = tcp("0 > . 4294967295:9(10) ack 1");
  assertEquals([spec.seq, spec.length], [4294967295, 10]);
});

Deno.test("parseScript() tells a window that was not written from 0", () => {
  assertEquals(tcp("0 > . 1:1(0) ack 1").window, null);
  assertEquals(tcp("0 > . 1:1(0) ack 1 win 0").window, 0);
});

Deno.test("parseScript() reads SACK blocks as edges", () => {
  assertEquals(
    tcp("0 > . 1:1(0) ack 1 <nop,nop,sack 1:2 3:4>").options?.at(-1),
    {
      kind: "sack",
      edges: [1, 2, 3, 4],
    },
  );
});

Deno.test("parseScript() keeps an unknown TCP option's text, brackets and all", () => {
  const options =
    tcp("0 > S 0:0(0) <mss 1460,mpcapable v1 key[ckey,skey]>").options;
  assertEquals(options?.length, 2);
  assertEquals(options?.[1].kind, "unsupported");
});

Deno.test("parseScript() replaces defined words, not parts of words", () => {
  const cookie =
    parse("0 > S 0:0(0) <FO COOKIE,nop,nop>", [["COOKIE", "abcd1234"]])
      .events[0].action;
  assert(cookie.kind === "packet" && cookie.transport.kind === "tcp");
  assertEquals(cookie.transport.options?.[0], {
    kind: "FO",
    cookie: Uint8Array.of(0xab, 0xcd, 0x12, 0x34),
    experimental: false,
  });
  assertThrows(
    () => parse("0 > S 0:0(0) <FO XCOOKIE,nop,nop>", [["COOKIE", "abcd1234"]]),
    ScriptError,
  );
});

Deno.test("parseScript() lets the command line's definitions win", () => {
  const text = "--define=N=1\n0 listen(3, N) = 0";
  const argument = (script: Script) =>
    script.events[0].action.kind === "call" && script.events[0].action.args[1];
  assertEquals((argument(parse(text)) as { value: number }).value, 1);
  assertEquals(
    (argument(parse(text, [["N", "7"]])) as { value: number }).value,
    7,
  );
});

Deno.test("parseScript() reads escapes in strings as bytes", () => {
  const [, value] = call('0 write(3, "\\xa1\\n\\\\A", 4) = 4').args;
  assert(value.kind === "string");
  assertEquals([...value.bytes], [0xa1, 10, 92, 65]);
});

Deno.test("parseScript() separates the error's name from remarks", () => {
  assertEquals(call("0 read(3, ..., 1) = -1 EAGAIN (again)").errno, "EAGAIN");
  assertEquals(call("0 read(3, ..., 1) = -1 (Invalid Argument)").errno, null);
});

Deno.test("parseScript() gives a blocking call its end", () => {
  assertEquals(call("0.1...0.25 read(3, ..., 1) = 1").end, 250_000);
  assertEquals(call("0 read(3, ..., 1) = 1").end, null);
});

Deno.test("parseScript() tells an address from a sequence range", () => {
  assertEquals(tcp("0 > . 1:1001(1000) ack 1").seq, 1);
  assertEquals(
    parse("--local_ip=1:2::3\n0 close(3) = 0").options[0].value,
    "1:2::3",
  );
});

Deno.test("parseScript() names outer headers and mutations instead of refusing them", () => {
  assertEquals(
    packet("0 < ipv4 1.2.3.4 > 5.6.7.8: gre: . 1:1(0) ack 1 win 1")
      .encapsulation,
    ["ipv4", "gre"],
  );
  assert(packet("0 < S 0:0(0) win 1 {mut tcp mss}").mutated);
});
