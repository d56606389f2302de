/**
 * House rules that a type checker cannot see. Wired in deno.json under `lint.plugins`.
 *
 * | rule                 | keeps                                                              |
 * |----------------------|--------------------------------------------------------------------|
 * | import-direction     | engine/ closed in itself, its layers a line, ffi/ on its front door |
 * | no-host-api          | time, randomness and IO out of engine/                             |
 * | no-raw-seq-compare   | `<` away from numbers that wrap                                    |
 * | no-alloc-in-hot-file | the packet path free of garbage                                    |
 * | plain-syntax         | no enum, default export, decorator, inheritance, boolean parameter |
 *
 * Which rules bind a file depends on where it lies below the root of the tree,
 * two folders above this file. The rules know syntax only: a `Seq` under a name
 * no RFC uses, or an allocation inside a called function, passes unseen.
 *
 * @module
 */

/** Lower layers first. A file may import from its own layer or any layer to its left. */
const LAYERS = [
  "base",
  "wire",
  "link",
  "ip",
  "tcp",
  "udp",
  "stack",
  "socket",
  "wsk",
  "mod",
];

/** What belongs to the host and not to the language. Not `window` nor `Buffer`: TCP and WSK have their own, and Deno 2 has neither to offer that acts. */
const HOST_GLOBALS = new Set([
  "Date",
  "Deno",
  "Worker",
  "clearImmediate",
  "clearInterval",
  "clearTimeout",
  "console",
  "crypto",
  "fetch",
  "globalThis",
  "localStorage",
  "navigator",
  "performance",
  "process",
  "setImmediate",
  "setInterval",
  "setTimeout",
]);

/** Names of members of host-independent objects that still read a clock or draw a number. */
const HOST_MEMBERS = new Set(["Math.random", "AbortSignal.timeout"]);

/** The RFCs' names of sequence numbers (9293, 6675, 8985), alone or as the last word of a camel-case name. */
const SEQ_NAME =
  /(?:^(?:seq|ack|una|nxt|iss|irs|isn|wl1|wl2|fack|recover)|(?:Seq|Ack|Una|Nxt|Iss|Irs|Isn|Wl1|Wl2|Fack|Recover))$/;
/** Quantities whose names merely end like one: `bytesPerAck`. */
const NOT_SEQ_NAME = /(?:Per|has|is|can)(?:Ack|Seq)$/;
/** Functions that turn a sequence number into a number; comparing their results is comparing raw. */
const SEQ_TO_NUMBER = new Set(["seqBits", "seqToU32"]);

const ROOT = new URL("../../", import.meta.url).pathname;

/** The file's path below the root of the tree, or "" when it lies outside. */
function pathInTree(filename: string): string {
  return filename.startsWith(ROOT) ? filename.slice(ROOT.length) : "";
}

/** The layer a path in the tree belongs to, as an index into LAYERS, or -1. */
function layerOf(path: string): number {
  const match = /^engine\/([a-z0-9_]+)(?:\.ts$|\/)/.exec(path);
  return match ? LAYERS.indexOf(match[1]) : -1;
}

/** Why `here` may not import `spec`, or "" when it may. */
function importComplaint(here: string, spec: string): string {
  const inEngine = here.startsWith("engine/");
  const inFfi = here.startsWith("ffi/");
  if (!inEngine && !inFfi) return "";
  const where = inEngine ? "engine/" : "ffi/";
  if (!spec.startsWith(".")) return `${where} may not import "${spec}"`;
  const target = pathInTree(new URL(spec, `file://${ROOT}${here}`).pathname);
  if (inFfi) {
    return target.startsWith("ffi/") || target === "engine/mod.ts"
      ? ""
      : `ffi/ may import engine/mod.ts only, not "${spec}"`;
  }
  if (layerOf(target) < 0) {
    return `engine/ may not import "${spec}" from outside its layers`;
  }
  return layerOf(target) > layerOf(here)
    ? `${LAYERS[layerOf(here)]} may not import ${LAYERS[layerOf(target)]}`
    : "";
}

/** `node` without casts, assertions, parentheses and `| 0`, `>>> 0`: what is really compared. */
function unwrap(node: Deno.lint.Node): Deno.lint.Node {
  switch (node.type) {
    case "TSAsExpression":
    case "TSNonNullExpression":
    case "TSTypeAssertion":
      return unwrap(node.expression);
    case "BinaryExpression":
      return node.operator === "|" || node.operator === ">>>"
        ? unwrap(node.left)
        : node;
    default:
      return node;
  }
}

/** The last name of an identifier, member or called function, or "". */
function nameOf(node: Deno.lint.Node): string {
  switch (node.type) {
    case "Identifier":
    case "PrivateIdentifier":
      return node.name;
    case "MemberExpression":
      return node.computed ? "" : nameOf(node.property);
    case "CallExpression":
      return nameOf(node.callee);
    default:
      return "";
  }
}

/** Whether the expression is, by its name, a sequence number. */
function isSeq(node: Deno.lint.Node): boolean {
  const inner = unwrap(node);
  const name = nameOf(inner);
  if (inner.type === "CallExpression") return SEQ_TO_NUMBER.has(name);
  return SEQ_NAME.test(name) && !NOT_SEQ_NAME.test(name);
}

/** Whether the identifier is only a property's or member's name, which refers to nothing. */
function isKey(node: Deno.lint.Identifier): boolean {
  const parent = node.parent;
  switch (parent.type) {
    case "MemberExpression":
      return parent.property === node && !parent.computed;
    case "Property":
      return parent.key === node && !parent.computed && !parent.shorthand;
    case "MethodDefinition":
    case "PropertyDefinition":
    case "TSPropertySignature":
    case "TSMethodSignature":
      return parent.key === node && !parent.computed;
    default:
      return false;
  }
}

/** The node's parent; undefined at the top. */
function parentOf(node: Deno.lint.Node): Deno.lint.Node | undefined {
  return (node as { parent?: Deno.lint.Node }).parent;
}

/** Names of functions that make something or write text for a reader, which the packet path has no business to call. */
const MAKER_NAME =
  /^(?:create|format|describe|toObject|toString|toText)(?:[A-Z]|$)|[a-z]Name$/;

/** Whether `node` is a constructor or a function that by its name makes something. */
function isMaker(node: Deno.lint.Node): boolean {
  if (node.type === "FunctionDeclaration") {
    return node.id !== null && MAKER_NAME.test(node.id.name);
  }
  const parent = parentOf(node);
  if (parent?.type !== "MethodDefinition") return false;
  return parent.kind === "constructor" || MAKER_NAME.test(nameOf(parent.key));
}

/** Whether `node` is part of what is passed to a function like failRange, which throws: programmer error may cost. */
function feedsFailure(node: Deno.lint.Node): boolean {
  for (let at = parentOf(node); at && !isFunction(at); at = parentOf(at)) {
    if (at.type === "CallExpression" && /^fail(?:[A-Z]|$)/.test(nameOf(at))) {
      return true;
    }
  }
  return false;
}

function isFunction(node: Deno.lint.Node): boolean {
  return node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression";
}

/** Whether `node` runs each time a function is called that is not a maker. */
function runsPerCall(node: Deno.lint.Node): boolean {
  let perCall = false;
  for (let at = parentOf(node); at; at = parentOf(at)) {
    if (!isFunction(at)) continue;
    if (isMaker(at)) return false;
    perCall = true;
  }
  return perCall;
}

const importDirection: Deno.lint.Rule = {
  create(context) {
    const here = pathInTree(context.filename);
    const check = (node: Deno.lint.Node, spec: unknown): void => {
      if (typeof spec !== "string") return;
      const message = importComplaint(here, spec);
      if (message !== "") context.report({ node, message });
    };
    return {
      ImportDeclaration: (node) => check(node, node.source.value),
      ExportNamedDeclaration: (node) => check(node, node.source?.value),
      ExportAllDeclaration: (node) => check(node, node.source.value),
      ImportExpression(node) {
        if (node.source.type === "Literal") check(node, node.source.value);
        else if (/^(?:engine|ffi)\//.test(here)) {
          context.report({
            node,
            message: "A computed import has no direction",
          });
        }
      },
      TSImportType(node) {
        const argument = node.argument as {
          value?: unknown;
          literal?: unknown;
        };
        const literal = (argument.literal ?? argument) as { value?: unknown };
        check(node, literal.value);
      },
    };
  },
};

const noHostApi: Deno.lint.Rule = {
  create(context) {
    if (!pathInTree(context.filename).startsWith("engine/")) return {};
    const report = (node: Deno.lint.Node, name: string): void =>
      context.report({ node, message: `${name} is the host's: take a port` });
    return {
      Identifier(node) {
        if (HOST_GLOBALS.has(node.name) && !isKey(node)) {
          report(node, node.name);
        }
      },
      MemberExpression(node) {
        const name = `${nameOf(node.object)}.${nameOf(node.property)}`;
        if (HOST_MEMBERS.has(name)) report(node, name);
      },
    };
  },
};

const noRawSeqCompare: Deno.lint.Rule = {
  create(context) {
    const path = pathInTree(context.filename);
    if (!path.startsWith("engine/") || path === "engine/tcp/seq.ts") return {};
    const message = "Sequence numbers wrap: compare with seqBefore, seqAfter";
    return {
      BinaryExpression(node) {
        if (!["<", "<=", ">", ">="].includes(node.operator)) return;
        if (isSeq(node.left) || isSeq(node.right)) {
          context.report({ node, message });
        }
      },
      CallExpression(node) {
        const { callee } = node;
        if (callee.type !== "MemberExpression") return;
        if (nameOf(callee.object) !== "Math") return;
        if (!["min", "max"].includes(nameOf(callee))) return;
        if (node.arguments.some(isSeq)) context.report({ node, message });
      },
    };
  },
};

const noAllocInHotFile: Deno.lint.Rule = {
  create(context) {
    if (!context.sourceCode.text.startsWith("// @hot")) return {};
    const bad = (node: Deno.lint.Node, what: string): void => {
      if (!runsPerCall(node) || feedsFailure(node)) return;
      context.report({ node, message: `${what} on the packet path (@hot)` });
    };
    const flagFunction = (
      node:
        | Deno.lint.FunctionDeclaration
        | Deno.lint.FunctionExpression
        | Deno.lint.ArrowFunctionExpression,
    ): void => {
      bad(node, "a closure");
      if (isMaker(node)) return;
      const message = "a promise or generator on the packet path (@hot)";
      if (node.async || node.generator) context.report({ node, message });
    };
    return {
      CallExpression(node) {
        if (node.callee.type !== "MemberExpression") return;
        const name = nameOf(node.callee);
        if (name === "subarray" || name === "slice" || name === "concat") {
          bad(node, `${name}()`);
        }
      },
      FunctionDeclaration: flagFunction,
      ArrowFunctionExpression: flagFunction,
      FunctionExpression(node) {
        if (node.parent.type === "MethodDefinition") {
          const message = "a promise or generator on the packet path (@hot)";
          if (node.async || node.generator) context.report({ node, message });
        } else flagFunction(node);
      },
      ObjectExpression: (node) => bad(node, "an object literal"),
      ArrayExpression: (node) => bad(node, "an array literal"),
      RestElement: (node) => bad(node, "a rest element"),
      ClassExpression: (node) => bad(node, "a class"),
      NewExpression: (node) => bad(node, "new"),
      ThrowStatement: (node) => bad(node, "throw"),
      TemplateLiteral(node) {
        if (node.expressions.length > 0) bad(node, "a built string");
      },
    };
  },
};

const plainSyntax: Deno.lint.Rule = {
  create(context) {
    if (!/^(?:engine|ffi)\/|^mod\.ts$/.test(pathInTree(context.filename))) {
      return {};
    }
    const bad = (
      node: Deno.lint.Node | Deno.lint.Parameter,
      message: string,
    ): void => context.report({ range: node.range, message });
    const checkParameters = (
      node: Deno.lint.FunctionDeclaration | Deno.lint.FunctionExpression,
    ): void => {
      const parent = node.parent;
      if (parent.type === "MethodDefinition" && parent.kind === "set") return;
      for (const parameter of node.params) {
        if (isBooleanParameter(parameter)) {
          bad(parameter, "A boolean parameter says nothing at the call");
        }
      }
    };
    return {
      TSEnumDeclaration: (node) => bad(node, "Use integer constants, no enum"),
      ExportDefaultDeclaration: (node) => bad(node, "Export by name"),
      Decorator: (node) => bad(node, "No decorators"),
      ClassDeclaration(node) {
        if (!node.superClass || /Error$/.test(nameOf(node.superClass))) return;
        bad(node, "No inheritance, but from an error");
      },
      FunctionDeclaration: checkParameters,
      FunctionExpression: checkParameters,
    };
  },
};

/** Whether a parameter is declared, or by its default shown, to be a boolean. */
function isBooleanParameter(
  parameter: Deno.lint.Parameter | Deno.lint.AssignmentPattern["left"],
): boolean {
  if (parameter.type === "AssignmentPattern") {
    const { right } = parameter;
    return isBooleanParameter(parameter.left) ||
      (right.type === "Literal" && typeof right.value === "boolean");
  }
  return parameter.type === "Identifier" &&
    parameter.typeAnnotation?.typeAnnotation.type === "TSBooleanKeyword";
}

const plugin: Deno.lint.Plugin = {
  name: "synload",
  rules: {
    "import-direction": importDirection,
    "no-host-api": noHostApi,
    "no-raw-seq-compare": noRawSeqCompare,
    "no-alloc-in-hot-file": noAllocInHotFile,
    "plain-syntax": plainSyntax,
  },
};

// Deno loads a lint plugin by its default export.
export default plugin;
