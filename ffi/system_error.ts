/**
 * The one form in which a refusal of the operating system reaches a user.
 *
 * A number from the kernel helps nobody at the moment it appears. So every
 * error says four things: what was attempted, on what, which errno came back,
 * and what to do about it:
 *
 *     Cannot open /dev/net/tun: EACCES (permission denied): run as root, or under `unshare -Urn`
 *
 * Only functions that open or configure something throw these. Nothing on the
 * packet path does: there a failure is a code and a counter.
 *
 * @module
 */
import { errnoMeaning, errnoName } from "./errno_names.ts";

/** A system call was refused. */
export class SystemError extends Error {
  /** The class's name, for printing. */
  override readonly name = "SystemError";
  /** The call that failed: `open`, `TUNSETIFF`, `RTM_NEWADDR`. */
  readonly call: string;
  /** The error number, positive. */
  readonly errno: number;
  /** Its name: `EACCES`. */
  readonly code: string;
  /** What to do about it; empty when nothing can be said. */
  readonly remedy: string;

  /** Composes the message from `action` ("open /dev/net/tun"), the number's name and meaning, and the remedy. */
  constructor(action: string, call: string, errno: number, remedy = "") {
    const code = errnoName(errno);
    const advice = remedy === "" ? "" : `: ${remedy}`;
    super(`Cannot ${action}: ${code} (${errnoMeaning(errno)})${advice}`);
    this.call = call;
    this.errno = errno;
    this.code = code;
    this.remedy = remedy;
  }
}

/** A shared library could not be loaded under any of its names. */
export class LibraryError extends Error {
  /** The class's name, for printing. */
  override readonly name = "LibraryError";
  /** Every path that was tried, in order. */
  readonly paths: readonly string[];
  /** What to do about it. */
  readonly remedy: string;

  /** Composes the message; `failures` are the loader's own words, one per path, and become the `cause`. */
  constructor(
    what: string,
    paths: readonly string[],
    remedy: string,
    failures: readonly string[],
  ) {
    super(
      `Cannot load ${what}: tried ${paths.join(", ")}: ${remedy}`,
      { cause: failures.join("\n") },
    );
    this.paths = paths;
    this.remedy = remedy;
  }
}
