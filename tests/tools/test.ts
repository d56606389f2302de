/**
 * `deno task test [PATH…]`: every test there is, set-up included.
 *
 * What needs no permission runs without any, in one process. Each network test
 * file gets a process of its own, since a fault in foreign code ends the
 * process it happens in. With arguments only the files run whose path contains
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
/** Seconds all the tests without permissions may take. */
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
  const wanted = (file: string): boolean =>
    paths.length === 0 || paths.some((path) => file.includes(path));
  const pure = PURE.flatMap(listTests).filter(wanted);
  const network = listTests(NETWORK).filter(wanted);
  const sum = createTally();
  const failing: string[] = [];
  if (pure.length + network.length === 0) {
    refuse(sum, [`no test file matches ${paths.join(" ")}`]);
  }
  console.log(`== ${pure.length} files, no permissions`);
  const tally = await runTests(pure, [], PURE_TIME_LIMIT);
  if (tally.failed > 0) failing.push(...PURE);
  addTally(sum, tally);
  const complaints = network.length > 0 ? setUp() : [];
  refuse(sum, complaints);
  for (const file of complaints.length === 0 ? network : []) {
    console.log(`\n== ${file}`);
    const one = await runTests([file], ["--allow-all"], NETWORK_TIME_LIMIT);
    if (one.failed > 0) failing.push(file);
    addTally(sum, one);
  }
  if (failing.length > 0) console.log(`\nfailures in ${failing.join(", ")}`);
  console.log(`\n${formatTally(sum)}`);
  return sum.failed === 0 ? 0 : 1;
}

Deno.exit(await main(Deno.args));
