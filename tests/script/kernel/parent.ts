/**
 * Runs jobs in real time, each in a process and namespace of its own.
 *
 * Time is real there, so on a busy machine a run can be late through nobody's
 * fault; such a run says nothing and is repeated.
 *
 * @module
 */
import type { Job, Verdict } from "../run/job.ts";

/** The programs that run one script. */
const CHILDREN = {
  kernel: new URL("./child.ts", import.meta.url).pathname,
  tap: new URL("../tap/child.ts", import.meta.url).pathname,
} as const;
/** Runs of one script before lateness is given as the verdict. */
const ATTEMPTS = 4;
/** Longest life of a run, ms. */
const RUN_LIMIT_MS = 120_000;

/** Runs `job`, again when the machine was too slow for it. */
export async function runInChild(
  executor: keyof typeof CHILDREN,
  job: Job,
): Promise<Verdict> {
  const program = CHILDREN[executor];
  let verdict = await runOnce(program, job);
  for (let i = 1; i < ATTEMPTS && isLate(verdict); i++) {
    verdict = await runOnce(program, job);
  }
  return verdict.outcome === "late" ? { ...verdict, outcome: "fail" } : verdict;
}

/** Whether only the time was wrong: ours, or the kernel's on a machine that was busy with other things. */
function isLate(verdict: Verdict): boolean {
  return verdict.outcome === "late" ||
    (verdict.outcome === "fail" &&
      /happened at|expected TS val/.test(verdict.reason));
}

async function runOnce(program: string, job: Job): Promise<Verdict> {
  const process = new Deno.Command("unshare", {
    args: [
      "--net",
      "--",
      Deno.execPath(),
      "run",
      "--allow-all",
      "--no-check",
      "--quiet",
      program,
      JSON.stringify(job),
    ],
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  let isOverdue = false;
  const timer = setTimeout(() => {
    isOverdue = true;
    process.kill("SIGKILL");
  }, RUN_LIMIT_MS);
  const { stdout, stderr } = await process.output();
  clearTimeout(timer);
  const text = new TextDecoder().decode(stdout).trim();
  const last = text.slice(text.lastIndexOf("\n") + 1);
  if (last.startsWith("{")) return JSON.parse(last);
  const reason = isOverdue
    ? `not finished after ${RUN_LIMIT_MS / 1000} s`
    : new TextDecoder().decode(stderr).trim();
  return {
    path: job.path,
    outcome: "fail",
    line: 0,
    reason: reason || "the run ended without a verdict",
    narration: [],
  };
}
