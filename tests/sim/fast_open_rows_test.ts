/**
 * The list of what a complete Fast Open does (RFC 7413 and what Linux adds),
 * row by row: each has its test, and the list is printed with their outcomes.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { CLIENT_ROWS } from "./fast_open_client_rows.ts";
import { SERVER_ROWS } from "./fast_open_server_rows.ts";

/** Level and section of each row. */
const LIST = `
O1  MUST         4.1.1    option: kind 34, 0 or 4..16 bytes, even, only with SYN
O2  step         4.2.2    no room for the option: no Fast Open
C1  MUST         4.2.1    the client asks for a cookie first
C2  MUST         4.1.3    one cookie, the latest, per pair of addresses
C3  recommended  4.1.3    SYN data by the cached MSS, else 536 or 1220
C4  MUST cache   4.1.3.1  negative answers rest the path, addresses and port
C5  SHOULD       4.2.1    a retransmitted SYN is plain
C6  SHOULD       4.2.2    SYN-ACK: new cookie and MSS; unacked data in the first ACK
C7  MAY          4.2.1    first SYN-ACK without cookie drops the entry
C8  heuristic    4.2.2    plain SYN answered, first not: the path drops
C9  recommended  4.2.1    unanswered requests are not repeated for a while
S1  SHOULD       4.1.2    cookie: SipHash-2-4 of the addresses, as Linux
S2  property     4.1.2    keys rotate; old and new open together
S3  MUST         4.2      per listener, default off; off ignores the option
S4  MUST         4.2      over the limit of pending requests Fast Open is off
S5  may          5.1      reset requests count until a timeout
S6  MAY/MUST     4.2.2    data before the handshake ends, within the initial window
S7  SHOULD       4.2.2    a retransmitted SYN-ACK carries neither data nor option
S8  -            4.2.2    simultaneous open with SYN data
S9  should       6.3.4    a farm uses one key
S10 -            7.3      cookie-less mode
A1  MUST NOT     2.1      applications opt in
X1  drafts       -        experimental option 254, 0xF989
X2  Linux        -        black holes are found
`.trim().split("\n");

const ROWS = [...CLIENT_ROWS, ...SERVER_ROWS];
const outcome = new Map<string, string[]>();

for (const { row, shows, prove } of ROWS) {
  Deno.test(`${row}: ${shows}`, () => {
    const outcomes = outcome.get(row) ?? [];
    outcome.set(row, outcomes);
    const at = outcomes.push("failed") - 1;
    prove();
    outcomes[at] = "passed";
  });
}

Deno.test("every row of the list is proved", () => {
  const missing: string[] = [];
  for (const line of LIST) {
    const row = line.split(" ")[0];
    const results = outcome.get(row) ?? [];
    const passed = results.filter((result) => result === "passed").length;
    if (passed === 0 || passed < results.length) missing.push(row);
    console.log(`${passed}/${results.length} ${line}`);
  }
  assertEquals(missing, []);
});
