/**
 * SO_WSK_EVENT_CALLBACK and SO_WSK_SECURITY.
 *
 * Events are enabled in any combination and disabled one at a time. A listener
 * also takes the connection events, for the sockets WskAcceptEvent delivers to
 * inherit; those cannot be disabled on it.
 *
 * @module
 */
import {
  WSK_EVENT_ACCEPT,
  WSK_EVENT_DISABLE,
  WSK_EVENT_DISCONNECT,
  WSK_EVENT_RECEIVE,
  WSK_EVENT_RECEIVE_FROM,
  WSK_EVENT_SEND_BACKLOG,
} from "./constants.ts";
import type { ControlRequest } from "./control_request.ts";
import {
  CATEGORY_BASIC,
  CATEGORY_CONNECTION,
  CATEGORY_DATAGRAM,
  eventsOf,
  type Socket,
} from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_EVENT_PENDING,
  STATUS_INVALID_DEVICE_STATE,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_SUPPORTED,
  STATUS_PENDING,
  STATUS_SUCCESS,
} from "./status.ts";
import {
  NPI_WSK_INTERFACE_ID,
  type SECURITY_DESCRIPTOR,
  type WSK_EVENT_CALLBACK_CONTROL,
} from "./structures.ts";

const EVENTS_CONNECTION = WSK_EVENT_SEND_BACKLOG | WSK_EVENT_RECEIVE |
  WSK_EVENT_DISCONNECT;

/** The mask of an event control, unsigned; `null` when it is none. */
export function maskOf(input: unknown): number | null {
  if (typeof input !== "object" || input === null) return null;
  const { EventMask } = input as Partial<WSK_EVENT_CALLBACK_CONTROL>;
  return typeof EventMask === "number" ? EventMask >>> 0 : null;
}

/** Whether an event control names the WSK interface. */
export function isForWsk(input: unknown): boolean {
  const { NpiId } = input as Partial<WSK_EVENT_CALLBACK_CONTROL>;
  return NpiId === NPI_WSK_INTERFACE_ID;
}

/** SO_WSK_EVENT_CALLBACK. */
export function setEventCallback(request: ControlRequest): NTSTATUS {
  const { socket, input } = request;
  const mask = maskOf(input);
  if (mask === null) return STATUS_INVALID_PARAMETER;
  if (!isForWsk(input)) return STATUS_NOT_SUPPORTED;
  const disable = (mask & WSK_EVENT_DISABLE) !== 0;
  const events = mask & ~WSK_EVENT_DISABLE;
  if (socket.kind.category === CATEGORY_BASIC || events === 0) {
    return STATUS_INVALID_PARAMETER;
  }
  if ((events & ~eventsOf(socket.kind.category)) !== 0) {
    return STATUS_INVALID_PARAMETER;
  }
  if (!isActive(socket, events)) return STATUS_INVALID_DEVICE_STATE;
  return disable ? disableEvent(request, events) : enable(socket, events);
}

/** SO_WSK_SECURITY, set: the descriptor becomes the one that guards the address. */
export function setSecurity({ socket, input }: ControlRequest): NTSTATUS {
  if (typeof input !== "object") return STATUS_INVALID_PARAMETER;
  if (socket.local !== null) return STATUS_INVALID_DEVICE_STATE;
  socket.options.security = input as SECURITY_DESCRIPTOR | null;
  return STATUS_SUCCESS;
}

/** SO_WSK_SECURITY, get: the output is a pointer to the descriptor. */
export function getSecurity(request: ControlRequest): NTSTATUS {
  const { socket, output } = request;
  if (typeof output !== "object" || output === null || !("value" in output)) {
    return STATUS_INVALID_PARAMETER;
  }
  (output as { value: unknown }).value = socket.options.security;
  request.returned = 8;
  return STATUS_SUCCESS;
}

function enable(socket: Socket, events: number): NTSTATUS {
  if (!hasCallbacks(socket, events)) return STATUS_INVALID_PARAMETER;
  socket.gate.enable(events);
  socket.markDirty();
  return STATUS_SUCCESS;
}

function disableEvent(request: ControlRequest, event: number): NTSTATUS {
  const { socket, irp } = request;
  const { gate } = socket;
  const isOne = (event & event - 1) === 0;
  const inherited = socket.listener !== null && event !== WSK_EVENT_ACCEPT;
  if (!isOne || inherited || (gate.staticMask & event) !== 0) {
    return STATUS_INVALID_PARAMETER;
  }
  gate.disable(event);
  if (!gate.isRunning(event)) return STATUS_SUCCESS;
  if (irp === null) return STATUS_EVENT_PENDING;
  gate.whenReturned(() => socket.complete(irp, STATUS_SUCCESS, 0));
  return STATUS_PENDING;
}

/** Listeners and datagram sockets must be bound, connections connected. */
function isActive(socket: Socket, events: number): boolean {
  const { category } = socket.kind;
  if (category === CATEGORY_DATAGRAM) return socket.datagrams !== null;
  if (category === CATEGORY_CONNECTION || socket.connection !== null) {
    return socket.connection?.connected === true &&
      (events & WSK_EVENT_ACCEPT) === 0;
  }
  return socket.listener !== null;
}

function hasCallbacks({ callbacks, listener }: Socket, mask: number): boolean {
  const { listen, connection, datagram } = callbacks;
  const has = (event: number, callback: unknown): boolean =>
    (mask & event) === 0 || !!callback;
  // A listener's connection events are for tables that its accept event will name.
  if (listener !== null && (mask & EVENTS_CONNECTION) !== 0) {
    return has(WSK_EVENT_ACCEPT, listen?.WskAcceptEvent);
  }
  return has(WSK_EVENT_ACCEPT, listen?.WskAcceptEvent) &&
    has(WSK_EVENT_RECEIVE, connection?.WskReceiveEvent) &&
    has(WSK_EVENT_DISCONNECT, connection?.WskDisconnectEvent) &&
    has(WSK_EVENT_SEND_BACKLOG, connection?.WskSendBacklogEvent) &&
    has(WSK_EVENT_RECEIVE_FROM, datagram?.WskReceiveFromEvent);
}
