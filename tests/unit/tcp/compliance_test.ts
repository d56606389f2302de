/** RFC 9293, appendix B: every requirement has its test, or a reason. The list is printed with its outcome. */
import { assertEquals } from "@std/assert";
import {
  complianceTable,
  levelOf,
  REQUIREMENTS,
} from "../../tools/compliance.ts";
import ecn from "../../sim/feat_ecn_test.ts" with { type: "text" };
import blind from "../../sim/blind_attack_test.ts" with { type: "text" };
import lifecycle from "../../sim/lifecycle_test.ts" with { type: "text" };
import ports from "../../sim/feat_ports_test.ts" with { type: "text" };
import rfc9293 from "../../sim/feat_rfc9293_test.ts" with { type: "text" };
import input from "../ip/input_test.ts" with { type: "text" };
import neighbours from "../ip/neighbours_test.ts" with { type: "text" };
import routes from "../ip/routes_test.ts" with { type: "text" };
import options from "../wire/tcp_options_test.ts" with { type: "text" };
import tcp from "../wire/tcp_test.ts" with { type: "text" };
import congestion from "./congestion_test.ts" with { type: "text" };
import pathMtu from "./path_mtu_test.ts" with { type: "text" };
import requirements from "./requirements_test.ts" with { type: "text" };
import segmentArrives from "./segment_arrives_test.ts" with { type: "text" };
import timeWait from "./time_wait_test.ts" with { type: "text" };
import windowTests from "./window_test.ts" with { type: "text" };

/** Sources of tests by the names the list uses. */
const SOURCES: Readonly<Record<string, string>> = {
  ecn,
  blind,
  lifecycle,
  ports,
  rfc9293,
  input,
  neighbours,
  routes,
  options,
  tcp,
  congestion,
  path_mtu: pathMtu,
  requirements,
  "segment arrives": segmentArrives,
  time_wait: timeWait,
  window: windowTests,
};

/** Highest number of each level in the RFC; it left none out. */
const NUMBERED: Readonly<Record<string, number>> = {
  MUST: 69,
  SHLD: 31,
  MAY: 18,
  REC: 1,
};

/** Whether a test of that file has those words in its name. */
function exists(proof: string): boolean {
  const [file, words] = proof.split(": ", 2);
  const names = SOURCES[file]?.match(/Deno\.test\(\s*(["`])[^\n]*?\1/g) ?? [];
  return names.some((name) => name.includes(words));
}

Deno.test("every proof of the compliance list is a test that exists", () => {
  const missing = REQUIREMENTS.flatMap(({ id, proofs }) =>
    proofs.filter((proof) => !exists(proof)).map((proof) => `${id}: ${proof}`)
  );
  assertEquals(missing, []);
});

Deno.test("every requirement is proved or has a reason, every MUST without a reason is proved", () => {
  console.log(complianceTable());
  const bare = REQUIREMENTS.filter(({ proofs, reason }) =>
    proofs.length === 0 && reason === ""
  );
  assertEquals(bare.map(({ id }) => id), []);
  const must = REQUIREMENTS.filter((r) => levelOf(r) === "MUST");
  const unproved = must.filter(({ proofs }) => proofs.length === 0);
  // Source routes: the only MUSTs that are refused altogether.
  assertEquals(unproved.map(({ id }) => id), ["MUST-51", "MUST-52", "MUST-53"]);
  const proved = must.length - unproved.length;
  console.log(`${proved} of ${must.length} MUSTs have a test`);
});

Deno.test("the compliance list has every number of the appendix once", () => {
  const listed = REQUIREMENTS.map(({ id }) => id);
  assertEquals(listed.length, new Set(listed).size);
  const expected = Object.entries(NUMBERED).flatMap(([level, last]) =>
    Array.from({ length: last }, (_, i) => `${level}-${i + 1}`)
  );
  assertEquals([...listed].sort(), [...expected].sort());
});
