/**
 * What a Fast Open client has learned of servers and paths, RFC 7413 §4.1.3.
 *
 * Three small tables, each bounded, the least recently used entry going first:
 *
 *     (local, remote)        latest cookie, MSS, form of the option to ask with
 *     (local, remote, port)  failures: how many in a row, and until when it rests
 *     (local, remote, port)  confirmed: SYN data is known to reach the server
 *
 * At most one cookie per pair of addresses (§4.1.3). A path that dropped or
 * ignored SYN data, answered it with a RST or an ICMP error, or did not answer
 * requests rests for a while that doubles each time (§4.1.3.1, §4.2.1). A
 * server that does not answer a request by option 34 is asked once by the
 * experimental option before the path rests.
 *
 * @module
 */
import { requireInteger } from "../base/misuse.ts";
import { SECOND } from "../base/units.ts";
import type { Micros } from "../base/units.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import { formatIpAddress, parseIpAddress } from "../wire/ip_address.ts";

/** Entries a table keeps before the least recently used is dropped. */
const DEFAULT_CAPACITY = 4_096;
/** First rest after a failure unless told otherwise; doubles with each further one. */
const FIRST_REST: Micros = 60 * SECOND;
/** Most doublings: 64 minutes. */
const MAX_DOUBLINGS = 6;

/** What is known of one server as seen from one of our addresses. */
export interface FastOpenEntry {
  /** The cookie, 4 to 16 bytes; empty: none known. */
  cookie: Uint8Array;
  /** MSS the server announced, bytes; 0: not known. */
  mss: number;
  /** The cookie came in the experimental option (kind 254), or that option is to be tried next. */
  experimental: boolean;
  /** The experimental option was tried and brought nothing. */
  experimentalFailed: boolean;
  /** Cookies in a row that the server refused and replaced. */
  refusals: number;
}

interface PathFailure {
  count: number;
  until: Micros;
}

/** An exported entry, as {@linkcode FastOpenCache.export} writes it. JSON-safe. */
export interface FastOpenRecord {
  /** Our address. */
  readonly local: string;
  /** The server's address. */
  readonly remote: string;
  /** The cookie in hexadecimal. */
  readonly cookie: string;
  /** MSS, bytes; 0: not known. */
  readonly mss: number;
  /** Learned by the experimental option. */
  readonly experimental: boolean;
}

/** The cache of one stack. */
export class FastOpenCache {
  readonly #capacity: number;
  readonly #entries = new Map<string, FastOpenEntry>();
  readonly #failures = new Map<string, PathFailure>();
  readonly #confirmed = new Map<string, true>();

  /** An empty cache whose tables keep `capacity` entries each. */
  constructor(capacity: number = DEFAULT_CAPACITY) {
    requireInteger("keep cookies", "capacity", capacity, 1, 2 ** 20);
    this.#capacity = capacity;
  }

  /** Servers known. */
  get size(): number {
    return this.#entries.size;
  }

  /** What is known of `remote` from `local`; null: nothing. Counts as a use. */
  find(local: IpAddress, remote: IpAddress): FastOpenEntry | null {
    const key = hostKey(local, remote);
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  /** Keeps `cookie` (copied) as the latest of this server. RFC 7413 §4.1.3: at most one. */
  store(
    local: IpAddress,
    remote: IpAddress,
    cookie: Uint8Array,
    mss: number,
    kind: "standard" | "experimental",
  ): void {
    const key = hostKey(local, remote);
    const known = this.#entries.get(key);
    this.#touch(this.#entries, key, {
      cookie: cookie.slice(),
      mss: mss > 0 || known === undefined ? mss : known.mss,
      experimental: kind === "experimental",
      experimentalFailed: false,
      refusals: known === undefined ? 0 : known.refusals,
    });
  }

  /** Notes the MSS a server announced without a new cookie. RFC 7413 §4.2.2. */
  noteMss(local: IpAddress, remote: IpAddress, mss: number): void {
    const key = hostKey(local, remote);
    const known = this.#entries.get(key) ?? emptyEntry();
    known.mss = mss;
    this.#touch(this.#entries, key, known);
  }

  /**
   * Notes whether the server took its own latest cookie. Returns how many it
   * has refused in a row: one is a change of keys, more mean that our address
   * is not the same twice (a NAT with many).
   */
  noteCookie(
    local: IpAddress,
    remote: IpAddress,
    outcome: "taken" | "refused",
  ): number {
    const entry = this.#entries.get(hostKey(local, remote));
    if (entry === undefined) return 0;
    entry.refusals = outcome === "taken" ? 0 : entry.refusals + 1;
    return entry.refusals;
  }

  /** Forgets the cookie of this server, for instance because it was refused; its MSS stays. */
  forget(local: IpAddress, remote: IpAddress): void {
    const entry = this.#entries.get(hostKey(local, remote));
    if (entry === undefined) return;
    entry.cookie = new Uint8Array(0);
    entry.experimental = false;
  }

  /**
   * Notes that a request by `kind` brought no cookie: option 34 is followed by
   * the experimental one, once, and that by a rest of the path, at first of
   * `rest` µs (RFC 7413 §4.2.1: retry "after a certain period").
   */
  noteUnanswered(
    local: IpAddress,
    remote: IpAddress,
    remotePort: number,
    kind: "standard" | "experimental",
    now: Micros,
    rest: Micros = FIRST_REST,
  ): void {
    const key = hostKey(local, remote);
    const known = this.#entries.get(key) ?? emptyEntry();
    if (kind === "experimental") known.experimentalFailed = true;
    known.experimental = !known.experimentalFailed;
    this.#touch(this.#entries, key, known);
    if (known.experimentalFailed) {
      this.noteFailure(local, remote, remotePort, now, rest);
    }
  }

  /** Until when Fast Open is not to be tried on this path, µs; `-Infinity`: it may be tried. */
  disabledUntil(
    local: IpAddress,
    remote: IpAddress,
    remotePort: number,
  ): Micros {
    const failure = this.#failures.get(pathKey(local, remote, remotePort));
    return failure === undefined ? -Infinity : failure.until;
  }

  /** Notes that Fast Open failed on this path (addresses and port, RFC 7413 §4.1.3.1): it rests, at first `rest` µs, then twice as long as last time. */
  noteFailure(
    local: IpAddress,
    remote: IpAddress,
    remotePort: number,
    now: Micros,
    rest: Micros = FIRST_REST,
  ): void {
    const key = pathKey(local, remote, remotePort);
    const before = this.#failures.get(key);
    const count = before === undefined ? 1 : before.count + 1;
    const doublings = Math.min(count - 1, MAX_DOUBLINGS);
    const until = now + rest * 2 ** doublings;
    this.#touch(this.#failures, key, { count, until });
    this.#confirmed.delete(key);
  }

  /** Notes that Fast Open worked on this path: past failures no longer count. */
  noteSuccess(local: IpAddress, remote: IpAddress, remotePort: number): void {
    this.#failures.delete(pathKey(local, remote, remotePort));
  }

  /** Notes that the server itself acknowledged SYN data on this path: no box answers in its place. */
  noteConfirmed(local: IpAddress, remote: IpAddress, remotePort: number): void {
    this.#touch(this.#confirmed, pathKey(local, remote, remotePort), true);
  }

  /** Whether {@linkcode FastOpenCache.noteConfirmed} was said of this path since its last failure. */
  isConfirmed(
    local: IpAddress,
    remote: IpAddress,
    remotePort: number,
  ): boolean {
    return this.#confirmed.has(pathKey(local, remote, remotePort));
  }

  /** Every known cookie, least recently used first, for a program to keep in a file. */
  export(): FastOpenRecord[] {
    const records: FastOpenRecord[] = [];
    for (const [key, entry] of this.#entries) {
      if (entry.cookie.length === 0) continue;
      const [local, remote] = key.split(">");
      records.push({
        local,
        remote,
        cookie: toHex(entry.cookie),
        mss: entry.mss,
        experimental: entry.experimental,
      });
    }
    return records;
  }

  /** Takes over what {@linkcode FastOpenCache.export} wrote. Throws TypeError naming the record that cannot be used. */
  import(records: readonly FastOpenRecord[]): void {
    for (const record of records) {
      const cookie = fromHex(record.cookie);
      if (cookie === null || !isCookieLength(cookie.length)) {
        throw new TypeError(
          `Cannot import Fast Open cookie "${record.cookie}" of ${record.remote}: it must be 4 to 16 bytes, an even number, in hexadecimal`,
        );
      }
      this.store(
        parseIpAddress(record.local),
        parseIpAddress(record.remote),
        cookie,
        Number.isInteger(record.mss) && record.mss > 0 ? record.mss : 0,
        record.experimental ? "experimental" : "standard",
      );
    }
  }

  #touch<T>(map: Map<string, T>, key: string, value: T): void {
    map.delete(key);
    map.set(key, value);
    if (map.size <= this.#capacity) return;
    for (const oldest of map.keys()) {
      map.delete(oldest);
      return;
    }
  }
}

/** Whether RFC 7413 §4.1.1 allows a cookie of `length` bytes: 4 to 16, and even. */
export function isCookieLength(length: number): boolean {
  return length >= 4 && length <= 16 && length % 2 === 0;
}

function hostKey(local: IpAddress, remote: IpAddress): string {
  return `${formatIpAddress(local)}>${formatIpAddress(remote)}`;
}

function pathKey(local: IpAddress, remote: IpAddress, port: number): string {
  return `${hostKey(local, remote)}:${port}`;
}

function emptyEntry(): FastOpenEntry {
  return {
    cookie: new Uint8Array(0),
    mss: 0,
    experimental: false,
    experimentalFailed: false,
    refusals: 0,
  };
}

function toHex(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += byte.toString(16).padStart(2, "0");
  return text;
}

function fromHex(text: string): Uint8Array | null {
  if (!/^([0-9a-fA-F]{2})*$/.test(text)) return null;
  const bytes = new Uint8Array(text.length / 2);
  for (let i = 0; i < bytes.length; i++) {
    bytes[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  }
  return bytes;
}
