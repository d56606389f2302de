/**
 * What a script's shell commands ask for, without a shell.
 *
 * Scripts set sysctls, routes and queueing; files such as `defaults.sh` hold
 * nothing else. Those commands are read here as operations, so that an engine
 * without a /proc can do what is meant. Everything else is `foreign`.
 *
 * Known: sysctl, echo into /proc/sys, set_sysctls.py, ip route / tcp_metrics /
 * link mtu, tc, ethtool, sleep, true, defaults.sh and other files of such
 * commands. `$((…))` is computed; other expansions are foreign.
 *
 * @module
 */

/** One thing a command asks for. */
export type ShellOperation =
  | {
    readonly kind: "sysctl"; /** Dotted, `net.ipv4.tcp_sack`. */
    readonly name: string;
    readonly value: string;
  }
  | {
    readonly kind:
      "route"; /** Attributes such as `initcwnd`, `mtu`, `rto_min`. */
    readonly attributes: ReadonlyMap<string, string>;
  }
  | { readonly kind: "flushMetrics" }
  | { readonly kind: "mtu"; readonly value: number }
  | { readonly kind: "sleep"; readonly usecs: number }
  | { readonly kind: "none" }
  | { readonly kind: "foreign"; readonly text: string };

/** Reads a file next to the script; null when there is none. */
export type ReadSibling = (path: string) => string | null;

const MAX_DEPTH = 4;

/** The operations of a command line or of a whole shell file. */
export function interpretShell(
  text: string,
  readSibling: ReadSibling,
  depth: number = 0,
): ShellOperation[] {
  return splitCommands(text).flatMap((words) =>
    interpretCommand(words, readSibling, depth)
  );
}

/** Simple commands as words, quotes removed, redirections to the null device dropped. */
function splitCommands(text: string): string[][] {
  const commands: string[][] = [[]];
  let word: string | null = null;
  const endWord = () => {
    if (word !== null) commands[commands.length - 1].push(word);
    word = null;
  };
  const endCommand = () => {
    endWord();
    commands.push([]);
  };
  const source = text.replace(/\\\n/g, " ");
  for (let i = 0; i < source.length; i++) {
    const sign = source[i];
    if (sign === "'" || sign === '"') {
      const end = source.indexOf(sign, i + 1);
      const stop: number = end < 0 ? source.length : end;
      word = (word ?? "") +
        (sign === '"'
          ? expand(source.slice(i + 1, stop))
          : source.slice(i + 1, stop));
      i = stop;
    } else if (source.startsWith("$((", i) && source.indexOf("))", i) > 0) {
      const stop = source.indexOf("))", i) + 2;
      word = (word ?? "") + expand(source.slice(i, stop));
      i = stop - 1;
    } else if (sign === "#" && word === null) {
      const end = source.indexOf("\n", i);
      i = end < 0 ? source.length : end - 1;
    } else if (
      sign === "\n" || sign === ";" || sign === "&" && source[i + 1] === "&" ||
      sign === "|"
    ) {
      if (source[i + 1] === sign) i++;
      endCommand();
    } else if (sign === " " || sign === "\t") endWord();
    else word = (word ?? "") + sign;
  }
  endWord();
  return commands.map(dropNullRedirections).filter((words) => words.length > 0);
}

function dropNullRedirections(words: readonly string[]): string[] {
  const joined: string[] = [];
  for (let i = 0; i < words.length; i++) {
    if (/^[12&]?>>?$/.test(words[i]) && words[i + 1] === "/dev/null") i++;
    else if (!/^([12&]?>+\/dev\/null|2>&1)$/.test(words[i])) {
      joined.push(words[i]);
    }
  }
  return joined;
}

/** `$((…))` of digits and operators, computed. */
function expand(text: string): string {
  return text.replace(
    /\$\(\(([0-9+\-*\/() ]+)\)\)/g,
    (_whole, sum: string) => String(compute(sum)),
  );
}

/** Sums and products of whole numbers. */
function compute(sum: string): number {
  const tokens = sum.match(/[0-9]+|[+\-*\/()]/g) ?? [];
  let at = 0;
  const factor = (): number => {
    const token = tokens[at++];
    if (token === "-") return -factor();
    if (token !== "(") return Number(token);
    const value = total();
    at++;
    return value;
  };
  const product = (): number => {
    let value = factor();
    while (tokens[at] === "*" || tokens[at] === "/") {
      value = tokens[at++] === "*"
        ? value * factor()
        : Math.trunc(value / factor());
    }
    return value;
  };
  const total = (): number => {
    let value = product();
    while (tokens[at] === "+" || tokens[at] === "-") {
      value = tokens[at++] === "+" ? value + product() : value - product();
    }
    return value;
  };
  return total();
}

function interpretCommand(
  words: readonly string[],
  readSibling: ReadSibling,
  depth: number,
): ShellOperation[] {
  const [name, ...rest] = words;
  const file = name.replace(/^.*\//, "");
  const foreign: ShellOperation = { kind: "foreign", text: words.join(" ") };
  if (file === "sysctl") return interpretSysctl(rest) ?? [foreign];
  if (file === "set_sysctls.py") return interpretAssignments(rest) ?? [foreign];
  if (file === "echo") return interpretEcho(rest) ?? [foreign];
  if (file === "ip") return [interpretIp(rest) ?? foreign];
  if (file === "sleep") {
    return [{ kind: "sleep", usecs: Number(rest[0]) * 1e6 }];
  }
  if (/^(tc|ethtool)$/.test(file)) {
    return isHarmlessQueueing(rest) ? [{ kind: "none" }] : [foreign];
  }
  if (/^(true|:|set|export)$/.test(file) || /^sysctl_restore_/.test(file)) {
    return [{ kind: "none" }];
  }
  if (file.endsWith(".sh") && depth < MAX_DEPTH) {
    const text = readSibling(name);
    if (text !== null) {
      return interpretShell(text.replace(/^#!.*/, ""), readSibling, depth + 1);
    }
    if (file === "defaults.sh") return [...PUBLIC_DEFAULTS];
  }
  return [foreign];
}

/** Queueing disciplines that only say "send at once", and keep all. */
function isHarmlessQueueing(words: readonly string[]): boolean {
  return !/\b(netem|tbf|limit)\b/.test(words.join(" "));
}

function interpretSysctl(words: readonly string[]): ShellOperation[] | null {
  if (words.some((word) => /^-[a-zA-Z]*[nabp]/.test(word))) return null;
  return interpretAssignments(words.filter((word) => !word.startsWith("-")));
}

function interpretAssignments(
  words: readonly string[],
): ShellOperation[] | null {
  const operations: ShellOperation[] = [];
  for (const word of words) {
    const equals = word.indexOf("=");
    if (equals < 0 || word.includes("$")) return null;
    operations.push({
      kind: "sysctl",
      name: sysctlName(word.slice(0, equals)),
      value: word.slice(equals + 1).trim(),
    });
  }
  return operations;
}

function interpretEcho(words: readonly string[]): ShellOperation[] | null {
  const at = words.findIndex((word) => word.startsWith(">"));
  if (at < 0) return [{ kind: "none" }];
  const target = words[at] === ">"
    ? words[at + 1]
    : words[at].replace(/^>+/, "");
  if (target?.endsWith("/tcp_cubic/parameters/hystart_detect")) {
    // 3 is Linux's default and what the engine does: both detectors.
    return words[0] === "3" ? [{ kind: "none" }] : null;
  }
  if (target === undefined || !target.startsWith("/proc/sys/")) return null;
  return [{
    kind: "sysctl",
    name: sysctlName(target),
    value: words.slice(0, at).join(" "),
  }];
}

function sysctlName(text: string): string {
  return text.replace(/^\/proc\/sys\//, "").replaceAll("/", ".");
}

function interpretIp(words: readonly string[]): ShellOperation | null {
  const plain = words.filter((word) => !/^-/.test(word));
  if (plain[0] === "tcp_metrics") return { kind: "flushMetrics" };
  if (/^r/.test(plain[0] ?? "")) {
    const attributes = new Map<string, string>();
    for (let i = 1; i + 1 < plain.length; i++) {
      if (ROUTE_ATTRIBUTES.has(plain[i])) {
        attributes.set(
          plain[i],
          plain[i + 1] === "lock" ? plain[i + 2] : plain[i + 1],
        );
      }
    }
    return { kind: "route", attributes };
  }
  const mtuAt = plain.indexOf("mtu");
  if (/^l/.test(plain[0] ?? "") && mtuAt > 0) {
    return { kind: "mtu", value: Number(plain[mtuAt + 1]) };
  }
  return null;
}

const ROUTE_ATTRIBUTES = new Set([
  "mtu",
  "advmss",
  "initcwnd",
  "initrwnd",
  "rto_min",
  "quickack",
  "cwnd",
  "ssthresh",
  "rtt",
  "rttvar",
  "window",
  "hoplimit",
  "reordering",
  "features",
  "congctl",
  "fastopen_no_cookie",
]);

/** What the public collections' defaults.sh sets, for scripts whose copy is missing. */
export const PUBLIC_DEFAULTS: readonly ShellOperation[] = [
  { kind: "flushMetrics" },
  ...Object.entries({
    tcp_rmem: "4096 540000 15728640",
    tcp_wmem: "4096 262144 4194304",
    tcp_timestamps: "1",
    tcp_syn_retries: "5",
    tcp_synack_retries: "5",
    tcp_frto: "2",
    tcp_sack: "1",
    tcp_dsack: "1",
    tcp_reordering: "3",
    tcp_congestion_control: "cubic",
    tcp_slow_start_after_idle: "0",
    tcp_early_retrans: "4",
    tcp_recovery: "1",
    tcp_tso_win_divisor: "3",
    tcp_ecn: "0",
    tcp_pacing_ss_ratio: "200",
    tcp_pacing_ca_ratio: "120",
    tcp_notsent_lowat: "4294967295",
    tcp_fastopen: "0x70403",
    tcp_fastopen_key: "a1a1a1a1-b2b2b2b2-c3c3c3c3-d4d4d4d4",
    tcp_syncookies: "1",
  }).map(([name, value]): ShellOperation => ({
    kind: "sysctl",
    name: `net.ipv4.${name}`,
    value,
  })),
];
