/**
 * C's pointer types: the structures themselves, by the names declarations use.
 *
 * `PIRP Irp;` becomes `let Irp: PIRP;`. A pointer that may be NULL is written
 * `PIRP | null`.
 *
 * @module
 */
import type * as D from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import type { KEVENT } from "./kevent.ts";
import type { MDL } from "./mdl.ts";
import type {
  SOCKADDR,
  SOCKADDR_IN,
  SOCKADDR_IN6,
  SOCKADDR_INET,
} from "./sockaddr.ts";
import type * as S from "./structures.ts";
import type { WSK_BUF, WSK_BUF_LIST } from "./wsk_buf.ts";

/** Pointer to an {@linkcode IRP}. */
export type PIRP = IRP;
/** Pointer to an {@linkcode MDL}. */
export type PMDL = MDL;
/** Pointer to a {@linkcode KEVENT}. */
export type PKEVENT = KEVENT;
/** Pointer to any socket address. */
export type PSOCKADDR = SOCKADDR;
/** Pointer to an IPv4 socket address. */
export type PSOCKADDR_IN = SOCKADDR_IN;
/** Pointer to an IPv6 socket address. */
export type PSOCKADDR_IN6 = SOCKADDR_IN6;
/** Room for an address of any family. */
export type SOCKADDR_STORAGE = SOCKADDR_INET;
/** Pointer to room for an address of any family. */
export type PSOCKADDR_STORAGE = SOCKADDR_INET;
/** Pointer to a socket. */
export type PWSK_SOCKET = D.WSK_SOCKET;
/** Pointer to a client object. */
export type PWSK_CLIENT = D.WSK_CLIENT;
/** Pointer to a buffer. */
export type PWSK_BUF = WSK_BUF;
/** Pointer to a list of buffers. */
export type PWSK_BUF_LIST = WSK_BUF_LIST;
/** Pointer to a data indication. */
export type PWSK_DATA_INDICATION = S.WSK_DATA_INDICATION;
/** Pointer to a datagram indication. */
export type PWSK_DATAGRAM_INDICATION = S.WSK_DATAGRAM_INDICATION;
/** Pointer to an inspect identifier. */
export type PWSK_INSPECT_ID = S.WSK_INSPECT_ID;
/** Pointer to the client object's functions. */
export type PWSK_PROVIDER_DISPATCH = D.WSK_PROVIDER_DISPATCH;
/** Pointer to a basic socket's functions. */
export type PWSK_PROVIDER_BASIC_DISPATCH = D.WSK_PROVIDER_BASIC_DISPATCH;
/** Pointer to a listening socket's functions. */
export type PWSK_PROVIDER_LISTEN_DISPATCH = D.WSK_PROVIDER_LISTEN_DISPATCH;
/** Pointer to a datagram socket's functions. */
export type PWSK_PROVIDER_DATAGRAM_DISPATCH = D.WSK_PROVIDER_DATAGRAM_DISPATCH;
/** Pointer to a connection-oriented socket's functions. */
export type PWSK_PROVIDER_CONNECTION_DISPATCH =
  D.WSK_PROVIDER_CONNECTION_DISPATCH;
/** Pointer to a stream socket's functions. */
export type PWSK_PROVIDER_STREAM_DISPATCH = D.WSK_PROVIDER_STREAM_DISPATCH;
/** Pointer to a client's functions for connections. */
export type PWSK_CLIENT_CONNECTION_DISPATCH = D.WSK_CLIENT_CONNECTION_DISPATCH;
