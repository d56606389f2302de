/**
 * The small integers by which TCP answers: verbs' errors, reasons of death,
 * event bits, and the states of loss recovery.
 *
 * @module
 */

/** A verb was called in a state that does not allow it: not connected, or already closed for sending. */
export const ERR_NOT_CONNECTED: number = -1;
/** The connection is dead; `abortReason` says why. */
export const ERR_ABORTED: number = -2;
/** The sending side was shut down by the application. */
export const ERR_SEND_SHUTDOWN: number = -3;
/** Nothing can be read any more: the peer closed and all was read. */
export const ERR_END_OF_STREAM: number = -4;
/** The arena has no room. */
export const ERR_NO_MEMORY: number = -5;
/** The address and port are in use. */
export const ERR_ADDRESS_IN_USE: number = -6;
/** The address is not one of ours, or no free port is left. */
export const ERR_ADDRESS_NOT_AVAILABLE: number = -7;
/** No route leads to the destination. */
export const ERR_NO_ROUTE: number = -8;

/** Alive, or closed in order. */
export const ABORT_NONE = 0;
/** RST answered our SYN, or ICMP said so: ECONNREFUSED. */
export const ABORT_REFUSED = 1;
/** RST on an established connection: ECONNRESET. */
export const ABORT_RESET = 2;
/** Retransmissions, keepalive or user timeout exhausted: ETIMEDOUT. */
export const ABORT_TIMED_OUT = 3;
/** The host cannot be reached: EHOSTUNREACH. */
export const ABORT_HOST_UNREACHABLE = 4;
/** The network cannot be reached: ENETUNREACH. */
export const ABORT_NET_UNREACHABLE = 5;
/** The application aborted it. */
export const ABORT_LOCAL = 6;
/** The arena had no room left for it. */
export const ABORT_NO_MEMORY = 7;
/** The stack was closed under it. */
export const ABORT_STACK_CLOSED = 8;
/** RST after the peer had closed: EPIPE on write. */
export const ABORT_BROKEN_PIPE = 9;
/** ICMP: protocol unreachable. */
export const ABORT_PROTOCOL_UNREACHABLE = 10;
/** ICMP: administratively prohibited. */
export const ABORT_PROHIBITED = 11;

/** Names by number, for messages. */
export const ABORT_NAMES: readonly string[] = [
  "none",
  "connection refused",
  "connection reset by peer",
  "connection timed out",
  "no route to host",
  "network unreachable",
  "aborted locally",
  "out of memory",
  "stack closed",
  "broken pipe",
  "protocol unreachable",
  "administratively prohibited",
];

/** The handshake is complete (or Fast Open data arrived): look at the state. */
export const EV_CONNECTED = 1;
/** There is more to read, or the end of the stream to see. */
export const EV_READABLE = 2;
/** A write that came up short may be tried again. */
export const EV_WRITABLE = 4;
/** The peer acknowledged more, our FIN perhaps: look at `bytesAcked` and the state. */
export const EV_ACKED = 8;
/** The peer closed its direction. */
export const EV_PEER_CLOSED = 16;
/** The connection died: look at `abortReason`. */
export const EV_ABORTED = 32;
/** The connection is over and its slot is about to be given back. */
export const EV_CLOSED = 64;
/** Urgent data is announced. */
export const EV_URGENT = 128;

/** Loss recovery: nothing out of the ordinary. Numbers as `tcpi_ca_state`. */
export const CA_OPEN = 0;
/** Duplicate acknowledgements or SACKs, no loss yet. */
export const CA_DISORDER = 1;
/** The window is being reduced for ECN or a repaired tail loss. */
export const CA_CWR = 2;
/** Fast recovery, RFC 6675, RFC 8985. */
export const CA_RECOVERY = 3;
/** After a retransmission timeout. */
export const CA_LOSS = 4;

/** Names by number. */
export const CA_NAMES: readonly string[] = [
  "open",
  "disorder",
  "cwr",
  "recovery",
  "loss",
];
