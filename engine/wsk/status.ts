/**
 * NTSTATUS: how every WSK function and every IRP says how it went.
 *
 * A status is an unsigned 32-bit number; its two top bits are the severity:
 *
 *     31 30   29 28   27 ... 16   15 ... 0
 *     sev     flags   facility    code
 *     00 success, 01 informational, 10 warning, 11 error
 *
 * So {@linkcode STATUS_PENDING} is a success and
 * {@linkcode STATUS_BUFFER_OVERFLOW}, a warning, is not; code that is ported
 * depends on both. Numbers are those of ntstatus.h.
 *
 * @module
 */

/** A status code, as an unsigned 32-bit number. */
export type NTSTATUS = number;

/** The operation is done. */
export const STATUS_SUCCESS: NTSTATUS = 0x00000000;

/** A wait ended because its time ran out; a success code. */
export const STATUS_TIMEOUT: NTSTATUS = 0x00000102;

/** The IRP completes later; a success code. */
export const STATUS_PENDING: NTSTATUS = 0x00000103;

/** Part of a message was received; an informational code. */
export const STATUS_RECEIVE_PARTIAL: NTSTATUS = 0x4000000F;

/** An event callback has finished; an informational code. */
export const STATUS_EVENT_DONE: NTSTATUS = 0x40000012;

/** An event was disabled from inside its own callback, which is still running; an informational code. */
export const STATUS_EVENT_PENDING: NTSTATUS = 0x40000013;

/** More data than the output buffer holds, or more than 65,535 bytes given to WskConnectEx; a warning, not NT_SUCCESS. */
export const STATUS_BUFFER_OVERFLOW: NTSTATUS = 0x80000005;

/** An unspecified failure; what clients put into a reused IRP. */
export const STATUS_UNSUCCESSFUL: NTSTATUS = 0xC0000001;

/** The provider has no such function for this kind of socket. */
export const STATUS_NOT_IMPLEMENTED: NTSTATUS = 0xC0000002;

/** A pointer was invalid. */
export const STATUS_ACCESS_VIOLATION: NTSTATUS = 0xC0000005;

/** The client or socket pointer is NULL. */
export const STATUS_INVALID_HANDLE: NTSTATUS = 0xC0000008;

/** An argument is malformed, a reserved flag is set, or an IRP is missing. */
export const STATUS_INVALID_PARAMETER: NTSTATUS = 0xC000000D;

/** The request has no meaning for this socket's origin. */
export const STATUS_INVALID_DEVICE_REQUEST: NTSTATUS = 0xC0000010;

/** What a completion routine returns to keep the IRP. */
export const STATUS_MORE_PROCESSING_REQUIRED: NTSTATUS = 0xC0000016;

/** Memory ran out. */
export const STATUS_NO_MEMORY: NTSTATUS = 0xC0000017;

/** The address belongs to another socket that does not share it. */
export const STATUS_ACCESS_DENIED: NTSTATUS = 0xC0000022;

/** An option's buffer is shorter than its value. */
export const STATUS_BUFFER_TOO_SMALL: NTSTATUS = 0xC0000023;

/** The function was called with a socket of another category. */
export const STATUS_OBJECT_TYPE_MISMATCH: NTSTATUS = 0xC0000024;

/** The object is in use elsewhere. */
export const STATUS_SHARING_VIOLATION: NTSTATUS = 0xC0000043;

/** A table or a pool is exhausted. */
export const STATUS_INSUFFICIENT_RESOURCES: NTSTATUS = 0xC000009A;

/** The WSK provider is not there, or not yet. */
export const STATUS_DEVICE_NOT_READY: NTSTATUS = 0xC00000A3;

/** The sending direction is shut. */
export const STATUS_PIPE_DISCONNECTED: NTSTATUS = 0xC00000B0;

/** The peer did not answer within all retransmissions. */
export const STATUS_IO_TIMEOUT: NTSTATUS = 0xC00000B5;

/** The socket no longer works; close it. */
export const STATUS_FILE_FORCED_CLOSED: NTSTATUS = 0xC00000B6;

/** The flag, option or control code is not supported. */
export const STATUS_NOT_SUPPORTED: NTSTATUS = 0xC00000BB;

/** Nobody listens at the remote address. */
export const STATUS_REMOTE_NOT_LISTENING: NTSTATUS = 0xC00000BC;

/** The network path does not exist. */
export const STATUS_BAD_NETWORK_PATH: NTSTATUS = 0xC00000BE;

/** The network is busy. */
export const STATUS_NETWORK_BUSY: NTSTATUS = 0xC00000BF;

/** A network error of no other kind. */
export const STATUS_UNEXPECTED_NETWORK_ERROR: NTSTATUS = 0xC00000C4;

/** An accept event refused the connection, or a control request needs an IRP and got none. */
export const STATUS_REQUEST_NOT_ACCEPTED: NTSTATUS = 0xC00000D0;

/** IoCancelIrp or WskCloseSocket ended the operation. */
export const STATUS_CANCELLED: NTSTATUS = 0xC0000120;

/** The connection was shut on this side. */
export const STATUS_LOCAL_DISCONNECT: NTSTATUS = 0xC000013B;

/** The connection was shut by the peer. */
export const STATUS_REMOTE_DISCONNECT: NTSTATUS = 0xC000013C;

/** The connection failed. */
export const STATUS_LINK_FAILED: NTSTATUS = 0xC000013E;

/** The connection timed out. */
export const STATUS_LINK_TIMEOUT: NTSTATUS = 0xC000013F;

/** The socket is not connected. */
export const STATUS_INVALID_CONNECTION: NTSTATUS = 0xC0000140;

/** The address is malformed or of another family than the socket. */
export const STATUS_INVALID_ADDRESS: NTSTATUS = 0xC0000141;

/** The socket's state does not allow the operation. */
export const STATUS_INVALID_DEVICE_STATE: NTSTATUS = 0xC0000184;

/** The size of a buffer is wrong, such as a datagram that is too large. */
export const STATUS_INVALID_BUFFER_SIZE: NTSTATUS = 0xC0000206;

/** The address is not one of this host's. */
export const STATUS_INVALID_ADDRESS_COMPONENT: NTSTATUS = 0xC0000207;

/** The unspecified address has no meaning as a destination. */
export const STATUS_INVALID_ADDRESS_WILDCARD: NTSTATUS = 0xC0000208;

/** No ephemeral port is left. */
export const STATUS_TOO_MANY_ADDRESSES: NTSTATUS = 0xC0000209;

/** The address, or the pair of addresses, is in use. */
export const STATUS_ADDRESS_ALREADY_EXISTS: NTSTATUS = 0xC000020A;

/** The address object is closed. */
export const STATUS_ADDRESS_CLOSED: NTSTATUS = 0xC000020B;

/** The connection is gone. */
export const STATUS_CONNECTION_DISCONNECTED: NTSTATUS = 0xC000020C;

/** The peer reset the connection. */
export const STATUS_CONNECTION_RESET: NTSTATUS = 0xC000020D;

/** The transaction was aborted. */
export const STATUS_TRANSACTION_ABORTED: NTSTATUS = 0xC000020F;

/** A receive event took nothing of what it was shown. */
export const STATUS_DATA_NOT_ACCEPTED: NTSTATUS = 0xC000021B;

/** The name or the object does not exist. */
export const STATUS_NOT_FOUND: NTSTATUS = 0xC0000225;

/** Try again. */
export const STATUS_RETRY: NTSTATUS = 0xC000022D;

/** The peer answered the SYN by a reset. */
export const STATUS_CONNECTION_REFUSED: NTSTATUS = 0xC0000236;

/** TDI's word for a peer's FIN; WSK reports success and no bytes. */
export const STATUS_GRACEFUL_DISCONNECT: NTSTATUS = 0xC0000237;

/** The endpoint has an address. */
export const STATUS_ADDRESS_ALREADY_ASSOCIATED: NTSTATUS = 0xC0000238;

/** The endpoint has no address. */
export const STATUS_ADDRESS_NOT_ASSOCIATED: NTSTATUS = 0xC0000239;

/** There is no such connection. */
export const STATUS_CONNECTION_INVALID: NTSTATUS = 0xC000023A;

/** The connection is established already. */
export const STATUS_CONNECTION_ACTIVE: NTSTATUS = 0xC000023B;

/** No route leads to the destination's network. */
export const STATUS_NETWORK_UNREACHABLE: NTSTATUS = 0xC000023C;

/** The destination host cannot be reached. */
export const STATUS_HOST_UNREACHABLE: NTSTATUS = 0xC000023D;

/** The destination host does not speak the protocol. */
export const STATUS_PROTOCOL_UNREACHABLE: NTSTATUS = 0xC000023E;

/** Nobody uses the destination port. */
export const STATUS_PORT_UNREACHABLE: NTSTATUS = 0xC000023F;

/** The request was aborted. */
export const STATUS_REQUEST_ABORTED: NTSTATUS = 0xC0000240;

/** The connection was aborted on this side. */
export const STATUS_CONNECTION_ABORTED: NTSTATUS = 0xC0000241;

/** The number of connections is at its limit. */
export const STATUS_CONNECTION_COUNT_LIMIT: NTSTATUS = 0xC0000246;

/** The name does not resolve (Windows 7 and the documentation). */
export const STATUS_NO_MATCH: NTSTATUS = 0xC0000272;

/** The provider does not speak the requested version. */
export const STATUS_NOINTERFACE: NTSTATUS = 0xC00002B9;

/** The destination host is down. */
export const STATUS_HOST_DOWN: NTSTATUS = 0xC0000350;

/** The hop limit ran out on the way. */
export const STATUS_HOPLIMIT_EXCEEDED: NTSTATUS = 0xC000A012;

/** The family, type and protocol do not go together. */
export const STATUS_PROTOCOL_NOT_SUPPORTED: NTSTATUS = 0xC000A013;

/** Whether `Status` is a success or informational code. */
export function NT_SUCCESS(Status: NTSTATUS): boolean {
  return (Status | 0) >= 0;
}

/** Whether `Status` is an informational code. */
export function NT_INFORMATION(Status: NTSTATUS): boolean {
  return Status >>> 30 === 1;
}

/** Whether `Status` is a warning, which {@linkcode NT_SUCCESS} does not pass. */
export function NT_WARNING(Status: NTSTATUS): boolean {
  return Status >>> 30 === 2;
}

/** Whether `Status` is an error. */
export function NT_ERROR(Status: NTSTATUS): boolean {
  return Status >>> 30 === 3;
}
