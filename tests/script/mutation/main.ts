/**
 * Changes every expectation of every script, one at a time, and checks that
 * the changed script fails: `deno run -A tests/script/mutation/main.ts FILE|DIR …`
 *
 * Runs on the engine in virtual time. A script that does not pass unchanged is
 * left out and counted. Mutations nobody noticed are printed; exit status 1.
 *
 * @module
 */
import { findScripts } from "../find.ts";
import type { Script } from "../lang/ast.ts";
import { openInMemory } from "../memory/run.ts";
import type { RunConfig } from "../run/config.ts";
import { judge, prepare, type Verdict } from "../run/job.ts";
import { ScriptRun } from "../run/runner.ts";
import { mutationsOf } from "./mutations.ts";

if (import.meta.main) Deno.exit(main(Deno.args));

function main(paths: readonly string[]): number {
  let tried = 0;
  let leftOut = 0;
  const unnoticed: string[] = [];
  for (const path of paths.flatMap(findScripts)) {
    const source = Deno.readTextFileSync(path);
    const { script, config } = prepare({
      path,
      source,
      family: null,
      options: [],
      defines: [],
      initFiles: [],
    });
    if (outcomeOf(script, config) !== "pass") {
      leftOut++;
      continue;
    }
    for (const mutation of mutationsOf(script, config.tsTickUsecs > 0)) {
      tried++;
      if (outcomeOf(mutation.script, config) !== "fail") {
        unnoticed.push(`${path}:${mutation.line}: ${mutation.name}`);
      }
    }
  }
  for (const text of unnoticed) console.log(`not noticed: ${text}`);
  console.log(
    `${tried} mutations, ${
      tried - unnoticed.length
    } noticed; ${leftOut} scripts do not pass and were left out`,
  );
  return unnoticed.length === 0 ? 0 : 1;
}

function outcomeOf(script: Script, config: RunConfig): Verdict["outcome"] {
  const executor = openInMemory(config, script.path);
  try {
    new ScriptRun(script, config, executor, () => {}).run();
    return "pass";
  } catch (error) {
    return judge(error)[0];
  } finally {
    executor.close();
  }
}
