/**
 * `deno task ok`: what every commit must pass, in under a minute and without root.
 *
 * All steps run even when one fails, so that one run shows all there is to mend.
 *
 * @module
 */
import { listTests, runDeno, runTests } from "./runner.ts";

/** Seconds a step may take. */
const TIME_LIMIT = 300;

/** The modules a stranger imports: their documentation must be whole. */
const ENTRY_POINTS = ["mod.ts", "engine/mod.ts", "ffi/mod.ts"];

async function main(): Promise<number> {
  const broken: string[] = [];
  for (
    const [name, ...args] of [
      ["format", "fmt", "--check"],
      ["lint", "lint"],
      ["types", "check", "--frozen"],
      ["documentation", "doc", "--lint", ...ENTRY_POINTS],
    ]
  ) {
    console.log(`\n== ${name}`);
    const { code, timedOut } = await runDeno(args, TIME_LIMIT);
    if (code !== 0 || timedOut) broken.push(name);
  }
  console.log("\n== unit and sim tests, no permissions");
  const files = [...listTests("tests/unit"), ...listTests("tests/sim")];
  const tally = await runTests(files, ["--no-check", "--parallel"], TIME_LIMIT);
  if (tally.failed > 0) broken.push("tests");
  console.log(
    broken.length === 0
      ? `\nok: ${tally.passed} tests passed`
      : `\nnot ok: ${broken.join(", ")}`,
  );
  return broken.length === 0 ? 0 : 1;
}

Deno.exit(await main());
