/**
 * The socket options, one row each: level, number, sockets, when, value.
 *
 *     SO_KEEPALIVE   listen conn stream   any time        0 or 1
 *     TCP_FASTOPEN   listen conn stream   not connected   0 or 1      ...
 *
 * An option that is not in the table is answered with STATUS_NOT_SUPPORTED.
 * Values are ULONGs; a Boolean may also be one byte. Options whose value is a
 * structure are in control_events.ts and control_ioctls.ts.
 *
 * @module
 */
import { MILLISECOND, SECOND } from "../base/units.ts";
import { DEFAULT_HOP_LIMIT } from "../ip/interface.ts";
import { readUlong } from "./c_types.ts";
import {
  AF_INET,
  AF_INET6,
  IPPROTO_IP,
  IPPROTO_IPV6,
  IPPROTO_TCP,
  SOL_SOCKET,
} from "./constants.ts";
import { answerInteger, type ControlRequest } from "./control_request.ts";
import * as O from "./options.ts";
import {
  CATEGORY_BASIC,
  CATEGORY_CONNECTION,
  CATEGORY_DATAGRAM,
  CATEGORY_LISTEN,
  CATEGORY_STREAM,
  type Socket,
} from "./socket.ts";
import type { SocketOptions } from "./socket_options.ts";
import {
  type NTSTATUS,
  STATUS_BUFFER_TOO_SMALL,
  STATUS_INVALID_DEVICE_STATE,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_SUPPORTED,
  STATUS_SUCCESS,
} from "./status.ts";
import { TransportInfo } from "./transport.ts";

const ANY_TIME = 0, UNBOUND = 1, NOT_CONNECTING = 2, CONNECTED = 3;

const TCP = CATEGORY_LISTEN | CATEGORY_CONNECTION | CATEGORY_STREAM;
const UDP = CATEGORY_DATAGRAM;
const LISTENERS = CATEGORY_LISTEN | CATEGORY_STREAM;
const ALL = TCP | UDP | CATEGORY_BASIC;

interface OptionRow {
  readonly categories: number;
  /** When it may be set, or with no `write` read. */
  readonly when: number;
  readonly read: (socket: Socket) => number;
  readonly write?: (options: SocketOptions, value: number) => void;
  readonly least: number;
  readonly most: number;
}

type BooleanName = {
  [K in keyof SocketOptions]: SocketOptions[K] extends boolean ? K : never;
}[keyof SocketOptions];
type NumberName = {
  [K in keyof SocketOptions]: SocketOptions[K] extends number ? K : never;
}[keyof SocketOptions];

function flag(categories: number, when: number, name: BooleanName): OptionRow {
  return {
    categories,
    when,
    read: ({ options }) => options[name] ? 1 : 0,
    write: (options, value) => {
      options[name] = value !== 0;
    },
    least: 0,
    most: 0xffff_ffff,
  };
}

/** A number that is 0 while the stack decides; `effective` is what it then decides. */
function decided(
  name: NumberName,
  most: number,
  effective: (socket: Socket) => number,
): OptionRow {
  return {
    ...amount(TCP | UDP, name, 1, 1, most),
    read: (socket) => socket.options[name] || effective(socket),
  };
}

/** A number kept in units of `scale`. */
function amount(
  categories: number,
  name: NumberName,
  scale: number,
  least: number,
  most: number,
): OptionRow {
  return {
    categories,
    when: ANY_TIME,
    read: ({ options }) => Math.floor(options[name] / scale),
    write: (options, value) => {
      options[name] = value * scale;
    },
    least,
    most,
  };
}

/** TCP_MAXRT: all ones mean "never give up". */
function retransmitLimit(scale: number): OptionRow {
  return {
    categories: TCP,
    when: ANY_TIME,
    read: ({ options: { userTimeout } }) =>
      userTimeout === Infinity ? 0xffff_ffff : Math.floor(userTimeout / scale),
    write: (options, value) => {
      options.userTimeout = value === 0xffff_ffff ? Infinity : value * scale;
    },
    least: 0,
    most: 0xffff_ffff,
  };
}

function readOnly(
  categories: number,
  when: number,
  read: (socket: Socket) => number,
): OptionRow {
  return { categories, when, read, least: 0, most: 0 };
}

function infoOf({ connection }: Socket): TransportInfo {
  const info = new TransportInfo();
  connection?.transport.fillInfo(info);
  return info;
}

const hopLimit: OptionRow = decided("hopLimit", 255, () => DEFAULT_HOP_LIMIT);
/** Before there is a connection nothing is known of its buffer: 0. */
const receiveCapacity: OptionRow = decided(
  "receiveCapacity",
  0x4000_0000,
  (socket) => infoOf(socket).receiveCapacity,
);

const SOCKET_LEVEL: ReadonlyMap<number, OptionRow> = new Map([
  [O.SO_REUSEADDR, flag(TCP | UDP, UNBOUND, "reuseAddress")],
  [O.SO_EXCLUSIVEADDRUSE, flag(TCP | UDP, UNBOUND, "exclusiveAddress")],
  [O.SO_KEEPALIVE, flag(TCP, ANY_TIME, "keepAlive")],
  [O.SO_BROADCAST, flag(UDP, ANY_TIME, "broadcast")],
  [O.SO_RCVBUF, receiveCapacity],
  [O.SO_CONDITIONAL_ACCEPT, flag(LISTENERS, UNBOUND, "conditionalAccept")],
  [O.SO_TYPE, readOnly(ALL, ANY_TIME, ({ kind }) => kind.type)],
  [
    O.SO_ACCEPTCONN,
    readOnly(ALL, ANY_TIME, ({ listener }) => listener === null ? 0 : 1),
  ],
]);

const TCP_LEVEL: ReadonlyMap<number, OptionRow> = new Map([
  [O.TCP_FASTOPEN, flag(TCP, NOT_CONNECTING, "fastOpen")],
  [O.TCP_KEEPALIVE, amount(TCP, "keepAliveIdle", SECOND, 1, 0x7fff_ffff)],
  [O.TCP_KEEPINTVL, amount(TCP, "keepAliveInterval", SECOND, 1, 0x7fff_ffff)],
  [O.TCP_KEEPCNT, amount(TCP, "keepAliveCount", 1, 1, 255)],
  [O.TCP_MAXSEG, readOnly(TCP, CONNECTED, (socket) => infoOf(socket).mss)],
  [O.TCP_MAXRT, retransmitLimit(SECOND)],
  [O.TCP_MAXRTMS, retransmitLimit(MILLISECOND)],
  [O.TCP_TIMESTAMPS, flag(TCP, NOT_CONNECTING, "timestamps")],
  [
    O.TCP_FAIL_CONNECT_ON_ICMP_ERROR,
    flag(TCP, NOT_CONNECTING, "failOnIcmpError"),
  ],
]);

const IP_LEVEL: ReadonlyMap<number, OptionRow> = new Map([
  [O.IP_TOS, amount(TCP | UDP, "trafficClass", 1, 0, 255)],
  [O.IP_TTL, hopLimit],
  [O.IP_DONTFRAGMENT, flag(UDP, ANY_TIME, "dontFragment")],
  [O.IP_PKTINFO, flag(UDP, ANY_TIME, "packetInfo")],
  [O.IP_RECVTTL, flag(UDP, ANY_TIME, "receiveHopLimit")],
  [O.IP_RECVTOS, flag(UDP, ANY_TIME, "receiveTrafficClass")],
]);

const IPV6_LEVEL: ReadonlyMap<number, OptionRow> = new Map([
  [O.IPV6_UNICAST_HOPS, hopLimit],
  [O.IPV6_DONTFRAG, flag(UDP, ANY_TIME, "dontFragment")],
  [O.IPV6_PKTINFO, flag(UDP, ANY_TIME, "packetInfo")],
  [O.IPV6_HOPLIMIT, flag(UDP, ANY_TIME, "receiveHopLimit")],
  [O.IPV6_V6ONLY, flag(TCP | UDP, UNBOUND, "v6Only")],
]);

/** Sets an option. */
export function setOption(
  level: number,
  code: number,
  request: ControlRequest,
): NTSTATUS {
  const { socket, input, inputSize } = request;
  const row = rowOf(socket, level, code);
  if (row?.write === undefined) return STATUS_NOT_SUPPORTED;
  if (!(input instanceof Uint8Array)) return STATUS_INVALID_PARAMETER;
  const length = Math.min(inputSize, input.length, 4);
  if (length < leastSize(row)) return STATUS_BUFFER_TOO_SMALL;
  const value = readUlong(input, length);
  if (value < row.least || value > row.most) return STATUS_INVALID_PARAMETER;
  if (!mayTouch(socket, row)) return STATUS_INVALID_DEVICE_STATE;
  row.write(socket.options, value);
  socket.connection?.transport.configure(socket.options);
  socket.listener?.transport.configure(socket.options);
  socket.datagrams?.transport.configure(socket.options);
  return STATUS_SUCCESS;
}

/** Reads an option. */
export function getOption(
  level: number,
  code: number,
  request: ControlRequest,
): NTSTATUS {
  const { socket } = request;
  const row = rowOf(socket, level, code);
  if (row === null) return STATUS_NOT_SUPPORTED;
  if (row.write === undefined && !mayTouch(socket, row)) {
    return STATUS_INVALID_DEVICE_STATE;
  }
  return answerInteger(request, row.read(socket), 4, leastSize(row));
}

function rowOf(socket: Socket, level: number, code: number): OptionRow | null {
  const row = tableOf(level, socket.kind.family)?.get(code);
  return row && (row.categories & socket.kind.category) !== 0 ? row : null;
}

function tableOf(
  level: number,
  family: number,
): ReadonlyMap<number, OptionRow> | undefined {
  if (level === SOL_SOCKET) return SOCKET_LEVEL;
  if (level === IPPROTO_TCP) return TCP_LEVEL;
  if (level === IPPROTO_IP && family === AF_INET) return IP_LEVEL;
  if (level === IPPROTO_IPV6 && family === AF_INET6) return IPV6_LEVEL;
  return undefined;
}

function leastSize(row: OptionRow): number {
  return row.most === 0xffff_ffff && row.least === 0 || row.most <= 255 ? 1 : 4;
}

function mayTouch({ local, connection }: Socket, row: OptionRow): boolean {
  switch (row.when) {
    case UNBOUND:
      return local === null;
    case NOT_CONNECTING:
      return connection === null;
    case CONNECTED:
      return connection?.connected === true;
    default:
      return true;
  }
}
