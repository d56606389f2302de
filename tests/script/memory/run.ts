/**
 * Runs a job on the engine in virtual time.
 *
 * @module
 */
import { type Job, runJob, type Verdict } from "../run/job.ts";
import { MemoryExecutor } from "./executor.ts";

/** Runs `job` to its verdict. */
export function runInMemory(job: Job): Promise<Verdict> {
  return runJob(
    job,
    (config) => new MemoryExecutor(config, siblingReader(job.path)),
  );
}

/** Reads files that the commands of the script at `path` name; null for those that are not there. */
export function siblingReader(path: string): (name: string) => string | null {
  const directory = path.includes("/") ? path.replace(/\/[^/]*$/, "") : ".";
  return (name) => {
    try {
      return Deno.readTextFileSync(
        name.startsWith("/") ? name : `${directory}/${name}`,
      );
    } catch {
      return null;
    }
  };
}
