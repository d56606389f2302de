/**
 * What datagram verbs answer beyond the codes they share with TCP's
 * (tcp/codes.ts): numbers below -15, so that one table can name them all.
 *
 * @module
 */

/** Nothing to receive, or no room to send: try again after `EV_READABLE` or `EV_WRITABLE`. */
export const ERR_WOULD_BLOCK: number = -16;
/** The datagram is larger than UDP, the send queue or, when it must not be fragmented, the path can take. */
export const ERR_TOO_BIG: number = -17;
/** The destination is a broadcast address and the socket was not allowed those. */
export const ERR_NOT_PERMITTED: number = -18;
/** The socket is closed. */
export const ERR_CLOSED: number = -19;
/** No destination was given and the socket has no peer. */
export const ERR_NO_DESTINATION: number = -20;

/** A datagram of ours came to nothing: look at `DatagramSocket.takeError`. */
export const EV_ERROR = 256;
