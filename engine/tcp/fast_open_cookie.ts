/**
 * Fast Open cookies: how a server makes them and knows its own again,
 * RFC 7413 §4.1.2.
 *
 *     cookie = SipHash-2-4(key, client address || server address)     8 bytes
 *
 * bit for bit as Linux makes them since 5.3: the addresses as they stand in
 * the packet (4 + 4 or 16 + 16 bytes), the hash written with its least
 * significant byte first. FreeBSD hashes the client's address alone, so its
 * cookie is good for every address of the server.
 *
 * Two keys are valid at a time (§4.1.2: "the server may encode other
 * information", "expire"): the primary makes cookies, the backup still opens.
 * {@linkcode FastOpenKeys.rotate} moves one into the other's place, so that a
 * cookie lives through one rotation and is replaced by the first connection
 * that uses it. Keys are written as Linux prints `net.ipv4.tcp_fastopen_key`,
 * so that a farm behind one address (§6.3.4) may mix the two.
 *
 * @module
 */
import type { Random } from "../base/ports.ts";
import { SipHash } from "../base/siphash.ts";
import type { IpAddress } from "../wire/ip_address.ts";

/** Bytes of the cookies made here. */
export const COOKIE_LENGTH = 8;

/** A cookie that no valid key made. */
export const COOKIE_INVALID = 0;
/** A cookie of the primary key. */
export const COOKIE_PRIMARY = 1;
/** A cookie of the backup key: good once more, and to be replaced. */
export const COOKIE_BACKUP = 2;

/** Which addresses a cookie is bound to: `"linux"` both, `"freebsd"` the client's alone. */
export type CookieVariant = "linux" | "freebsd";

const KEY =
  /^([0-9a-f]{1,8})-([0-9a-f]{1,8})-([0-9a-f]{1,8})-([0-9a-f]{1,8})$/i;
/** Longest input: two IPv6 addresses. */
const INPUT_LENGTH = 32;

interface Key {
  readonly text: string;
  readonly hash: SipHash;
}

/** The keys of one server, or of a farm. */
export class FastOpenKeys {
  /** Which addresses the cookies are bound to. */
  readonly variant: CookieVariant;
  #primary: Key;
  #backup: Key | null = null;
  readonly #input = new Uint8Array(INPUT_LENGTH);

  /**
   * Takes keys as Linux prints them: four hexadecimal words joined by `-`, and after a comma the backup key, if any.
   *
   * Throws TypeError for text that is none of these.
   */
  constructor(keys: string, variant: CookieVariant = "linux") {
    const [primary, backup = null, ...rest] = keys.trim().split(",");
    if (rest.length > 0) throw badKey(keys);
    this.variant = variant;
    this.#primary = parseKey(primary);
    if (backup !== null) this.#backup = parseKey(backup);
  }

  /** Takes a new primary key; the old one becomes the backup, the old backup is forgotten. Throws TypeError for text that is no key. */
  rotate(key: string): void {
    const next = parseKey(key);
    this.#backup = this.#primary;
    this.#primary = next;
  }

  /** The keys as the constructor takes them and as Linux prints them. Secret: who knows them can forge cookies. */
  toString(): string {
    return this.#backup === null
      ? this.#primary.text
      : `${this.#primary.text},${this.#backup.text}`;
  }

  /** Writes the {@linkcode COOKIE_LENGTH} bytes of the cookie that the client at `remote` gets of the server at `local`. */
  make(local: IpAddress, remote: IpAddress, cookie: Uint8Array): void {
    this.#compute(this.#primary, local, remote);
    const { lo, hi } = this.#primary.hash;
    for (let i = 0; i < 4; i++) {
      cookie[i] = lo >>> 8 * i;
      cookie[i + 4] = hi >>> 8 * i;
    }
  }

  /** Whose cookie `bytes[offset, offset + length)` is: `COOKIE_PRIMARY`, `COOKIE_BACKUP` or `COOKIE_INVALID`. */
  check(
    local: IpAddress,
    remote: IpAddress,
    bytes: Uint8Array,
    offset: number,
    length: number,
  ): number {
    if (length !== COOKIE_LENGTH) return COOKIE_INVALID;
    const lo = word(bytes, offset), hi = word(bytes, offset + 4);
    this.#compute(this.#primary, local, remote);
    if (isHash(this.#primary.hash, lo, hi)) return COOKIE_PRIMARY;
    if (this.#backup === null) return COOKIE_INVALID;
    this.#compute(this.#backup, local, remote);
    return isHash(this.#backup.hash, lo, hi) ? COOKIE_BACKUP : COOKIE_INVALID;
  }

  #compute(key: Key, local: IpAddress, remote: IpAddress): void {
    const input = this.#input;
    let end = writeAddress(remote, input, 0);
    if (this.variant === "linux") end = writeAddress(local, input, end);
    key.hash.hash(input, 0, end);
  }
}

/** A primary key drawn from `random`, which must be unpredictable, and no backup. */
export function createFastOpenKeys(random: Random): FastOpenKeys {
  return new FastOpenKeys(drawFastOpenKey(random));
}

/** A fresh key as {@linkcode FastOpenKeys.rotate} takes it. */
export function drawFastOpenKey(random: Random): string {
  const words = [0, 0, 0, 0].map(() => random.int32());
  return words.map(hexWord).join("-");
}

function parseKey(text: string): Key {
  const match = KEY.exec(text.trim());
  if (match === null) throw badKey(text);
  const words = match.slice(1).map((word) => parseInt(word, 16));
  const [k0, k1, k2, k3] = words;
  return {
    text: words.map(hexWord).join("-"),
    hash: new SipHash(k0, k1, k2, k3),
  };
}

/** Does not repeat the text: it may be most of a secret. */
function badKey(text: string): TypeError {
  return new TypeError(
    `Cannot read Fast Open keys: they must be four hexadecimal words joined by "-", with a second such key after a comma if any, got ${text.length} characters of another form`,
  );
}

function hexWord(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}

/** Writes the bytes of `address` as in its packets' headers. The offset just past them. */
function writeAddress(
  address: IpAddress,
  bytes: Uint8Array,
  at: number,
): number {
  if (address.family === 4) return writeWord(address.w3, bytes, at);
  let end = writeWord(address.w0, bytes, at);
  end = writeWord(address.w1, bytes, end);
  end = writeWord(address.w2, bytes, end);
  return writeWord(address.w3, bytes, end);
}

function writeWord(value: number, bytes: Uint8Array, at: number): number {
  bytes[at] = value >>> 24;
  bytes[at + 1] = value >>> 16;
  bytes[at + 2] = value >>> 8;
  bytes[at + 3] = value;
  return at + 4;
}

function word(bytes: Uint8Array, at: number): number {
  return bytes[at] | bytes[at + 1] << 8 | bytes[at + 2] << 16 |
    bytes[at + 3] << 24;
}

/** Compares without a branch on secret bytes, so that the time taken says nothing of how much was right. */
function isHash(hash: SipHash, lo: number, hi: number): boolean {
  return ((hash.lo ^ lo) | (hash.hi ^ hi)) === 0;
}
