/**
 * `nstat | grep …` over the engine's counters, which bear nstat's names.
 *
 * Scripts reset the counters by `nstat -n` and check them by pipelines such as
 * `nstat | grep TcpExtTCPOFOQueue | grep -q " 3 "`. Only nstat, grep and wc are
 * known; a pipeline with anything else is not taken.
 *
 * @module
 */

const NAME_WIDTH = 32;
const VALUE_WIDTH = 18;

/** The counters as nstat shows them. */
export class Nstat {
  readonly #read: () => Readonly<Record<string, number>>;
  #shown: Readonly<Record<string, number>> = {};

  /** `read` gives the present values. */
  constructor(read: () => Readonly<Record<string, number>>) {
    this.#read = read;
  }

  /** Runs a pipeline. True or false: its exit status; null: it is not one of nstat's. */
  run(command: string): boolean | null {
    const isNegated = command.startsWith("! ");
    const plain = command.replace(/(?:[12&]?>+\s*\/dev\/null|2>&1)/g, "");
    const stages = splitPipeline(isNegated ? plain.slice(2) : plain);
    if (!/^(?:\S*\/)?nstat$/.test(stages[0]?.[0] ?? "")) return null;
    let lines = this.#show(stages[0].slice(1));
    if (lines === null) return null;
    let status = true;
    for (const [name, ...args] of stages.slice(1)) {
      if (name !== "grep") return null;
      const found: readonly string[] | null = grep(lines, args);
      if (found === null) return null;
      lines = [...found];
      status = lines.length > 0;
    }
    return isNegated ? !status : status;
  }

  #show(args: readonly string[]): string[] | null {
    const flags = args.filter((arg) => arg.startsWith("-")).join("").replaceAll(
      "-",
      "",
    );
    if (/[^nasz]/.test(flags)) return null;
    const names = args.filter((arg) => !arg.startsWith("-"));
    const now = this.#read();
    const isAbsolute = flags.includes("a");
    const lines = Object.entries(now)
      .map((
        [name, value],
      ): [string, number] => [
        name,
        isAbsolute ? value : value - (this.#shown[name] ?? 0),
      ])
      .filter(([name, value]) =>
        (value !== 0 || flags.includes("z")) &&
        (names.length === 0 || names.includes(name))
      )
      .map(([name, value]) =>
        `${name.padEnd(NAME_WIDTH)}${String(value).padEnd(VALUE_WIDTH)} 0.0`
      );
    if (!flags.includes("s")) this.#shown = { ...now };
    return flags.includes("n") ? [] : ["#kernel", ...lines];
  }
}

function splitPipeline(command: string): string[][] {
  const stages = command.match(/(?:"[^"]*"|'[^']*'|[^|])+/g) ?? [];
  return stages.map((stage) =>
    (stage.match(/"[^"]*"|'[^']*'|\S+/g) ?? []).map((word) =>
      word.replace(/^(["'])(.*)\1$/, "$2")
    )
  );
}

function grep(
  lines: readonly string[],
  args: readonly string[],
): string[] | null {
  const flags = args.filter((arg) => arg.startsWith("-")).join("").replaceAll(
    "-",
    "",
  );
  const patterns = args.filter((arg) => !arg.startsWith("-"));
  if (/[^qvEwi]/.test(flags) || patterns.length !== 1) return null;
  const source = flags.includes("E")
    ? patterns[0]
    : patterns[0].replace(/[+?(){}|]/g, "\\$&");
  const rule = new RegExp(
    flags.includes("w") ? `\\b(?:${source})\\b` : source,
    flags.includes("i") ? "i" : "",
  );
  return lines.filter((line) => rule.test(line) !== flags.includes("v"));
}
