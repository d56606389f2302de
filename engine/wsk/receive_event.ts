/**
 * The receive event: received bytes lent to the client's callback.
 *
 * It fires while bytes are left that no WskReceive asks for, one call at a
 * time. The callback is shown a copy in an MDL of the provider's; what its
 * answer says becomes of the bytes:
 *
 *     SUCCESS, BytesAccepted as set   consumed; next data, next event
 *     SUCCESS, BytesAccepted smaller  the rest stays; no event until a WskReceive completes
 *     PENDING                         lent until WskRelease; they keep the window small
 *     DATA_NOT_ACCEPTED               all stay; no event until a WskReceive completes
 *
 * No event fires while a completed WskReceive awaits its completion routine,
 * so a client never sees later bytes before earlier ones.
 *
 * @module
 */
import {
  WSK_EVENT_RECEIVE,
  WSK_FLAG_ENTIRE_MESSAGE,
  WSK_FLAG_RELEASE_ASAP,
} from "./constants.ts";
import type { POINTER } from "./c_types.ts";
import type { ConnectionFlow } from "./connection.ts";
import type { Socket } from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_DATA_NOT_ACCEPTED,
  STATUS_PENDING,
  STATUS_SUCCESS,
} from "./status.ts";
import type { WSK_DATA_INDICATION } from "./structures.ts";
import { bufOf } from "./wsk_buf.ts";

/** Most bytes of one indication. */
const INDICATION_LIMIT = 65_536;
/** Retained bytes from which on the client is asked to hurry. */
const RELEASE_ASAP_AT = 32_768;

/** Shows the client what nobody else takes, until it stops taking. */
export function indicateData(socket: Socket, flow: ConnectionFlow): void {
  while (indicateOnce(socket, flow));
}

/** Tells the client, by an indication of nothing, that the socket is dead. */
export function indicateReceiveDeath(
  socket: Socket,
  flow: ConnectionFlow,
): void {
  if (!isWanted(socket, flow)) return;
  call(socket, flow, 0, null, 0, { value: 0 });
}

function indicateOnce(socket: Socket, flow: ConnectionFlow): boolean {
  const { receives } = flow;
  if (!isWanted(socket, flow) || !receives.armed || receives.waiting) {
    return false;
  }
  const length = Math.min(receives.available, INDICATION_LIMIT);
  if (length <= 0 || receives.undelivered > 0) return false;
  const bytes = new Uint8Array(length);
  flow.transport.peek(receives.taken, bytes, 0, length);
  const indication = { Next: null, Buffer: bufOf(bytes) };
  const accepted = { value: length };
  const flags = flagsFor(flow, length);
  flow.indicating = true;
  let status: NTSTATUS = STATUS_DATA_NOT_ACCEPTED;
  try {
    status = call(socket, flow, flags, indication, length, accepted);
  } finally {
    flow.indicating = false;
  }
  if (socket.closed || flow.failed !== STATUS_SUCCESS) return false;
  settle(flow, status, indication, length, accepted.value);
  receives.pump();
  return true;
}

function settle(
  flow: ConnectionFlow,
  status: NTSTATUS,
  indication: WSK_DATA_INDICATION,
  indicated: number,
  accepted: number,
): void {
  const { receives } = flow;
  if (status === STATUS_PENDING) {
    receives.retain(indication, indicated);
    return;
  }
  const taken = status === STATUS_DATA_NOT_ACCEPTED
    ? 0
    : Math.min(Math.max(accepted, 0), indicated);
  receives.take(taken);
  if (taken < indicated) receives.armed = false;
}

function isWanted(socket: Socket, flow: ConnectionFlow): boolean {
  if (socket.closed || flow.indicating) return false;
  if (flow.receiveEx !== null) return true;
  return socket.gate.isEnabled(WSK_EVENT_RECEIVE) &&
    !!socket.callbacks.connection?.WskReceiveEvent;
}

function flagsFor(flow: ConnectionFlow, length: number): number {
  const whole = flow.transport.pushed && length === flow.receives.available;
  return (whole ? WSK_FLAG_ENTIRE_MESSAGE : 0) |
    (flow.receives.taken >= RELEASE_ASAP_AT ? WSK_FLAG_RELEASE_ASAP : 0);
}

function call(
  socket: Socket,
  flow: ConnectionFlow,
  flags: number,
  indication: WSK_DATA_INDICATION | null,
  length: number,
  accepted: POINTER<number>,
): NTSTATUS {
  const { context } = socket;
  const { receiveEx } = flow;
  const plain = socket.callbacks.connection?.WskReceiveEvent;
  return socket.gate.run(WSK_EVENT_RECEIVE, () => {
    if (receiveEx !== null) {
      return receiveEx(context, flags, indication, null, 0, length, accepted);
    }
    if (!plain) return STATUS_DATA_NOT_ACCEPTED;
    return plain(context, flags, indication, length, accepted);
  });
}
