/**
 * Who holds which local address, and who may share it.
 *
 * The rules are the table "Sharing Transport Addresses" of the WSK
 * documentation. Row: the socket that binds second; column: the one that holds
 * the address. Two different specific addresses never meet.
 *
 *                    none-wild  none-spec  reuse-wild  reuse-spec  excl-wild  excl-spec
 *     none     wild      INUSE      ok         INUSE       ok          INUSE      ok
 *     none     specific  CHECK      INUSE      CHECK       DENIED      DENIED     INUSE
 *     reuse    wild      DENIED     ok         ok          ok          DENIED     ok
 *     reuse    specific  CHECK      DENIED     ok          ok          DENIED     DENIED
 *     excl     wild      INUSE      INUSE      INUSE       INUSE       INUSE      INUSE
 *     excl     specific  CHECK      INUSE      CHECK       INUSE       DENIED     INUSE
 *
 * CHECK asks the holder's security descriptor; the default one denies.
 *
 * @module
 */
import { isUnspecified } from "../wire/ip_address.ts";
import type { Endpoint } from "./sockaddr.ts";
import {
  type NTSTATUS,
  STATUS_ACCESS_DENIED,
  STATUS_ADDRESS_ALREADY_EXISTS,
  STATUS_SUCCESS,
} from "./status.ts";
import type { SECURITY_DESCRIPTOR } from "./structures.ts";

/** Neither SO_REUSEADDR nor SO_EXCLUSIVEADDRUSE. */
export const SHARE_NONE = 0;
/** SO_REUSEADDR. */
export const SHARE_REUSE = 1;
/** SO_EXCLUSIVEADDRUSE. */
export const SHARE_EXCLUSIVE = 2;

const INUSE = STATUS_ADDRESS_ALREADY_EXISTS;
const DENIED = STATUS_ACCESS_DENIED;
const OK = STATUS_SUCCESS;
const CHECK = -1;

const RULES: readonly (readonly number[])[] = [
  [INUSE, OK, INUSE, OK, INUSE, OK],
  [CHECK, INUSE, CHECK, DENIED, DENIED, INUSE],
  [DENIED, OK, OK, OK, DENIED, OK],
  [CHECK, DENIED, OK, OK, DENIED, DENIED],
  [INUSE, INUSE, INUSE, INUSE, INUSE, INUSE],
  [CHECK, INUSE, CHECK, INUSE, DENIED, INUSE],
];

/** A socket's hold on a local address. */
export interface AddressClaim {
  /** IPPROTO_TCP or IPPROTO_UDP. */
  readonly protocol: number;
  /** What is held. */
  readonly endpoint: Endpoint;
  /** An IPv6 wildcard that covers IPv4 too. */
  readonly dualStack: boolean;
  /** `SHARE_*`. */
  readonly share: number;
  /** Asked where the table says CHECK. */
  readonly security: SECURITY_DESCRIPTOR | null;
}

/** The claims of one subsystem. */
export class AddressTable {
  readonly #claims = new Map<number, AddressClaim[]>();

  /** Whether any socket holds the port. */
  isPortTaken(protocol: number, port: number): boolean {
    return this.#claims.has(keyOf(protocol, port));
  }

  /** Holds an address, if the rules allow it: STATUS_SUCCESS, or the status WskBind fails with. */
  claim(wanted: AddressClaim): NTSTATUS {
    const key = keyOf(wanted.protocol, wanted.endpoint.port);
    const held = this.#claims.get(key) ?? [];
    for (const other of held) {
      const verdict = judge(wanted, other);
      if (verdict !== STATUS_SUCCESS) return verdict;
    }
    held.push(wanted);
    this.#claims.set(key, held);
    return STATUS_SUCCESS;
  }

  /** Gives a claim up. */
  release(claim: AddressClaim): void {
    const key = keyOf(claim.protocol, claim.endpoint.port);
    const held = this.#claims.get(key);
    const at = held?.indexOf(claim) ?? -1;
    if (held === undefined || at < 0) return;
    held.splice(at, 1);
    if (held.length === 0) this.#claims.delete(key);
  }

  /** Claims held. */
  get size(): number {
    let size = 0;
    for (const held of this.#claims.values()) size += held.length;
    return size;
  }
}

function keyOf(protocol: number, port: number): number {
  return protocol << 16 | port;
}

function judge(second: AddressClaim, first: AddressClaim): NTSTATUS {
  const secondWild = isUnspecified(second.endpoint.address);
  const firstWild = isUnspecified(first.endpoint.address);
  if (!meet(second, first)) return STATUS_SUCCESS;
  const row = 2 * second.share + (secondWild ? 0 : 1);
  const column = 2 * first.share + (firstWild ? 0 : 1);
  const verdict = RULES[row][column];
  if (verdict !== CHECK) return verdict;
  return first.security?.allowsSharing === true
    ? STATUS_SUCCESS
    : STATUS_ACCESS_DENIED;
}

/** Whether two claims on one port are about one address; a wildcard is about all of its family. */
function meet(a: AddressClaim, b: AddressClaim): boolean {
  const [x, y] = [a.endpoint.address, b.endpoint.address];
  if (!isUnspecified(x) && !isUnspecified(y)) return x.equals(y);
  return x.family === y.family || a.dualStack || b.dualStack;
}
