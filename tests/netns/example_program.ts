/**
 * The examples as a user starts them: with the permissions their first lines
 * name and no more, and nobody there to answer a prompt.
 *
 * @module
 */
import type { Namespace } from "./harness.ts";
import type { Program } from "./harness_program.ts";

/** Starts `examples/NAME.ts` inside with `--allow-ffi` and the further `permissions`. */
export function startExample(
  namespace: Namespace,
  name: string,
  args: readonly string[],
  permissions: readonly string[] = [],
): Program {
  return namespace.spawn(exampleCommand(name, args, [
    "--allow-ffi",
    ...permissions,
  ]));
}

/** The command line of an example with exactly these permissions. */
export function exampleCommand(
  name: string,
  args: readonly string[],
  permissions: readonly string[],
): string[] {
  const path = new URL(`../../examples/${name}.ts`, import.meta.url).pathname;
  const run = [Deno.execPath(), "run", "--quiet", "--no-check", "--no-prompt"];
  return [...run, ...permissions, path, ...args];
}

/** Every line of `text` that is JSON, parsed. */
export function jsonLines(text: string): Record<string, unknown>[] {
  const lines = text.split("\n").filter((line) => line.startsWith("{"));
  return lines.map((line) => JSON.parse(line));
}
