/**
 * `deno task test [PATH…]`: every test there is, set-up included.
 *
 * What needs no permission runs without any, a process for each folder. Each
 * network test file gets a process of its own, since a fault in foreign code
 * ends the process it happens in. With arguments only the files run whose path contains
 * one of them. The last line is `N passed, N failed`; whatever keeps tests
 * from running counts as a failure.
 *
 * @module
 */
import {
  addTally,
  createTally,
  formatTally,
  listTests,
  runTests,
} from "./runner.ts";
import type { Tally } from "./runner.ts";
import { setUp } from "./setup.ts";

/** Folders whose tests run without permissions. */
const PURE = ["tests/unit", "tests/sim", "tests/fuzz", "tests/script"];
/** The folder whose tests need root and a kernel. */
const NETWORK = "tests/netns";
/** Seconds a folder of tests without permissions may take. */
const PURE_TIME_LIMIT = 900;
/** Seconds one network test file may take. */
const NETWORK_TIME_LIMIT = 600;

/** Why nothing ran where something should have, counted as one failure each. */
function refuse(sum: Tally, complaints: readonly string[]): void {
  for (const complaint of complaints) {
    console.log(`cannot run: ${complaint}`);
    sum.failed += 1;
  }
}

async function main(paths: readonly string[]): Promise<number> {
  const select = (folder: string): string[] =>
    listTests(folder).filter((file) =>
      paths.length === 0 || paths.some((path) => file.includes(path))
    );
  const sum = createTally();
  const failing: string[] = [];
  const run = async (
    name: string,
    files: readonly string[],
    flags: readonly string[],
    timeLimit: number,
  ): Promise<void> => {
    console.log(`\n== ${name}`);
    const tally = await runTests(files, flags, timeLimit);
    if (tally.failed > 0) failing.push(name);
    addTally(sum, tally);
  };
  for (const folder of PURE) {
    const files = select(folder);
    if (files.length > 0) await run(folder, files, [], PURE_TIME_LIMIT);
  }
  const network = select(NETWORK);
  const complaints = network.length > 0 ? setUp() : [];
  refuse(sum, complaints);
  for (const file of complaints.length === 0 ? network : []) {
    await run(file, [file], ["--allow-all"], NETWORK_TIME_LIMIT);
  }
  if (sum.passed + sum.failed + sum.skipped === 0) {
    refuse(sum, [`no test matches ${paths.join(" ")}`]);
  }
  if (failing.length > 0) console.log(`\nfailures in ${failing.join(", ")}`);
  console.log(`\n${formatTally(sum)}`);
  return sum.failed === 0 ? 0 : 1;
}

Deno.exit(await main(Deno.args));
