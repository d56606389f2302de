/**
 * The process in which one script runs against the kernel.
 *
 * Started inside a fresh network namespace with the job as its argument; the
 * verdict is one line of JSON on standard output.
 *
 * @module
 */
import { type Job, runJob } from "../run/job.ts";
import { KernelExecutor } from "./executor.ts";

if (import.meta.main) {
  const job: Job = JSON.parse(Deno.args[0]);
  const verdict = await runJob(
    job,
    (config) => KernelExecutor.open(config, job.path),
  );
  console.log(JSON.stringify(verdict));
  // A call that still blocks would keep the process alive.
  Deno.exit(0);
}
