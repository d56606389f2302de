/**
 * Fast Open cookies kept in a file between two runs.
 *
 * A client that starts anew has no cookies and spends a round trip on asking
 * again (RFC 7413 §4.1.3 leaves it to the client how long it keeps them). The
 * file is JSON, as `FastOpenCache.export` makes it.
 *
 * @module
 */
import type { FastOpenCache, FastOpenRecord } from "../../mod.ts";
import { UsageError } from "./flags.ts";
import { requirePermission } from "./network.ts";

/** Takes the cookies of `path` into `cache`; a file that is not there holds none. Throws UsageError. */
export function loadCookies(path: string, cache: FastOpenCache): void {
  const flags = `--allow-ffi --allow-read=${path} --allow-write=${path}`;
  requirePermission({ name: "read", path }, flags);
  requirePermission({ name: "write", path }, flags);
  const text = readText(path);
  if (text === null) return;
  try {
    const records: unknown = JSON.parse(text);
    if (!Array.isArray(records) || !records.every(isRecord)) {
      throw new TypeError("it is not a list of cookies");
    }
    cache.import(records);
  } catch (error) {
    throw new UsageError(`Cannot use cookie cache ${path}: ${reason(error)}`);
  }
}

/** Writes the cookies of `cache` to `path`. Throws UsageError. */
export function saveCookies(path: string, cache: FastOpenCache): void {
  const text = JSON.stringify(cache.export(), null, 2);
  try {
    Deno.writeTextFileSync(path, `${text}\n`);
  } catch (error) {
    throw new UsageError(`Cannot write cookie cache ${path}: ${reason(error)}`);
  }
}

function readText(path: string): string | null {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw new UsageError(`Cannot read cookie cache ${path}: ${reason(error)}`);
  }
}

function isRecord(value: unknown): value is FastOpenRecord {
  if (typeof value !== "object" || value === null) return false;
  const { local, remote, cookie, mss, experimental } = value as Record<
    string,
    unknown
  >;
  return typeof local === "string" && typeof remote === "string" &&
    typeof cookie === "string" && typeof mss === "number" &&
    typeof experimental === "boolean";
}

function reason(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
