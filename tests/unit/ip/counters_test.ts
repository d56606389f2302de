import { assertEquals } from "@std/assert";
import * as counters from "../../../engine/ip/counters.ts";

Deno.test("IP_COUNTER_NAMES has a name for every number, once", () => {
  const ids = Object.values(counters).filter((value) =>
    typeof value === "number"
  );
  const names = counters.IP_COUNTER_NAMES;
  assertEquals(names.length, Math.max(...ids) + 1);
  assertEquals(new Set(names).size, names.length);
});

Deno.test("IP_COUNTER_NAMES puts a family's counters V6 apart", () => {
  const names = counters.IP_COUNTER_NAMES;
  for (let id = 0; id < counters.V6; id++) {
    assertEquals(/^(Ip|Icmp)6/.test(names[id]), false, names[id]);
    assertEquals(/^(Ip|Icmp)6/.test(names[id + counters.V6]), true);
  }
  assertEquals(names[counters.IN_DELIVERS], "IpInDelivers");
  assertEquals(names[counters.REASM_OKS + counters.V6], "Ip6ReasmOKs");
  assertEquals(names[counters.ICMP_IN_ECHOS], "IcmpInEchos");
  assertEquals(names[counters.ARP_CONFLICTS], "ArpConflicts");
  assertEquals(names[counters.NEIGH_RES_FAILED], "NeighResFailed");
  assertEquals(names[counters.LINK_OUT_DISCARDS], "LinkOutDiscards");
});
