import { assertEquals } from "@std/assert";
import {
  AddressTable,
  SHARE_EXCLUSIVE,
  SHARE_NONE,
  SHARE_REUSE,
} from "../../../engine/wsk/address_table.ts";
import { statusName } from "../../../engine/wsk/status_text.ts";
import { parseIpAddress } from "../../../engine/wire/ip_address.ts";
import { IPPROTO_TCP, IPPROTO_UDP } from "../../../engine/wsk/constants.ts";

function claim(
  share: number,
  address: string,
  { port = 80, protocol = IPPROTO_TCP as number, security = false } = {},
) {
  return {
    protocol,
    endpoint: { address: parseIpAddress(address), port },
    dualStack: false,
    share,
    security: { allowsSharing: security },
  };
}

const SHARES = [SHARE_NONE, SHARE_REUSE, SHARE_EXCLUSIVE];
const ANY = "0.0.0.0", ONE = "10.0.0.1";
const INUSE = "STATUS_ADDRESS_ALREADY_EXISTS";
const DENIED = "STATUS_ACCESS_DENIED";
const OK = "STATUS_SUCCESS";

/** The table of the documentation, row by row; CHECK is what the descriptor decides. */
const TABLE: [number, string, string[]][] = [
  [SHARE_NONE, ANY, [INUSE, OK, INUSE, OK, INUSE, OK]],
  [SHARE_NONE, ONE, ["CHECK", INUSE, "CHECK", DENIED, DENIED, INUSE]],
  [SHARE_REUSE, ANY, [DENIED, OK, OK, OK, DENIED, OK]],
  [SHARE_REUSE, ONE, ["CHECK", DENIED, OK, OK, DENIED, DENIED]],
  [SHARE_EXCLUSIVE, ANY, [INUSE, INUSE, INUSE, INUSE, INUSE, INUSE]],
  [SHARE_EXCLUSIVE, ONE, ["CHECK", INUSE, "CHECK", INUSE, DENIED, INUSE]],
];

Deno.test("claim() answers as the table of shared transport addresses says", () => {
  for (const [share, address, row] of TABLE) {
    row.forEach((expected, column) => {
      for (const security of [false, true]) {
        const table = new AddressTable();
        const first = claim(
          SHARES[column >> 1],
          (column & 1) === 0 ? ANY : ONE,
          { security },
        );
        assertEquals(statusName(table.claim(first)), OK);
        const checked = security ? OK : DENIED;
        const status = table.claim(claim(share, address));
        assertEquals(
          statusName(status),
          expected === "CHECK" ? checked : expected,
          `${share} ${address} after column ${column}`,
        );
      }
    });
  }
});

Deno.test("claims on other ports, protocols, addresses and families never meet", () => {
  const table = new AddressTable();
  const all = [
    claim(SHARE_EXCLUSIVE, ONE),
    claim(SHARE_EXCLUSIVE, "10.0.0.2"),
    claim(SHARE_EXCLUSIVE, ANY, { port: 81 }),
    claim(SHARE_EXCLUSIVE, ANY, { protocol: IPPROTO_UDP }),
    claim(SHARE_EXCLUSIVE, "::"),
  ];
  for (const one of all) assertEquals(table.claim(one), 0);
  assertEquals(table.size, 5);
  for (const one of all) table.release(one);
  table.release(all[0]);
  assertEquals(table.size, 0);
  assertEquals(table.isPortTaken(IPPROTO_TCP, 80), false);
});

Deno.test("a dual-stack wildcard meets both families", () => {
  const dual = { ...claim(SHARE_NONE, "::"), dualStack: true };
  for (const address of [ANY, "::"]) {
    const table = new AddressTable();
    table.claim(dual);
    assertEquals(statusName(table.claim(claim(SHARE_NONE, address))), INUSE);
    const other = new AddressTable();
    other.claim(claim(SHARE_NONE, address));
    assertEquals(statusName(other.claim(dual)), INUSE);
  }
});
