/**
 * The dispatch tables: one of each category, frozen, shared by all its sockets.
 *
 * Members stand in the order of wsk.h. Two sockets of a category have the same
 * table, so a client may compare tables to learn a socket's category.
 *
 * @module
 */
import { WskAccept, WskInspectComplete } from "./accept.ts";
import { WskBind, WskGetLocalAddress, WskListen } from "./bind.ts";
import { WskCloseSocket } from "./close.ts";
import {
  WskConnect,
  WskConnectEx,
  WskDisconnect,
  WskGetRemoteAddress,
} from "./connect.ts";
import { WskControlSocket } from "./control_socket.ts";
import {
  WskReceiveFrom,
  WskReleaseDatagrams,
  WskSendMessages,
  WskSendTo,
} from "./datagram_transfer.ts";
import type {
  WSK_PROVIDER_BASIC_DISPATCH,
  WSK_PROVIDER_CONNECTION_DISPATCH,
  WSK_PROVIDER_DATAGRAM_DISPATCH,
  WSK_PROVIDER_LISTEN_DISPATCH,
  WSK_PROVIDER_SOCKET_DISPATCH,
  WSK_PROVIDER_STREAM_DISPATCH,
} from "./dispatch.ts";
import {
  CATEGORY_CONNECTION,
  CATEGORY_DATAGRAM,
  CATEGORY_LISTEN,
  CATEGORY_STREAM,
} from "./socket.ts";
import {
  WskReceive,
  WskReceiveEx,
  WskRelease,
  WskSend,
  WskSendEx,
} from "./transfer.ts";

/** The functions of basic sockets. */
export const BASIC_DISPATCH: WSK_PROVIDER_BASIC_DISPATCH = Object.freeze({
  WskControlSocket,
  WskCloseSocket,
});

/** The functions of listening sockets. */
export const LISTEN_DISPATCH: WSK_PROVIDER_LISTEN_DISPATCH = Object.freeze({
  WskControlSocket,
  WskCloseSocket,
  WskBind,
  WskAccept,
  WskInspectComplete,
  WskGetLocalAddress,
});

/** The functions of datagram sockets. */
export const DATAGRAM_DISPATCH: WSK_PROVIDER_DATAGRAM_DISPATCH = Object.freeze({
  WskControlSocket,
  WskCloseSocket,
  WskBind,
  WskSendTo,
  WskReceiveFrom,
  WskRelease: WskReleaseDatagrams,
  WskGetLocalAddress,
  WskSendMessages,
});

/** The functions of connection-oriented sockets. */
export const CONNECTION_DISPATCH: WSK_PROVIDER_CONNECTION_DISPATCH = Object
  .freeze({
    WskControlSocket,
    WskCloseSocket,
    WskBind,
    WskConnect,
    WskGetLocalAddress,
    WskGetRemoteAddress,
    WskSend,
    WskReceive,
    WskDisconnect,
    WskRelease,
    WskConnectEx,
    WskSendEx,
    WskReceiveEx,
  });

/** The functions of stream sockets. */
export const STREAM_DISPATCH: WSK_PROVIDER_STREAM_DISPATCH = Object.freeze({
  WskControlSocket,
  WskCloseSocket,
  WskBind,
  WskAccept,
  WskConnect,
  WskListen,
  WskSend,
  WskReceive,
  WskDisconnect,
  WskRelease,
  WskGetLocalAddress,
  WskGetRemoteAddress,
  WskConnectEx,
  WskSendEx,
  WskReceiveEx,
});

/** The table of a category. */
export function tableOf(category: number): WSK_PROVIDER_SOCKET_DISPATCH {
  switch (category) {
    case CATEGORY_LISTEN:
      return LISTEN_DISPATCH;
    case CATEGORY_CONNECTION:
      return CONNECTION_DISPATCH;
    case CATEGORY_DATAGRAM:
      return DATAGRAM_DISPATCH;
    case CATEGORY_STREAM:
      return STREAM_DISPATCH;
    default:
      return BASIC_DISPATCH;
  }
}
