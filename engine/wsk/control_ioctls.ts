/**
 * The I/O controls, one handler each.
 *
 * A code that is not in the table is answered with STATUS_NOT_SUPPORTED, and
 * so is SIO_WSK_REGISTER_EXTENSION, for which Windows defines no extension
 * either.
 *
 * @module
 */
import { MILLISECOND } from "../base/units.ts";
import { readUlong } from "./c_types.ts";
import {
  answerInteger,
  type ControlHandler,
  type ControlRequest,
  IRP_FORBIDDEN,
  IRP_OPTIONAL,
  IRP_REQUIRED,
} from "./control_request.ts";
import { fillTcpInfo } from "./control_tcp_info.ts";
import {
  changeAddressList,
  queryAddressList,
  sortAddressList,
} from "./control_addresses.ts";
import type { PFN_WSK_RECEIVE_EX_EVENT } from "./dispatch.ts";
import * as O from "./options.ts";
import { type Endpoint, endpointOf, type SOCKADDR } from "./sockaddr.ts";
import {
  CATEGORY_BASIC,
  CATEGORY_CONNECTION,
  CATEGORY_DATAGRAM,
  CATEGORY_LISTEN,
  CATEGORY_STREAM,
} from "./socket.ts";
import {
  type NTSTATUS,
  STATUS_BUFFER_TOO_SMALL,
  STATUS_INVALID_ADDRESS,
  STATUS_INVALID_DEVICE_REQUEST,
  STATUS_INVALID_DEVICE_STATE,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_SUPPORTED,
  STATUS_SUCCESS,
} from "./status.ts";
import {
  type TCP_INITIAL_RTO_PARAMETERS,
  type TCP_KEEPALIVE_VALS,
  WSK_INSPECT_ID,
} from "./structures.ts";

const CONNECTIONS = CATEGORY_CONNECTION | CATEGORY_STREAM;
const TCP = CONNECTIONS | CATEGORY_LISTEN;
const ALL = TCP | CATEGORY_DATAGRAM | CATEGORY_BASIC;

function handler(
  irp: number,
  categories: number,
  run: (request: ControlRequest) => NTSTATUS,
): ControlHandler {
  return { irp, categories, run };
}

/** The handlers by control code. */
export const IOCTLS: ReadonlyMap<number, ControlHandler> = new Map([
  [
    O.SIO_WSK_SET_REMOTE_ADDRESS,
    handler(IRP_REQUIRED, CATEGORY_DATAGRAM, setRemoteAddress),
  ],
  [
    O.SIO_WSK_SET_SENDTO_ADDRESS,
    handler(IRP_REQUIRED, CATEGORY_DATAGRAM, setSendToAddress),
  ],
  [
    O.SIO_WSK_REGISTER_EXTENSION,
    handler(IRP_OPTIONAL, ALL, () => STATUS_NOT_SUPPORTED),
  ],
  [
    O.SIO_WSK_QUERY_IDEAL_SEND_BACKLOG,
    handler(IRP_REQUIRED, CONNECTIONS, queryIdealBacklog),
  ],
  [
    O.SIO_WSK_QUERY_RECEIVE_BACKLOG,
    handler(IRP_REQUIRED, CONNECTIONS, queryReceiveBacklog),
  ],
  [
    O.SIO_WSK_QUERY_INSPECT_ID,
    handler(IRP_FORBIDDEN, CONNECTIONS, queryInspectId),
  ],
  [
    O.SIO_WSK_SET_TCP_SILENT_MODE,
    handler(IRP_REQUIRED, CONNECTIONS, setSilentMode),
  ],
  [
    O.SIO_WSK_SET_RECEIVE_EX_CALLBACK,
    handler(IRP_OPTIONAL, CONNECTIONS, setReceiveExCallback),
  ],
  [O.SIO_ADDRESS_LIST_QUERY, handler(IRP_FORBIDDEN, ALL, queryAddressList)],
  [O.SIO_ADDRESS_LIST_CHANGE, handler(IRP_REQUIRED, ALL, changeAddressList)],
  [O.SIO_ADDRESS_LIST_SORT, handler(IRP_FORBIDDEN, ALL, sortAddressList)],
  [O.SIO_KEEPALIVE_VALS, handler(IRP_REQUIRED, TCP, setKeepAlive)],
  [O.SIO_TCP_INITIAL_RTO, handler(IRP_REQUIRED, TCP, setInitialRto)],
  [O.SIO_TCP_INFO, handler(IRP_REQUIRED, CONNECTIONS, fillTcpInfo)],
]);

function setRemoteAddress(request: ControlRequest): NTSTATUS {
  const { datagrams } = request.socket;
  if (datagrams === null) return STATUS_INVALID_DEVICE_STATE;
  const endpoint = addressIn(request);
  if (endpoint === null) return STATUS_INVALID_ADDRESS;
  datagrams.peer = endpoint;
  return STATUS_SUCCESS;
}

function setSendToAddress(request: ControlRequest): NTSTATUS {
  const { datagrams } = request.socket;
  if (datagrams === null) return STATUS_INVALID_DEVICE_STATE;
  const endpoint = addressIn(request);
  if (endpoint === null) return STATUS_INVALID_ADDRESS;
  datagrams.destination = endpoint;
  return STATUS_SUCCESS;
}

function addressIn({ socket, input }: ControlRequest): Endpoint | null {
  if (typeof input !== "object" || input === null) return null;
  if (input instanceof Uint8Array) return null;
  return endpointOf(input as SOCKADDR, socket.kind.family);
}

function queryIdealBacklog(request: ControlRequest): NTSTATUS {
  const { connection } = request.socket;
  if (!connection?.connected) return STATUS_INVALID_DEVICE_STATE;
  return answerInteger(request, connection.transport.idealBacklog, 8, 4);
}

function queryReceiveBacklog(request: ControlRequest): NTSTATUS {
  const { connection } = request.socket;
  if (!connection?.connected) return STATUS_INVALID_DEVICE_STATE;
  return answerInteger(request, connection.receives.available, 8, 4);
}

function queryInspectId(request: ControlRequest): NTSTATUS {
  const { output, outputSize, socket } = request;
  if (socket.inspectId === null) return STATUS_INVALID_DEVICE_REQUEST;
  request.returned = socket.inspectId.cSize;
  if (!(output instanceof WSK_INSPECT_ID) || outputSize < output.cSize) {
    return STATUS_BUFFER_TOO_SMALL;
  }
  output.Key = socket.inspectId.Key;
  output.SerialNumber = socket.inspectId.SerialNumber;
  return STATUS_SUCCESS;
}

/** Only when nothing is to be sent: what was promised to a client must not be left undone. */
function setSilentMode({ socket }: ControlRequest): NTSTATUS {
  const { connection } = socket;
  if (connection === null) return STATUS_INVALID_DEVICE_STATE;
  const refusal = connection.refusal();
  if (refusal !== STATUS_SUCCESS) return refusal;
  if (connection.sends.waiting) return STATUS_INVALID_DEVICE_STATE;
  connection.silence();
  return STATUS_SUCCESS;
}

function setReceiveExCallback({ socket, input }: ControlRequest): NTSTATUS {
  const { connection } = socket;
  if (!connection?.connected) return STATUS_INVALID_DEVICE_STATE;
  if (input !== null && typeof input !== "function") {
    return STATUS_INVALID_PARAMETER;
  }
  connection.receiveEx = input as PFN_WSK_RECEIVE_EX_EVENT | null;
  socket.markDirty();
  return STATUS_SUCCESS;
}

function setKeepAlive({ socket, input, inputSize }: ControlRequest): NTSTATUS {
  if (inputSize < 12) return STATUS_BUFFER_TOO_SMALL;
  const values = keepAliveIn(input);
  if (values === null) return STATUS_INVALID_PARAMETER;
  const { onoff, keepalivetime, keepaliveinterval } = values;
  if (onoff !== 0 && (keepalivetime < 1 || keepaliveinterval < 1)) {
    return STATUS_INVALID_PARAMETER;
  }
  socket.options.keepAlive = onoff !== 0;
  if (onoff !== 0) {
    socket.options.keepAliveIdle = keepalivetime * MILLISECOND;
    socket.options.keepAliveInterval = keepaliveinterval * MILLISECOND;
  }
  socket.connection?.transport.configure(socket.options);
  socket.listener?.transport.configure(socket.options);
  return STATUS_SUCCESS;
}

function keepAliveIn(input: unknown): TCP_KEEPALIVE_VALS | null {
  if (typeof input !== "object" || input === null) return null;
  if (!(input instanceof Uint8Array)) {
    return "keepalivetime" in input ? input as TCP_KEEPALIVE_VALS : null;
  }
  if (input.length < 12) return null;
  return {
    onoff: readUlong(input, 4),
    keepalivetime: readUlong(input.subarray(4), 4),
    keepaliveinterval: readUlong(input.subarray(8), 4),
  };
}

function setInitialRto({ socket, input, inputSize }: ControlRequest): NTSTATUS {
  if (inputSize < 4) return STATUS_BUFFER_TOO_SMALL;
  if (socket.connection !== null) return STATUS_INVALID_DEVICE_STATE;
  if (typeof input !== "object" || input === null || !("Rtt" in input)) {
    return STATUS_INVALID_PARAMETER;
  }
  const { Rtt, MaxSynRetransmissions } = input as TCP_INITIAL_RTO_PARAMETERS;
  socket.options.initialRto = Rtt === 0xffff ? 0 : Rtt * MILLISECOND;
  socket.options.synRetries = MaxSynRetransmissions === 0xff
    ? -1
    : MaxSynRetransmissions === 0xfe
    ? 0
    : MaxSynRetransmissions;
  return STATUS_SUCCESS;
}
