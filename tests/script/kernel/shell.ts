/**
 * Shell commands of a script, for the kernel executor.
 *
 * Commands that only set sysctls are done here, whether or not the file they
 * lie in (`defaults.sh`) came along with the script. All others go to a shell,
 * in the script's directory and namespace.
 *
 * @module
 */
import { ScriptFailure } from "../run/executor.ts";
import { interpretShell, type ShellOperation } from "../run/shell.ts";

/** Told of every sysctl that was tried. */
export type OnSysctl = (name: string, value: string) => void;

/** Runs a command line. @throws ScriptFailure when the shell reports failure */
export function runShell(
  text: string,
  scriptPath: string,
  onSysctl: OnSysctl,
): void {
  const directory = scriptPath.includes("/")
    ? scriptPath.replace(/\/[^/]*$/, "")
    : ".";
  const operations = interpretShell(
    text,
    (path) => readSibling(directory, path),
  );
  if (operations.every(isOurs)) {
    operations.forEach((operation) => perform(operation, onSysctl));
  } else runProcess(text, directory);
}

function readSibling(directory: string, path: string): string | null {
  try {
    return Deno.readTextFileSync(
      path.startsWith("/") ? path : `${directory}/${path}`,
    );
  } catch {
    return null;
  }
}

function isOurs(operation: ShellOperation): boolean {
  return operation.kind === "sysctl" || operation.kind === "none" ||
    operation.kind === "flushMetrics";
}

function perform(operation: ShellOperation, onSysctl: OnSysctl): void {
  if (operation.kind !== "sysctl") return;
  onSysctl(operation.name, operation.value);
  try {
    Deno.writeTextFileSync(
      `/proc/sys/${operation.name.replaceAll(".", "/")}`,
      operation.value,
    );
  } catch {
    // One this kernel no longer has (tcp_fack), or keeps from namespaces: sysctl(8) would complain and the script go on.
  }
}

function runProcess(text: string, directory: string): void {
  const { success, code, stderr } = new Deno.Command("sh", {
    args: ["-c", text],
    cwd: directory,
    env: { PACKETDRILL_PID: String(Deno.pid) },
  }).outputSync();
  if (success) return;
  const detail = new TextDecoder().decode(stderr).trim();
  throw new ScriptFailure(
    0,
    `command failed with status ${code}: ${text.trim()}\n${detail}`,
  );
}
