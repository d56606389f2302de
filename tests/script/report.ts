/**
 * Verdicts as text for people and as JSON for programs.
 *
 * @module
 */
import type { Verdict } from "./run/job.ts";

type Outcome = Verdict["outcome"];
const COLUMNS: readonly (readonly [Outcome, string])[] = [
  ["pass", "pass"],
  ["fail", "fail"],
  ["notApplicable", "n/a"],
  ["invalid", "unread"],
];

/** Prints failures with their reasons, the reasons for not running, and a table by folder. */
export function printReport(
  verdicts: readonly Verdict[],
  roots: readonly string[],
  isVerbose: boolean,
): void {
  for (const verdict of verdicts) printVerdict(verdict, isVerbose);
  printReasons(verdicts);
  printTable(verdicts, roots);
}

function printVerdict(verdict: Verdict, isVerbose: boolean): void {
  if (verdict.outcome === "pass") return;
  if (verdict.outcome === "fail" || verdict.outcome === "invalid") {
    const place = verdict.line > 0
      ? `${verdict.path}:${verdict.line}`
      : verdict.path;
    console.log(
      verdict.outcome === "fail"
        ? `FAIL ${place}: ${verdict.reason}`
        : `UNREAD ${verdict.reason}`,
    );
    if (isVerbose) {
      for (const text of verdict.narration) console.log(`    ${text}`);
    }
    console.log();
  } else if (isVerbose) console.log(`N/A ${verdict.path}: ${verdict.reason}`);
}

function printReasons(verdicts: readonly Verdict[]): void {
  const counts = new Map<string, number>();
  for (const { outcome, reason } of verdicts) {
    if (outcome === "notApplicable") {
      counts.set(reason, (counts.get(reason) ?? 0) + 1);
    }
  }
  if (counts.size === 0) return;
  console.log("not applicable:");
  for (const [reason, count] of [...counts].sort(([, a], [, b]) => b - a)) {
    console.log(`${String(count).padStart(6)}  ${reason}`);
  }
  console.log();
}

function printTable(
  verdicts: readonly Verdict[],
  roots: readonly string[],
): void {
  const folders = Map.groupBy(verdicts, ({ path }) => folderOf(path, roots));
  const width = Math.max(6, ...[...folders.keys()].map((name) => name.length));
  const row = (name: string, of: readonly Verdict[]): string =>
    name.padEnd(width) + String(of.length).padStart(8) +
    COLUMNS.map(([outcome]) =>
      String(of.filter((verdict) => verdict.outcome === outcome).length)
        .padStart(8)
    ).join("");
  console.log(
    "folder".padEnd(width) + [
      "scripts",
      ...COLUMNS.map(([, name]) => name),
    ].map((n) => n.padStart(8)).join(""),
  );
  for (const [name, of] of folders) console.log(row(name, of));
  if (folders.size > 1) console.log(row("total", verdicts));
}

function folderOf(path: string, roots: readonly string[]): string {
  const folder = path.includes("/") ? path.replace(/\/[^/]*$/, "") : ".";
  const root = roots.find((candidate) =>
    folder.startsWith(`${candidate.replace(/\/+$/, "")}/`)
  );
  return root === undefined
    ? folder
    : folder.slice(root.replace(/\/+$/, "").length + 1);
}

/** The verdicts with a summary. */
export function toJson(verdicts: readonly Verdict[], executor: string): string {
  const summary = Object.fromEntries(
    COLUMNS.map((
      [outcome],
    ) => [
      outcome,
      verdicts.filter((verdict) => verdict.outcome === outcome).length,
    ]),
  );
  const scripts = verdicts.map(({ path, outcome, line, reason }) => ({
    path,
    outcome,
    line,
    reason,
  }));
  return `${
    JSON.stringify(
      { executor, total: verdicts.length, ...summary, scripts },
      null,
      2,
    )
  }\n`;
}
