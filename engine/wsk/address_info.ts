/**
 * ADDRINFOEXW: one address a name resolves to, and the next.
 *
 * @module
 */
import type { SOCKADDR } from "./sockaddr.ts";

/** A resolution, or with only its first members set the hints for one. */
export interface ADDRINFOEXW {
  /** `AI_*` bits. */
  ai_flags: number;
  /** `AF_*`; 0 in hints: any. */
  ai_family: number;
  /** `SOCK_*`; 0: any. */
  ai_socktype: number;
  /** `IPPROTO_*`; 0: any. */
  ai_protocol: number;
  /** Size of `ai_addr` in C, bytes. */
  ai_addrlen: number;
  /** The canonical name, when asked for. */
  ai_canonname: string | null;
  /** The address. */
  ai_addr: SOCKADDR | null;
  /** Provider data: none. */
  ai_blob: null;
  /** 0. */
  ai_bloblen: number;
  /** The name space provider: none. */
  ai_provider: string | null;
  /** The next address, or `null`. */
  ai_next: ADDRINFOEXW | null;
}
