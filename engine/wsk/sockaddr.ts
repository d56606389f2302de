/**
 * Socket addresses as C has them, and as the rest of the engine has them.
 *
 *     SOCKADDR_IN   sin_family  sin_port  sin_addr                    16 bytes
 *     SOCKADDR_IN6  sin6_family sin6_port sin6_flowinfo sin6_addr sin6_scope_id
 *
 * Ports and addresses are in network order, as in C. An out-parameter of type
 * SOCKADDR is filled in place: a SOCKADDR_IN for AF_INET, a SOCKADDR_IN6 for
 * AF_INET6, a SOCKADDR_INET (SOCKADDR_STORAGE) for either. IPv4 peers of an
 * AF_INET6 socket appear as `::ffff:a.b.c.d` (RFC 4291 §2.5.5.2).
 *
 * @module
 */
import {
  IpAddress,
  parseIpAddress,
  readIpv6,
  V4_MAPPED_WORD,
  writeIpv6,
} from "../wire/ip_address.ts";
import { htonl, htons, ntohl, ntohs } from "./c_types.ts";
import { AF_INET, AF_INET6 } from "./constants.ts";

/** INADDR_ANY, in either byte order. */
export const INADDR_ANY = 0;
/** 127.0.0.1 in host order: pass it through htonl(). */
export const INADDR_LOOPBACK = 0x7f000001;

/** An IPv4 address. */
export class IN_ADDR {
  /** The address in network order, unsigned. */
  s_addr: number;

  /** Makes an address, the unspecified one unless told. */
  constructor(s_addr: number = INADDR_ANY) {
    this.s_addr = s_addr;
  }
}

/** An IPv6 address. */
export class IN6_ADDR {
  /** Its sixteen bytes. */
  readonly Byte: Uint8Array = new Uint8Array(16);

  /** Makes an address from sixteen bytes, the unspecified one unless told. */
  constructor(bytes: ArrayLike<number> = []) {
    this.Byte.set(bytes);
  }
}

/** An IPv4 socket address. */
export class SOCKADDR_IN {
  /** AF_INET. */
  sin_family: number = AF_INET;
  /** Port, network order. */
  sin_port = 0;
  /** Address, network order. */
  sin_addr: IN_ADDR = new IN_ADDR();

  /** 16. */
  get cSize(): number {
    return 16;
  }
}

/** An IPv6 socket address. */
export class SOCKADDR_IN6 {
  /** AF_INET6. */
  sin6_family: number = AF_INET6;
  /** Port, network order. */
  sin6_port = 0;
  /** Flow label; ignored. */
  sin6_flowinfo = 0;
  /** Address. */
  sin6_addr: IN6_ADDR = new IN6_ADDR();
  /** Scope; ignored: the route decides. */
  sin6_scope_id = 0;

  /** 28. */
  get cSize(): number {
    return 28;
  }
}

/** Room for an address of either family: the union SOCKADDR_INET, and SOCKADDR_STORAGE. */
export class SOCKADDR_INET {
  /** The family that is stored, 0 while none is. */
  si_family = 0;
  /** The address when it is an IPv4 one. */
  readonly Ipv4: SOCKADDR_IN = new SOCKADDR_IN();
  /** The address when it is an IPv6 one. */
  readonly Ipv6: SOCKADDR_IN6 = new SOCKADDR_IN6();

  /** 128, the size of SOCKADDR_STORAGE. */
  get cSize(): number {
    return 128;
  }
}

/** Any socket address. */
export type SOCKADDR = SOCKADDR_IN | SOCKADDR_IN6 | SOCKADDR_INET;

/** An address and a port in the engine's form. */
export interface Endpoint {
  /** The address. */
  readonly address: IpAddress;
  /** The port, 0..65535, host order. */
  readonly port: number;
}

/** The family a socket address says it has. */
export function familyOf(address: SOCKADDR): number {
  if ("si_family" in address) return address.si_family;
  return "sin_family" in address ? address.sin_family : address.sin6_family;
}

/** The endpoint a socket address of `family` names, or `null` when it is of another family. */
export function endpointOf(
  address: SOCKADDR,
  family: number,
): Endpoint | null {
  if (familyOf(address) !== family) return null;
  if ("si_family" in address) {
    return endpointOf(
      family === AF_INET ? address.Ipv4 : address.Ipv6,
      family,
    );
  }
  if ("sin_family" in address) {
    const word = ntohl(address.sin_addr.s_addr);
    return {
      address: new IpAddress(0, 0, V4_MAPPED_WORD, word),
      port: ntohs(address.sin_port),
    };
  }
  return {
    address: readIpv6(viewOf(address.sin6_addr), 0),
    port: ntohs(address.sin6_port),
  };
}

/** Fills `out` with an endpoint in the form of `family`. Whether `out` has room for that family. */
export function fillSockaddr(
  out: SOCKADDR,
  endpoint: Endpoint,
  family: number,
): boolean {
  if ("si_family" in out) {
    out.si_family = family;
    return fillSockaddr(
      family === AF_INET ? out.Ipv4 : out.Ipv6,
      endpoint,
      family,
    );
  }
  if (family === AF_INET && "sin_family" in out) {
    out.sin_family = AF_INET;
    out.sin_port = htons(endpoint.port);
    out.sin_addr.s_addr = htonl(endpoint.address.w3);
    return true;
  }
  if (family !== AF_INET6 || !("sin6_family" in out)) return false;
  out.sin6_family = AF_INET6;
  out.sin6_port = htons(endpoint.port);
  writeIpv6(viewOf(out.sin6_addr), 0, endpoint.address);
  return true;
}

/** A new socket address of `family` for an endpoint. */
export function sockaddrOf(endpoint: Endpoint, family: number): SOCKADDR {
  const out = family === AF_INET ? new SOCKADDR_IN() : new SOCKADDR_IN6();
  fillSockaddr(out, endpoint, family);
  return out;
}

/** The size in C of a socket address of `family`. */
export function sockaddrSize(family: number): number {
  return family === AF_INET ? 16 : 28;
}

/** A socket address from text such as "10.0.0.1" or "fd00::1"; throws when it is none. */
export function sockaddr(text: string, port: number): SOCKADDR {
  const address = parseIpAddress(text);
  return sockaddrOf(
    { address, port },
    address.family === 4 ? AF_INET : AF_INET6,
  );
}

function viewOf({ Byte }: IN6_ADDR): DataView {
  return new DataView(Byte.buffer, Byte.byteOffset, 16);
}
