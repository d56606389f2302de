/**
 * The packet scripts of this tree pass: on the kernel, which is the oracle for
 * what they may say, and on the engine, in real time on a TAP and in virtual
 * time. And they notice: changed in any one expectation, they fail.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { findScripts } from "../script/find.ts";
import { runInChild } from "../script/kernel/parent.ts";
import { runInMemory } from "../script/memory/run.ts";
import { printReport } from "../script/report.ts";
import type { ExecutorName } from "../script/run/executor.ts";
import type { Job, Verdict } from "../script/run/job.ts";

const FOLDER = new URL("../script", import.meta.url).pathname;
/** Runs in real time at a time: they mostly wait. */
const PARALLEL = 4;
/** What the machine did not give time for says nothing; this often it is asked again. */
const ATTEMPTS = 3;

function jobs(): Job[] {
  return findScripts(FOLDER).map((path) => ({
    path,
    source: Deno.readTextFileSync(path),
    family: null,
    options: [],
    defines: [],
    initFiles: [],
  }));
}

async function runAll(executor: ExecutorName): Promise<Verdict[]> {
  const all = jobs();
  const verdicts: Verdict[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < all.length) {
      const index = next++;
      verdicts[index] = await runOne(executor, all[index]);
    }
  };
  await Promise.all(
    Array.from({ length: executor === "memory" ? 1 : PARALLEL }, work),
  );
  console.log(`packet scripts, executor ${executor}:`);
  printReport(verdicts, [FOLDER], false);
  return verdicts;
}

async function runOne(executor: ExecutorName, job: Job): Promise<Verdict> {
  if (executor === "memory") return await runInMemory(job);
  let verdict = await runInChild(executor, job);
  for (let i = 1; i < ATTEMPTS && verdict.outcome !== "pass"; i++) {
    if (verdict.outcome === "notApplicable") break;
    verdict = await runInChild(executor, job);
  }
  return verdict;
}

/** Every script that did not pass, but for those which the executor cannot run. */
function complaints(verdicts: readonly Verdict[]): string[] {
  return verdicts
    .filter(({ outcome }) => outcome !== "pass" && outcome !== "notApplicable")
    .map(({ path, line, reason }) => `${path}:${line}: ${reason}`);
}

Deno.test("our packet scripts hold on the Linux kernel", async () => {
  const verdicts = await runAll("kernel");
  assertEquals(complaints(verdicts), []);
  assertEquals(
    verdicts.filter(({ outcome }) => outcome === "pass").length,
    verdicts.length,
  );
});

Deno.test("our packet scripts hold on the engine on a TAP", async () => {
  assertEquals(complaints(await runAll("tap")), []);
});

Deno.test("our packet scripts hold on the engine in virtual time", async () => {
  assertEquals(complaints(await runAll("memory")), []);
});

Deno.test("our packet scripts fail when any one expectation is changed", async () => {
  const { code, stdout } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", `${FOLDER}/mutation/main.ts`, FOLDER],
  }).output();
  const text = new TextDecoder().decode(stdout);
  console.log(text.trim().split("\n").at(-1));
  assertEquals(code, 0, text);
});
