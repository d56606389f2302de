import { assertEquals } from "@std/assert";
import plugin from "../../tools/lint_plugin.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** What the plugin says of `source` at `path`, as "rule@text" in order of place. */
function complaints(path: string, source: string): string[] {
  return Deno.lint.runPlugin(plugin, ROOT + path, source)
    .sort((a, b) => a.range[0] - b.range[0])
    .map((d) => d.id.replace("synload/", ""));
}

function assertClean(path: string, source: string): void {
  assertEquals(complaints(path, source), [], source);
}

function assertRule(rule: string, path: string, sources: string[]): void {
  for (const source of sources) {
    assertEquals(complaints(path, source), [rule], source);
  }
}

Deno.test("import-direction reports every form of import to the right", () => {
  assertRule("import-direction", "engine/wire/x.ts", [
    `import { a } from "../tcp/a.ts";`,
    `import type { A } from "../link/a.ts";`,
    `import "../mod.ts";`,
    `export { a } from "../ip/a.ts";`,
    `export * from "../wsk/a.ts";`,
    `const a = await import("../stack/a.ts");`,
    `type A = import("../udp/a.ts").A;`,
    `const a = await import(name);`,
  ]);
});

Deno.test("import-direction keeps engine/ closed in itself", () => {
  assertRule("import-direction", "engine/tcp/x.ts", [
    `import { assert } from "@std/assert";`,
    `import { a } from "npm:a";`,
    `import { a } from "node:buffer";`,
    `import { a } from "../../ffi/a.ts";`,
    `import { a } from "../../mod.ts";`,
    `import { a } from "../unheard_of/a.ts";`,
  ]);
});

Deno.test("import-direction lets ffi/ in by the front door only", () => {
  assertRule("import-direction", "ffi/x.ts", [
    `import { a } from "../engine/base/a.ts";`,
    `export { a } from "../engine/link/device.ts";`,
    `import { a } from "npm:a";`,
    `import { a } from "../mod.ts";`,
  ]);
  assertClean(
    "ffi/x.ts",
    `import { a } from "../engine/mod.ts"; import { b } from "./b.ts"; a; b;`,
  );
});

Deno.test("import-direction allows own layer, lower layers and files it does not bind", () => {
  const own = `import { a } from "./a.ts"; export { b } from "../base/b.ts";`;
  assertClean("engine/wire/x.ts", own);
  assertClean("engine/mod.ts", `export { a } from "./wsk/a.ts";`);
  assertClean("tests/unit/x.ts", `import { a } from "@std/assert"; a;`);
  assertClean("mod.ts", `export { a } from "./ffi/mod.ts";`);
});

Deno.test("no-host-api reports each way to the host", () => {
  assertRule("no-host-api", "engine/tcp/x.ts", [
    `const t = Date.now();`,
    `const t = new Date();`,
    `const t = performance.now();`,
    `setTimeout(f, 1);`,
    `const later = setTimeout;`,
    `const { env } = Deno;`,
    `console.log(1);`,
    `crypto.getRandomValues(a);`,
    `const r = Math.random();`,
    `const s = AbortSignal.timeout(5);`,
    `const g = globalThis;`,
    `let at: Date;`,
  ]);
});

Deno.test("no-host-api passes names of members, and all code outside engine/", () => {
  assertClean("engine/tcp/x.ts", `ports.crypto.a(); const o = { Date: 1 };`);
  assertClean("engine/tcp/x.ts", `const m = Math.min(a, b);`);
  assertClean("engine/tcp/x.ts", `const window = t.sndWnd; f(window);`);
  assertClean("ffi/x.ts", `performance.now(); Deno.exit();`);
});

Deno.test("no-raw-seq-compare reports order between sequence numbers", () => {
  assertRule("no-raw-seq-compare", "engine/tcp/x.ts", [
    `if (t.sndUna < s.ack) f();`,
    `if (a >= t.rcvNxt) f();`,
    `if (seq <= b) f();`,
    `if (this.#iss > b) f();`,
    `if ((a as unknown as number) < (irs as unknown as number)) f();`,
    `if ((t.sndUna | 0) < 5) f();`,
    `if (seqToU32(a) < seqToU32(b)) f();`,
    `const m = Math.max(t.sndNxt, b);`,
  ]);
});

Deno.test("no-raw-seq-compare passes look-alikes, equality and seq.ts itself", () => {
  assertClean("engine/tcp/x.ts", `if (slack < track || stack > back) f();`);
  assertClean("engine/tcp/x.ts", `if (t.sndUna === s.ack) f();`);
  assertClean("engine/tcp/x.ts", `if (seqSpan(t.sndUna, s.ack) < 0) f();`);
  assertClean("engine/tcp/x.ts", `if (bytesPerAck < 3) f();`);
  assertClean("engine/tcp/seq.ts", `if (seq < ack) f();`);
});

Deno.test("no-alloc-in-hot-file reports each allocation inside a function", () => {
  assertRule("no-alloc-in-hot-file", "engine/tcp/x.ts", [
    `// @hot\nfunction f(a) { return a.subarray(1); }`,
    `// @hot\nfunction f(a) { return a.slice(1); }`,
    `// @hot\nfunction f() { return g(() => 1); }`,
    `// @hot\nfunction f() { return g(function () {}); }`,
    `// @hot\nfunction f() { return { a: 1 }; }`,
    `// @hot\nfunction f() { return [1]; }`,
    `// @hot\nfunction f() { return new A(); }`,
    `// @hot\nfunction f() { throw e; }`,
    `// @hot\nfunction f(...a) { return 1; }`,
    "// @hot\nfunction f(a) { return `a ${a}`; }",
    `// @hot\nasync function f() {}`,
    `// @hot\nclass A { m() { return [1]; } }`,
    `// @hot\nclass A { async m() {} }`,
    `// @hot\nclass A { get m() { return {}; } }`,
    `// @hot\nconst f = () => [1];`,
  ]);
});

Deno.test("no-alloc-in-hot-file passes what is made once, and files not marked", () => {
  assertClean("engine/tcp/x.ts", `// @hot\nconst a = new A([1], { b: 1 });`);
  assertClean(
    "engine/tcp/x.ts",
    `// @hot\nclass A { b = new B(); constructor() { if (x) throw new E(); } }`,
  );
  assertClean("engine/tcp/x.ts", `// @hot\nfunction createA() { return {}; }`);
  assertClean("engine/tcp/x.ts", "// @hot\nfunction f() { return `plain`; }");
  assertClean(
    "engine/tcp/x.ts",
    "// @hot\nfunction f(a) { failRange(`${a}`); }",
  );
  assertClean(
    "engine/tcp/x.ts",
    "// @hot\nfunction codeName(a) { return `${a}`; }",
  );
  assertClean(
    "engine/tcp/x.ts",
    `// @hot\nclass A { toObject() { return {}; } }`,
  );
  assertClean("engine/tcp/x.ts", `function f() { return [() => ({})]; }`);
});

Deno.test("plain-syntax reports what the house does without", () => {
  assertRule("plain-syntax", "ffi/x.ts", [
    `enum A { B }`,
    `export default 1;`,
    `class A extends B {}`,
    `function f(a: boolean) {}`,
    `function f(a = false) {}`,
    `class A { m(a?: boolean) {} }`,
    `@a class A {}`,
  ]);
  assertClean("ffi/x.ts", `class A extends TypeError {}`);
  assertClean("ffi/x.ts", `class A { set on(a: boolean) {} }`);
  assertClean("tests/x.ts", `export default 1;`);
});
