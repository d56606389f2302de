/**
 * The runner's command line.
 *
 * @module
 */
import { type Family, optionArity, OptionError } from "./run/config.ts";
import type { ExecutorName } from "./run/executor.ts";

/** What `--help` prints. */
export const USAGE = `usage: deno task packetdrill [options] FILE|DIR ...

  --executor memory|tap|kernel        what runs the scripts (memory: the engine in virtual time)
  --family ipv4|ipv6|ipv4-mapped-ipv6 addresses of sockets and packets
  --init FILE                         commands run before every script
  --tolerance-usecs N                 least tolerance of times, in microseconds
  --define NAME=VALUE, -D NAME=VALUE  replaces the word NAME in scripts
  --verbose, -v                       print what happened in every script that did not pass
  --json FILE                         write the verdicts
  --help                              this text

Every option of packetdrill itself (--mtu=1400, --local_ip=..., --strict_segments, ...) is taken too.
Exit status: 0 all passed or not applicable, 1 a script failed or cannot be read, 2 wrong usage.`;

/** A command line, understood. */
export interface CommandLine {
  /** Which executor. */
  readonly executor: ExecutorName;
  /** Family asked for, or null for each script's own. */
  readonly family: Family | null;
  /** Files of commands to run first. */
  readonly initFiles: readonly string[];
  /** Definitions. */
  readonly defines: readonly (readonly [string, string])[];
  /** packetdrill's options. */
  readonly options: readonly (readonly [string, string | null])[];
  /** Files and directories. */
  readonly paths: readonly string[];
  /** Where to write verdicts, or null. */
  readonly jsonPath: string | null;
  /** Print narrations. */
  readonly isVerbose: boolean;
  /** Print the usage only. */
  readonly isHelp: boolean;
}

type Draft = { -readonly [K in keyof CommandLine]: CommandLine[K] };

/** Reads the command line. @throws OptionError */
export function parseArguments(args: readonly string[]): CommandLine {
  const draft: Draft = {
    executor: "memory",
    family: null,
    initFiles: [],
    defines: [],
    options: [],
    paths: [],
    jsonPath: null,
    isVerbose: false,
    isHelp: false,
  };
  const rest = [...args];
  while (rest.length > 0) {
    const argument = rest.shift() ?? "";
    if (argument === "-v") draft.isVerbose = true;
    else if (argument === "-h") draft.isHelp = true;
    else if (argument.startsWith("-D")) {
      addDefine(draft, argument.slice(2) || take(rest, "-D"));
    } else if (argument.startsWith("--")) {
      addOption(draft, argument.slice(2), rest);
    } else if (argument.startsWith("-")) {
      throw new OptionError(`option "${argument}" is unknown`);
    } else draft.paths = [...draft.paths, argument];
  }
  if (!draft.isHelp && draft.paths.length === 0) {
    throw new OptionError("no script given");
  }
  return draft;
}

function addOption(draft: Draft, text: string, rest: string[]): void {
  const equals = text.indexOf("=");
  const name = equals < 0 ? text : text.slice(0, equals);
  const own = name.replaceAll("-", "_");
  const value = (): string =>
    equals < 0 ? take(rest, `--${name}`) : text.slice(equals + 1);
  switch (own) {
    case "help":
      draft.isHelp = true;
      return;
    case "verbose":
      draft.isVerbose = true;
      return;
    case "executor":
      draft.executor = executorName(value());
      return;
    case "family":
    case "ip_version":
      draft.family = familyName(value());
      return;
    case "init":
      draft.initFiles = [...draft.initFiles, value()];
      return;
    case "json":
      draft.jsonPath = value();
      return;
    case "define":
      addDefine(draft, value());
      return;
    default:
      break;
  }
  const arity = optionArity(own);
  if (arity === null) throw new OptionError(`option "--${name}" is unknown`);
  draft.options = [...draft.options, [own, arity === "value" ? value() : null]];
}

function addDefine(draft: Draft, text: string): void {
  const equals = text.indexOf("=");
  if (equals <= 0) {
    throw new OptionError(`a definition is NAME=VALUE, got "${text}"`);
  }
  draft.defines = [...draft.defines, [
    text.slice(0, equals),
    text.slice(equals + 1),
  ]];
}

function take(rest: string[], name: string): string {
  const value = rest.shift();
  if (value === undefined) {
    throw new OptionError(`option "${name}" needs a value`);
  }
  return value;
}

function executorName(text: string): ExecutorName {
  if (text === "memory" || text === "tap" || text === "kernel") return text;
  throw new OptionError(
    `--executor must be memory, tap or kernel, got "${text}"`,
  );
}

function familyName(text: string): Family {
  if (text === "ipv4" || text === "ipv6" || text === "ipv4-mapped-ipv6") {
    return text;
  }
  throw new OptionError(
    `--family must be ipv4, ipv6 or ipv4-mapped-ipv6, got "${text}"`,
  );
}
