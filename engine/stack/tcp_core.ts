/**
 * What the parts of the TCP layer share, and the few things they all do.
 *
 * @module
 */
import type { Arena } from "../base/arena.ts";
import type { Micros } from "../base/units.ts";
import type { IpLayer } from "../ip/layer.ts";
import type { IpPacketIn } from "../ip/packet.ts";
import type { Route } from "../ip/route.ts";
import {
  ABORT_RESET,
  EV_ABORTED,
  EV_CLOSED,
  EV_CONNECTED,
} from "../tcp/codes.ts";
import { Connection } from "../tcp/connection.ts";
import type { ConnectionOwner } from "../tcp/connection.ts";
import type { TcpContext } from "../tcp/context.ts";
import { TCP_COUNTER } from "../tcp/counters.ts";
import type { Listener } from "../tcp/listener.ts";
import { applyOptions } from "../tcp/options.ts";
import type { Tcb } from "../tcp/tcb.ts";
import type { SegmentIn } from "../wire/tcp_segment.ts";
import { IpAddress } from "../wire/ip_address.ts";
import { ConnectionTable, Entry } from "./connections.ts";
import { ListenerTable } from "./listeners.ts";
import { PortBook } from "./port_book.ts";
import { ReplyQueue } from "./replies.ts";

/** The TCP layer's shared state. */
export class TcpCore {
  /** Settings, counters, secrets. */
  readonly context: TcpContext;
  /** The layer below. */
  readonly ip: IpLayer;
  /** Whom connections tell that they have something to do: the stack. */
  readonly owner: ConnectionOwner;
  /** Memory of frames and rings. */
  readonly arena: Arena;
  /** Every connection. */
  readonly table: ConnectionTable;
  /** Every listener. */
  readonly listeners: ListenerTable = new ListenerTable();
  /** Ports of listeners, and those applications chose for connections. */
  readonly ports: PortBook = new PortBook();
  /** Answers that belong to no connection. */
  readonly replies: ReplyQueue = new ReplyQueue();

  /** An empty layer. */
  constructor(
    context: TcpContext,
    ip: IpLayer,
    owner: ConnectionOwner,
    arena: Arena,
  ) {
    this.context = context;
    this.ip = ip;
    this.owner = owner;
    this.arena = arena;
    this.table = new ConnectionTable(context.random);
    context.mayEstablish = (t) => mayEstablish(this, t);
  }
}

/** Gives a new connection its path and device limits. */
export function adopt(entry: Entry): void {
  const t = entry.connection.tcb;
  t.pathMtu = entry.route.pathMtu;
  t.routeMtu = entry.route.pathMtu;
  const via = entry.route.interface;
  t.gsoMaxSize = via === null ? 0 : via.device.caps.gsoMaxSize;
}

/** Makes the connection of a SYN (or cookie) to `listener`, in its pending queue, still CLOSED; null when the table is full. */
export function bearChild(
  core: TcpCore,
  listener: Listener,
  route: Route,
  s: SegmentIn,
  now: Micros,
): Entry | null {
  const connection = new Connection(
    core.context,
    core.owner,
    route.local,
    s.localPort,
    route.remote,
    s.remotePort,
    now,
  );
  const entry = new Entry(connection, route, listener);
  if (!core.table.add(entry)) {
    core.context.counters.increment(TCP_COUNTER.TcpExtListenDrops);
    return null;
  }
  listener.pendingCount++;
  adopt(entry);
  if (listener.options !== null) {
    applyOptions(connection, listener.options, now);
  }
  return entry;
}

/** Takes a connection out of every table: its 4-tuple is free, and its port if the application chose it. */
export function forget(core: TcpCore, entry: Entry): void {
  leaveQueues(entry);
  core.table.remove(entry);
  if (!entry.holdsPort) return;
  entry.holdsPort = false;
  core.ports.release(entry.route.local, entry.connection.tcb.localPort);
}

/** The route back to whoever sent `packet`; null: none. */
export function routeBack(core: TcpCore, packet: IpPacketIn): Route | null {
  const remote = new IpAddress(
    packet.remote0,
    packet.remote1,
    packet.remote2,
    packet.remote3,
  );
  const local = new IpAddress(
    packet.local0,
    packet.local1,
    packet.local2,
    packet.local3,
  );
  return core.ip.routeTo(remote, local, packet.interfaceIndex);
}

/** Moves a listener's child through its queues, by what just happened to it. */
export function trackChild(entry: Entry, events: number, now: Micros): void {
  const listener = entry.listener!;
  if (events & (EV_ABORTED | EV_CLOSED) && !(events & EV_CONNECTED)) {
    leaveQueues(entry);
    entry.connection.close(now);
    return;
  }
  if (!(events & EV_CONNECTED)) return;
  leaveQueues(entry);
  if (listener.closed) {
    entry.connection.close(now);
    entry.connection.abort(now, ABORT_RESET);
    return;
  }
  listener.offer(entry.connection);
  listener.sink?.handleAcceptable(listener, now);
}

/** Whether the listener of `t`, if it has one, has room for one more completed handshake; if so it is counted. */
function mayEstablish(core: TcpCore, t: Tcb): boolean {
  const entry = core.table.get(t.handle);
  if (entry === undefined || entry.listener === null) return true;
  if (entry.isEstablishing) return true;
  if (!entry.listener.hasRoom) {
    core.context.counters.increment(TCP_COUNTER.TcpExtListenOverflows);
    if (core.context.config.abortOnOverflow) {
      entry.connection.abort(t.lastReceivedAt);
    }
    return false;
  }
  entry.isEstablishing = true;
  entry.listener.establishingCount++;
  return true;
}

function leaveQueues(entry: Entry): void {
  const listener = entry.listener;
  if (listener === null) return;
  if (entry.isPending) listener.pendingCount--;
  if (entry.isEstablishing) listener.establishingCount--;
  entry.isPending = false;
  entry.isEstablishing = false;
  entry.listener = null;
}
