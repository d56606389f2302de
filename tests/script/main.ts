/**
 * The packet script runner: `deno task packetdrill [options] FILE|DIR …`.
 *
 * @module
 */
import { parseArguments, USAGE } from "./cli.ts";
import { OptionError } from "./run/config.ts";
import type { ExecutorName } from "./run/executor.ts";
import type { Job, Verdict } from "./run/job.ts";
import { printReport, toJson } from "./report.ts";
import { findScripts } from "./find.ts";

/** Runs in real time at a time: they mostly wait. */
const REAL_TIME_PARALLEL = 4;

if (import.meta.main) Deno.exit(await main(Deno.args));

async function main(args: readonly string[]): Promise<number> {
  try {
    return await run(args);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    console.error(`${error.message}\n\n${USAGE}`);
    return 2;
  }
}

async function run(args: readonly string[]): Promise<number> {
  const request = parseArguments(args);
  if (request.isHelp) {
    console.log(USAGE);
    return 0;
  }
  const files = request.paths.flatMap(findScripts);
  if (files.length === 0) throw new OptionError("no scripts (*.pkt) found");
  const jobs = files.map((path): Job => ({
    path,
    source: Deno.readTextFileSync(path),
    family: request.family,
    options: request.options,
    defines: request.defines,
    initFiles: request.initFiles,
  }));
  const verdicts = await runWith(request.executor, jobs);
  printReport(verdicts, request.paths, request.isVerbose);
  if (request.jsonPath !== null) {
    Deno.writeTextFileSync(
      request.jsonPath,
      toJson(verdicts, request.executor),
    );
  }
  return verdicts.some(({ outcome }) =>
      outcome === "fail" || outcome === "invalid"
    )
    ? 1
    : 0;
}

/** Loads only the executor asked for, so that each stands by itself. */
async function runWith(
  executor: ExecutorName,
  jobs: readonly Job[],
): Promise<Verdict[]> {
  switch (executor) {
    case "memory": {
      const { runInMemory } = await import("./memory/run.ts");
      return await runAll(jobs, 1, runInMemory);
    }
    case "kernel":
    case "tap": {
      const { runInChild } = await import("./kernel/parent.ts");
      return await runAll(
        jobs,
        REAL_TIME_PARALLEL,
        (job) => runInChild(executor, job),
      );
    }
  }
}

/** Runs `jobs`, `parallel` at a time; verdicts in the order of jobs. */
async function runAll(
  jobs: readonly Job[],
  parallel: number,
  runOne: (job: Job) => Promise<Verdict>,
): Promise<Verdict[]> {
  const verdicts: Verdict[] = [];
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < jobs.length) {
      const index = next++;
      verdicts[index] = await runOne(jobs[index]);
    }
  };
  await Promise.all(Array.from({ length: parallel }, work));
  return verdicts;
}
