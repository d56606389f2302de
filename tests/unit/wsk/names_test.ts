import { assertEquals, assertThrows } from "@std/assert";
import * as W from "../../../engine/wsk/mod.ts";
import { parseIpAddress } from "../../../engine/wire/ip_address.ts";
import {
  assertEnded,
  assertRefused,
  Bench,
  type Call,
} from "../../tools/wsk_bench.ts";

const HOSTS = { "server.test": ["10.0.0.9", "fd00::9"], "Other": ["10.1.1.1"] };

/** Lets promises that are under way resolve. */
async function settle(bench: Bench, call: Call): Promise<void> {
  for (let i = 0; i < 20 && call.completions === 0; i++) {
    await Promise.resolve();
    bench.net.run();
  }
}

async function resolve(
  bench: Bench,
  node: string | null,
  service: string | null,
  hints: Partial<W.ADDRINFOEXW> | null = null,
) {
  const result = W.variable<W.ADDRINFOEXW | null>(null);
  const call = bench.call((irp) =>
    bench.npi.Dispatch.WskGetAddressInfo(
      bench.npi.Client,
      node === null ? null : new W.UNICODE_STRING(node),
      service === null ? null : new W.UNICODE_STRING(service),
      W.NS_ALL,
      null,
      hints as W.ADDRINFOEXW | null,
      result,
      null,
      null,
      irp,
    )
  );
  await settle(bench, call);
  const found: W.SOCKADDR[] = [];
  for (let at = result.value; at !== null; at = at.ai_next) {
    found.push(at.ai_addr as W.SOCKADDR);
  }
  return { call, found, list: result.value };
}

async function name(
  bench: Bench,
  address: W.SOCKADDR,
  flags: number,
  node = new W.UNICODE_STRING("", 64),
  service = new W.UNICODE_STRING("", 64),
) {
  const call = bench.call((irp) =>
    bench.npi.Dispatch.WskGetNameInfo(
      bench.npi.Client,
      address,
      W.sizeof(address),
      node,
      service,
      flags,
      null,
      null,
      irp,
    )
  );
  await settle(bench, call);
  return { call, node: node.Buffer, service: service.Buffer };
}

Deno.test("WskGetAddressInfo() resolves literals, hosts, services and nothing at all", async () => {
  const bench = await Bench.open({ hosts: HOSTS });
  const expect: [string | null, string | null, W.SOCKADDR[]][] = [
    ["10.0.0.1", "80", [W.sockaddr("10.0.0.1", 80)]],
    ["fd00::1", null, [W.sockaddr("fd00::1", 0)]],
    ["SERVER.test.", "http", [
      W.sockaddr("10.0.0.9", 80),
      W.sockaddr("fd00::9", 80),
    ]],
    ["other", "HTTPS", [W.sockaddr("10.1.1.1", 443)]],
    [null, "echo", [W.sockaddr("::1", 7), W.sockaddr("127.0.0.1", 7)]],
  ];
  for (const [node, service, addresses] of expect) {
    const { call, found, list } = await resolve(bench, node, service);
    assertEnded(call, W.STATUS_SUCCESS, 0);
    assertEquals(found, addresses);
    bench.npi.Dispatch.WskFreeAddressInfo(bench.npi.Client, list!);
    assertThrows(
      () => bench.npi.Dispatch.WskFreeAddressInfo(bench.npi.Client, list!),
      W.BugCheckError,
      "freed already",
    );
  }
  for (
    const [node, service] of [["nowhere.test", null], ["10.0.0.1", "nothing"], [
      "10.0.0.1",
      "65536",
    ]] as const
  ) {
    const { call } = await resolve(bench, node, service);
    assertEnded(call, W.STATUS_NOT_FOUND, 0);
  }
  const { call } = await resolve(bench, null, null);
  assertRefused(bench, call, W.STATUS_INVALID_PARAMETER);
});

Deno.test("WskGetAddressInfo() heeds its hints", async () => {
  const bench = await Bench.open({ hosts: HOSTS });
  const v6 = await resolve(bench, "server.test", null, {
    ai_family: W.AF_INET6,
    ai_flags: W.AI_CANONNAME,
    ai_socktype: W.SOCK_STREAM,
    ai_protocol: W.IPPROTO_TCP,
  });
  assertEquals(v6.found, [W.sockaddr("fd00::9", 0)]);
  assertEquals(v6.list?.ai_canonname, "server.test");
  assertEquals(v6.list?.ai_socktype, W.SOCK_STREAM);
  assertEquals(v6.list?.ai_addrlen, 28);
  const passive = await resolve(bench, null, "http", {
    ai_flags: W.AI_PASSIVE,
  });
  assertEquals(passive.found, [
    W.sockaddr("::", 80),
    W.sockaddr("0.0.0.0", 80),
  ]);
  const digits = await resolve(bench, "server.test", null, {
    ai_flags: W.AI_NUMERICHOST,
  });
  assertEnded(digits.call, W.STATUS_NOT_FOUND, 0);
});

Deno.test("a resolver is asked for what the table does not know, and may fail or be cancelled", async () => {
  const asked: string[] = [];
  let answer = () => Promise.resolve([parseIpAddress("192.0.2.7")]);
  const resolver = {
    resolve: (node: string) => {
      asked.push(node);
      return answer();
    },
    reverse: () => Promise.resolve("reverse.test"),
  };
  const bench = await Bench.open({ hosts: HOSTS, resolver });
  const found = await resolve(bench, "far.test", null);
  assertEquals(found.found, [W.sockaddr("192.0.2.7", 0)]);
  assertEquals(asked, ["far.test"]);
  const back = await name(bench, W.sockaddr("192.0.2.7", 0), 0);
  assertEquals(back.node, "reverse.test");
  answer = () => Promise.reject(new Error("no server"));
  const failed = await resolve(bench, "far.test", null);
  assertEnded(failed.call, W.STATUS_UNEXPECTED_NETWORK_ERROR, 0);
  answer = () => new Promise(() => {});
  const slow = await resolve(bench, "slow.test", null);
  assertEquals(slow.call.completions, 0);
  W.IoCancelIrp(slow.call.irp);
  bench.net.run();
  assertEnded(slow.call, W.STATUS_CANCELLED, 0);
});

Deno.test("WskGetNameInfo() names addresses and ports as its flags say", async () => {
  const bench = await Bench.open({ hosts: HOSTS });
  const known = W.sockaddr("10.0.0.9", 80);
  const unknown = W.sockaddr("10.0.0.8", 4711);
  const expect: [W.SOCKADDR, number, string, string][] = [
    [known, 0, "server.test", "http"],
    [known, W.NI_NOFQDN, "server", "http"],
    [known, W.NI_NUMERICHOST, "10.0.0.9", "http"],
    [known, W.NI_NUMERICSERV, "server.test", "80"],
    [unknown, 0, "10.0.0.8", "4711"],
  ];
  for (const [address, flags, node, service] of expect) {
    const answer = await name(bench, address, flags);
    assertEnded(answer.call, W.STATUS_SUCCESS, 0);
    assertEquals([answer.node, answer.service], [node, service]);
  }
  const required = await name(bench, unknown, W.NI_NAMEREQD);
  assertEnded(required.call, W.STATUS_NOT_FOUND, 0);
  // "server.test" and its NUL are 24 bytes.
  const fits = await name(bench, known, 0, new W.UNICODE_STRING("", 24));
  assertEnded(fits.call, W.STATUS_SUCCESS, 0);
  const cut = await name(bench, known, 0, new W.UNICODE_STRING("", 23));
  assertEnded(cut.call, W.STATUS_BUFFER_TOO_SMALL, 0);
});

Deno.test("a hosts table with what is no address is refused at once", () => {
  assertThrows(
    () => new Bench({ hosts: { bad: ["10.0.0"] } }),
    TypeError,
    'the addresses of "bad" must be IP addresses, got "10.0.0"',
  );
});
