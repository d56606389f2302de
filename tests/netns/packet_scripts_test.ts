/**
 * The packet scripts of this tree pass: on the kernel, which is the oracle for
 * what they may say, and on the engine in virtual time.
 *
 * @module
 */
import { assertEquals } from "@std/assert";
import { findScripts } from "../script/find.ts";
import { runInChild } from "../script/kernel/parent.ts";
import { runInMemory } from "../script/memory/run.ts";
import type { Job, Verdict } from "../script/run/job.ts";

const FOLDER = new URL("../script", import.meta.url).pathname;
/** Runs in real time at a time. */
const PARALLEL = 4;

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

function complaints(verdicts: readonly Verdict[]): string[] {
  return verdicts
    .filter(({ outcome }) => outcome === "fail" || outcome === "invalid")
    .map(({ path, line, reason }) => `${path}:${line}: ${reason}`);
}

Deno.test("our packet scripts hold on the Linux kernel", async () => {
  const all = jobs();
  const verdicts: Verdict[] = [];
  for (let i = 0; i < all.length; i += PARALLEL) {
    const batch = all.slice(i, i + PARALLEL);
    verdicts.push(
      ...await Promise.all(batch.map((job) => runInChild("kernel", job))),
    );
  }
  assertEquals(complaints(verdicts), []);
  assertEquals(
    verdicts.filter(({ outcome }) => outcome === "pass").length,
    all.length,
  );
});

Deno.test("our packet scripts hold on the engine in virtual time", async () => {
  const verdicts: Verdict[] = [];
  for (const job of jobs()) verdicts.push(await runInMemory(job));
  assertEquals(complaints(verdicts), []);
});
