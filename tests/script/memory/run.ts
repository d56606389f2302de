/**
 * Runs a job on the engine in virtual time.
 *
 * @module
 */
import { type Job, runJob, type Verdict } from "../run/job.ts";
import { MemoryExecutor } from "./executor.ts";

/** Runs `job` to its verdict. */
export function runInMemory(job: Job): Promise<Verdict> {
  const directory = job.path.includes("/")
    ? job.path.replace(/\/[^/]*$/, "")
    : ".";
  const readSibling = (path: string): string | null => {
    try {
      return Deno.readTextFileSync(
        path.startsWith("/") ? path : `${directory}/${path}`,
      );
    } catch {
      return null;
    }
  };
  return runJob(job, (config) => new MemoryExecutor(config, readSibling));
}
