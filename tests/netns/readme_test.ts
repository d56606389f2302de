/**
 * What the README promises: its commands exist, its programs run, its tables
 * name files that are there.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { Namespace } from "./harness.ts";

const ROOT = new URL("../../", import.meta.url);
const README = Deno.readTextFileSync(new URL("README.md", ROOT));
const CONFIG = JSON.parse(Deno.readTextFileSync(new URL("deno.json", ROOT)));
const ECHO = new URL("./programs/echo.ts", import.meta.url);

/** The TypeScript programs of the README, in order. */
const PROGRAMS = [...README.matchAll(/```ts\n(.*?)```/gs)].map((m) => m[1]);

/** Runs `program` as a file of the tree, so that it finds the package by name. */
async function run(
  namespace: Namespace,
  program: string,
  permissions: readonly string[],
): Promise<string> {
  const path = await Deno.makeTempFile({
    dir: new URL("tests/netns", ROOT).pathname,
    prefix: "readme_",
    suffix: ".tmp.ts",
  });
  try {
    await Deno.writeTextFile(path, program);
    const flags = ["run", "--quiet", "--no-prompt", "--no-check"];
    return await namespace.run(
      ...[Deno.execPath(), ...flags, ...permissions, path],
    );
  } finally {
    await Deno.remove(path);
  }
}

Deno.test("README shows both commands on its first screen, and they are tasks", () => {
  const screen = README.split("\n").slice(0, 24).join("\n");
  for (const task of ["demo", "test"]) {
    assertMatch(screen, new RegExp(`npx -y deno@2\\.9\\.6 task ${task}\\b`));
    assert(task in CONFIG.tasks);
  }
  assertEquals(
    CONFIG.tasks.demo.command,
    "deno run --allow-all examples/demo.ts",
  );
});

Deno.test("README names only tasks, files and folders that exist", () => {
  for (const [, task] of README.matchAll(/`deno task (\w+)/g)) {
    assert(task in CONFIG.tasks, task);
  }
  const paths = [
    ...README.matchAll(/\b(examples\/\w+\.ts|tests\/\w+)\b/g),
    ...README.matchAll(/\]\((\w+\.md)\)/g),
  ].map((match) => match[1]);
  assert(paths.length > 10);
  for (const path of paths) Deno.statSync(new URL(path, ROOT));
});

Deno.test("README gives each example the command that its first lines give", () => {
  const commands = [
    ...README.matchAll(/`(deno run .*?(examples\/\w+\.ts).*?)`/g),
  ];
  assert(commands.length >= 5);
  for (const [, command, path] of commands) {
    const source = Deno.readTextFileSync(new URL(path, ROOT));
    assert(source.includes(` *     ${command}\n`), command);
  }
});

Deno.test("README's first program sends its second greeting in the SYN", async () => {
  await using namespace = await Namespace.create();
  await namespace.deno(ECHO, "--port", "7").nextJson();
  const stdout = await run(namespace, PROGRAMS[0], ["--allow-ffi"]);
  assertEquals(stdout, "hello requested 0 0\nhello sent 5 5\n");
});

Deno.test("README's program without an operating system needs no permission", async () => {
  await using namespace = await Namespace.create();
  assertEquals(await run(namespace, PROGRAMS[1], []), "1\n");
});
