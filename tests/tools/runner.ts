/**
 * Runs `deno test` on files and adds up what it says.
 *
 * The counts come from the closing line that `deno test` prints. A run that
 * ends without one (a crash, a type error, a module that does not load, the
 * time limit) counts as one failure, so that nothing that did not run can look
 * like something that passed.
 *
 * @module
 */

/** The root of the tree, with a slash at its end. */
export const ROOT: string = new URL("../../", import.meta.url).pathname;

/** What one or several runs came to. */
export interface Tally {
  /** Tests that passed. */
  passed: number;
  /** Tests that failed, and runs that did not come to an end. */
  failed: number;
  /** Tests that were marked to be ignored. */
  skipped: number;
}

/** A count of nothing. */
export function createTally(): Tally {
  return { passed: 0, failed: 0, skipped: 0 };
}

/** Adds `more` to `sum`. */
export function addTally(sum: Tally, more: Tally): void {
  sum.passed += more.passed;
  sum.failed += more.failed;
  sum.skipped += more.skipped;
}

/** The closing line of a run: `N passed, N failed`, and `, N skipped` if any were. */
export function formatTally(sum: Tally): string {
  const skipped = sum.skipped > 0 ? `, ${sum.skipped} skipped` : "";
  return `${sum.passed} passed, ${sum.failed} failed${skipped}`;
}

/** The test files below `folder` of the tree, sorted; none when there is no such folder. */
export function listTests(folder: string): string[] {
  const files: string[] = [];
  const pending = [folder];
  for (let at = pending.pop(); at !== undefined; at = pending.pop()) {
    for (const entry of readFolder(ROOT + at)) {
      const path = `${at}/${entry.name}`;
      if (entry.isDirectory) pending.push(path);
      else if (entry.name.endsWith("_test.ts")) files.push(path);
    }
  }
  return files.sort();
}

function readFolder(path: string): Deno.DirEntry[] {
  try {
    return [...Deno.readDirSync(path)];
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return [];
    throw error;
  }
}

/**
 * The counts in the output of a `deno test` that ended with `code`.
 *
 * Its last line of the form `ok | 3 passed (2 steps) | 0 failed | 1 ignored`
 * is believed, unless the exit status says failure and the line does not.
 */
export function parseTally(output: string, code: number): Tally {
  const line =
    /^(?:ok|FAILED) \| (\d+) passed[^|\n]*\| (\d+) failed[^|\n]*(?:\| (\d+) ignored)?/gm;
  const last = [...output.matchAll(line)].at(-1);
  if (last === undefined) return { passed: 0, failed: 1, skipped: 0 };
  const failed = Number(last[2]);
  return {
    passed: Number(last[1]),
    failed: failed === 0 && code !== 0 ? 1 : failed,
    skipped: Number(last[3] ?? 0),
  };
}

/** How a command ended. */
export interface Outcome {
  /** Exit status; that of a killed process when it met the time limit. */
  readonly code: number;
  /** What it wrote to standard output, which was passed on as it came. */
  readonly output: string;
  /** Whether it was killed for taking longer than it may. */
  readonly timedOut: boolean;
}

/** Runs this Deno with `args` at the root of the tree, passing its output on, for at most `timeLimit` seconds. */
export async function runDeno(
  args: readonly string[],
  timeLimit: number,
): Promise<Outcome> {
  const child = new Deno.Command(Deno.execPath(), {
    args: [...args],
    cwd: ROOT,
    env: {
      NO_COLOR: "1",
      DENO_NO_UPDATE_CHECK: "1",
      // A shell made by plain su has no sbin in its path, where ip and tcpdump live.
      PATH: `${Deno.env.get("PATH") ?? ""}:/usr/local/sbin:/usr/sbin:/sbin`,
    },
    stdin: "null",
    stdout: "piped",
    stderr: "inherit",
  }).spawn();
  let timedOut = false;
  const timer = setTimeout(() => {
    timedOut = true;
    child.kill("SIGKILL");
  }, timeLimit * 1000);
  const decoder = new TextDecoder();
  let output = "";
  for await (const chunk of child.stdout) {
    Deno.stdout.writeSync(chunk);
    output += decoder.decode(chunk, { stream: true });
  }
  const { code } = await child.status;
  clearTimeout(timer);
  return { code, output, timedOut };
}

/** Runs `deno test` with `flags` on `files` and counts; no files count nothing. */
export async function runTests(
  files: readonly string[],
  flags: readonly string[],
  timeLimit: number,
): Promise<Tally> {
  if (files.length === 0) return createTally();
  const outcome = await runDeno(
    ["test", "--frozen", "--no-prompt", ...flags, ...files],
    timeLimit,
  );
  const tally = parseTally(outcome.output, outcome.code);
  if (outcome.timedOut) {
    console.log(`killed: it took longer than ${timeLimit} s`);
    tally.failed = Math.max(tally.failed, 1);
  }
  return tally;
}
