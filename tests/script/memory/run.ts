/**
 * Runs a job on the engine in virtual time.
 *
 * @module
 */
import { type Job, runJob, type Verdict } from "../run/job.ts";
import { EngineExecutor } from "../engine/executor.ts";
import type { RunConfig } from "../run/config.ts";
import { VirtualWire } from "./virtual_wire.ts";

/** Runs `job` to its verdict. */
export function runInMemory(job: Job): Promise<Verdict> {
  return runJob(job, (config) => openInMemory(config, job.path));
}

/** The engine in virtual time, for the script at `path`. */
export function openInMemory(config: RunConfig, path: string): EngineExecutor {
  return new EngineExecutor(
    config,
    siblingReader(path),
    new VirtualWire(config.mtu),
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
