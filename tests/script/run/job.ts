/**
 * One script, one executor, one verdict.
 *
 * @module
 */
import type { Script } from "../lang/ast.ts";
import { parseScript } from "../lang/parser.ts";
import { ScriptError } from "../lang/script_error.ts";
import {
  defaultDefines,
  type Family,
  makeConfig,
  OptionError,
  type RunConfig,
} from "./config.ts";
import {
  type Executor,
  NotApplicable,
  RunnerLate,
  ScriptFailure,
} from "./executor.ts";
import { ScriptRun } from "./runner.ts";

/** What to run and how; plain data, so that it can be sent to another process. */
export interface Job {
  /** Path of the script. */
  readonly path: string;
  /** Its text. */
  readonly source: string;
  /** Family asked for on the command line, or null for the script's own. */
  readonly family: Family | null;
  /** Options of the command line, names without dashes. */
  readonly options: readonly (readonly [string, string | null])[];
  /** `-D` definitions of the command line. */
  readonly defines: readonly (readonly [string, string])[];
  /** Shell files run before the script. */
  readonly initFiles: readonly string[];
}

/** How a run ended. */
export interface Verdict {
  /** Path of the script. */
  readonly path: string;
  /** `invalid` scripts could not be read; `late` runs say nothing. */
  readonly outcome: "pass" | "fail" | "notApplicable" | "invalid" | "late";
  /** Line of the script, 0 when none is to blame. */
  readonly line: number;
  /** Why; empty after a pass. */
  readonly reason: string;
  /** What happened, line by line. */
  readonly narration: readonly string[];
}

/** Makes an executor for a configuration. */
export type ExecutorFactory = (
  config: RunConfig,
  script: Script,
) => Promise<Executor> | Executor;

/** Parses and runs; never throws because of the script. */
export async function runJob(
  job: Job,
  open: ExecutorFactory,
): Promise<Verdict> {
  const narration: string[] = [];
  const end = (
    outcome: Verdict["outcome"],
    line: number,
    reason: string,
  ): Verdict => ({
    path: job.path,
    outcome,
    line,
    reason,
    narration,
  });
  try {
    const { script, config } = prepare(job);
    const executor = await open(config, script);
    try {
      for (const file of [...config.initScripts, ...job.initFiles]) {
        executor.command(file);
      }
      new ScriptRun(script, config, executor, (text) => narration.push(text))
        .run();
    } finally {
      executor.close();
    }
    return end("pass", 0, "");
  } catch (error) {
    return end(...judge(error));
  }
}

/** What a thrown thing says about a run: outcome, line, reason. */
export function judge(error: unknown): [Verdict["outcome"], number, string] {
  if (error instanceof ScriptError) {
    return ["invalid", error.position.line, error.message];
  }
  if (error instanceof OptionError) return ["invalid", 1, error.message];
  if (error instanceof ScriptFailure) {
    return ["fail", error.line, error.message];
  }
  if (error instanceof NotApplicable) {
    return ["notApplicable", 0, error.message];
  }
  if (error instanceof RunnerLate) {
    return ["late", 0, `the runner was too slow: ${error.message}`];
  }
  const reason = error instanceof Error
    ? error.stack ?? error.message
    : String(error);
  return ["fail", 0, reason];
}

/** The script and its configuration. @throws ScriptError, OptionError, NotApplicable */
export function prepare(job: Job): { script: Script; config: RunConfig } {
  const own = /^--ip_version=(\S+)/m.exec(job.source)?.[1] ?? null;
  if (job.family !== null && own !== null && own !== job.family) {
    throw new NotApplicable(`the script is for ${own} only`);
  }
  const family = job.family ??
    (own === "ipv6" || own === "ipv4-mapped-ipv6" ? own : "ipv4");
  const defines = defaultDefines(family);
  for (const [name, value] of job.defines) defines.set(name, value);
  const script = parseScript(job.path, job.source, defines);
  const config = makeConfig(script.options, [
    ["ip_version", family],
    ...job.options,
  ]);
  return { script, config };
}
