/**
 * The process in which one script runs on the engine behind a TUN.
 *
 * @module
 */
import { EngineExecutor } from "../engine/executor.ts";
import { runInMemory, siblingReader } from "../memory/run.ts";
import { type Job, runJob } from "../run/job.ts";
import { TapWire } from "./tap_wire.ts";

if (import.meta.main) {
  const job: Job = JSON.parse(Deno.args[0]);
  // Code that runs for the first time is slow by milliseconds; a run in virtual time makes it fast.
  await runInMemory(job);
  const verdict = await runJob(
    job,
    (config) =>
      new EngineExecutor(config, siblingReader(job.path), new TapWire(config)),
  );
  console.log(JSON.stringify(verdict));
  Deno.exit(0);
}
