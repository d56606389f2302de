import { assert, assertEquals } from "@std/assert";
import {
  ADDRESS_DEPRECATED,
  ADDRESS_TENTATIVE,
  AddressTable,
  CAST_BROADCAST,
  CAST_MULTICAST,
  CAST_NONE,
  CAST_UNICAST,
  HostAddress,
} from "../../../engine/ip/addresses.ts";
import {
  type IpAddress,
  parseCidr,
  parseIpAddress,
} from "../../../engine/wire/ip_address.ts";

function tableOf(...entries: readonly (readonly [string, number])[]) {
  const table = new AddressTable();
  for (const [text, interfaceIndex] of entries) {
    const { address, prefixLength } = parseCidr(text);
    table.add(new HostAddress(address, prefixLength, interfaceIndex));
  }
  return table;
}

function words(text: string): [number, number, number, number] {
  const a = parseIpAddress(text);
  return [a.w0, a.w1, a.w2, a.w3];
}

function chosen(table: AddressTable, remote: string, via = 0): string {
  const remoteAddress: IpAddress = parseIpAddress(remote);
  return String(table.select(remoteAddress, via)?.address);
}

Deno.test("castOf() tells our addresses, broadcasts and groups from the rest", () => {
  const table = tableOf(["10.0.0.2/24", 0], ["192.168.1.1/30", 1], [
    "fd00::2/64",
    0,
  ]);
  const cases: readonly (readonly [string, number])[] = [
    ["10.0.0.2", CAST_UNICAST],
    ["192.168.1.1", CAST_UNICAST], // weak host model: any interface's address
    ["10.0.0.3", CAST_NONE],
    ["10.0.0.255", CAST_BROADCAST],
    ["192.168.1.3", CAST_NONE], // the broadcast of another interface
    ["255.255.255.255", CAST_BROADCAST],
    ["224.0.0.1", CAST_MULTICAST],
    ["224.0.0.251", CAST_NONE],
    ["fd00::2", CAST_UNICAST],
    ["ff02::1", CAST_MULTICAST],
    ["ff01::1", CAST_MULTICAST],
    ["ff02::1:ff00:2", CAST_MULTICAST],
    ["ff02::1:ff00:3", CAST_NONE],
    ["ff02::2", CAST_NONE],
  ];
  for (const [text, cast] of cases) {
    assertEquals(table.castOf(...words(text), 0), cast, text);
  }
});

Deno.test("castOf() keeps link-local addresses to their link and tentative ones out", () => {
  const table = tableOf(["fe80::1/64", 0], ["fd00::9/64", 0]);
  table.entries[1].state = ADDRESS_TENTATIVE;
  assertEquals(table.castOf(...words("fe80::1"), 0), CAST_UNICAST);
  assertEquals(table.castOf(...words("fe80::1"), 1), CAST_NONE);
  assertEquals(table.castOf(...words("fd00::9"), 0), CAST_NONE);
  // RFC 4862 §5.4.2: the group of a tentative address is joined before probing.
  assertEquals(table.castOf(...words("ff02::1:ff00:9"), 0), CAST_MULTICAST);
});

Deno.test("isBroadcast() knows no broadcast of /31 and /32", () => {
  const table = tableOf(["10.0.0.2/31", 0], ["10.1.0.1/32", 0]);
  assert(!table.isBroadcast(words("10.0.0.3")[3], 0));
  assert(!table.isBroadcast(words("10.1.0.1")[3], 0));
});

Deno.test("isOnLink() follows the interface's prefixes, fe80::/10 always", () => {
  const table = tableOf(["10.0.0.2/24", 0], ["fd00::2/64", 0]);
  assert(table.isOnLink(...words("10.0.0.200"), 0));
  assert(!table.isOnLink(...words("10.0.1.1"), 0));
  assert(!table.isOnLink(...words("10.0.0.200"), 1));
  assert(table.isOnLink(...words("fd00::ffff"), 0));
  assert(!table.isOnLink(...words("fd00:0:0:1::1"), 0));
  assert(table.isOnLink(...words("fe80::77"), 0));
});

Deno.test("select() follows RFC 6724 §5", () => {
  const table = tableOf(
    ["fe80::2/64", 0],
    ["fd00::2/64", 0],
    ["2001:db8:1::2/64", 0],
    ["2001:db8:2::2/64", 1],
    ["10.0.0.2/24", 0],
    ["10.9.0.2/24", 0],
  );
  assertEquals(chosen(table, "2001:db8:2::2"), "2001:db8:2::2"); // rule 1
  assertEquals(chosen(table, "fe80::1"), "fe80::2"); // rule 2, link-local
  assertEquals(chosen(table, "ff02::1"), "fe80::2"); // rule 2, by scope of a group
  assertEquals(chosen(table, "2001:db8:1::7"), "2001:db8:1::2"); // rules 2, 8
  assertEquals(chosen(table, "2001:db8:2::7", 1), "2001:db8:2::2"); // rule 5
  assertEquals(chosen(table, "fd00::7"), "fd00::2"); // rule 8
  assertEquals(chosen(table, "10.9.0.9"), "10.9.0.2"); // rule 8, IPv4
  assertEquals(chosen(table, "10.0.0.9"), "10.0.0.2");
});

Deno.test("select() keeps to the link where only that makes sense, RFC 6724 §4", () => {
  const table = tableOf(
    ["127.0.0.1/8", 0],
    ["::1/128", 0],
    ["fd00::2/64", 1],
    ["fe80::3/64", 2],
    ["10.0.0.2/24", 1],
  );
  assertEquals(chosen(table, "ff02::5", 1), "fd00::2"); // ::1 has a fitter scope
  assertEquals(chosen(table, "ff02::5", 2), "fe80::3");
  assertEquals(chosen(table, "fe80::9", 1), "fd00::2");
  assertEquals(chosen(table, "2001:db8::1", 2), "fd00::2"); // a fitter scope counts more
  assertEquals(chosen(table, "2001:db8::1", 3), "fd00::2"); // another link's may do
  assertEquals(chosen(table, "239.1.1.1", 2), "undefined");
  assertEquals(chosen(table, "8.8.8.8", 2), "10.0.0.2");
  assertEquals(chosen(table, "fe80::3", 0), "fe80::3"); // to ourselves
  assertEquals(chosen(table, "::1", 0), "::1");
});

Deno.test("select() passes over tentative addresses and takes deprecated ones last", () => {
  const table = tableOf(["fd00::2/64", 0], ["fd00::3/64", 0]);
  table.entries[0].state = ADDRESS_DEPRECATED;
  assertEquals(chosen(table, "fd00::7"), "fd00::3");
  table.entries[1].state = ADDRESS_TENTATIVE;
  assertEquals(chosen(table, "fd00::7"), "fd00::2");
  table.entries[0].state = ADDRESS_TENTATIVE;
  assertEquals(chosen(table, "fd00::7"), "undefined");
});
