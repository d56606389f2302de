/**
 * A listening endpoint: RFC 9293 §3.10.7.2, and the two queues behind it.
 *
 *     SYN --> pending (SYN-RECEIVED, at most maxSynBacklog) --ACK--> ready (at most backlog) --> accept()
 *
 * The listener holds no TCB of its own: each SYN makes a connection. When the
 * ready queue is full, SYNs and last ACKs are dropped and the client tries
 * again, which is what its application expects of a busy server.
 *
 * What strangers can make it hold is bounded: a control block for each of the
 * pending, and for each of the ready a receive buffer of its first size, which
 * grows only by being read.
 *
 * @module
 */
import type { Micros } from "../base/units.ts";
import type { IpAddress } from "../wire/ip_address.ts";
import type { Connection } from "./connection.ts";
import type { FastOpenQueue } from "./fast_open_queue.ts";
import type { ConnectionOptions } from "./options.ts";

/** Who hears that a connection waits to be accepted. Called in the stack's last step only. */
export interface ListenerSink {
  /** At least one connection is in the ready queue. */
  handleAcceptable(listener: Listener, now: Micros): void;
}

/** Who decides on each SYN before it is answered. */
export interface SynInspector {
  /** `connection` was made of a SYN; its answer waits for `resume` if it is now put on `hold`. Must not call back into the stack otherwise. */
  handleSyn(connection: Connection, now: Micros): void;
}

/** One listening endpoint. */
export class Listener {
  /** The address it is bound to; 0.0.0.0 or `::`: any of that family; null: any of ours. */
  readonly local: IpAddress | null;
  /** The port. */
  readonly port: number;
  /** Most connections that wait to be accepted. */
  backlog: number;
  /** Handshakes under way. */
  pendingCount = 0;
  /** Handshakes completed whose connections are not in the ready queue yet. */
  establishingCount = 0;
  /** Its Fast Open; null: off, the default (RFC 7413 §4.2). */
  fastOpen: FastOpenQueue | null = null;
  /** Options its connections start with; null: the stack's. */
  options: ConnectionOptions | null = null;
  /** When a SYN cookie was last sent, µs: only soon after may one come back. */
  cookieSentAt: Micros = -Infinity;
  /** Who decides on SYNs; null: nobody, each is answered. With an inspector there are no SYN cookies, which forget the SYN, and no Fast Open. */
  inspector: SynInspector | null = null;
  /** Set when it no longer takes connections. */
  closed = false;
  /** Who is told; null: nobody, `accept` is asked. */
  sink: ListenerSink | null = null;
  readonly #ready: Connection[] = [];

  /** A listener on `port` of `local`. */
  constructor(local: IpAddress | null, port: number, backlog: number) {
    this.local = local;
    this.port = port;
    this.backlog = backlog;
  }

  /** Connections that wait to be accepted. */
  get readyCount(): number {
    return this.#ready.length;
  }

  /** Whether one more connection may complete its handshake. */
  get hasRoom(): boolean {
    return this.#ready.length + this.establishingCount < this.backlog;
  }

  /** Queues a connection for the application. */
  offer(connection: Connection): void {
    this.#ready.push(connection);
  }

  /** The connection that waited longest; null: none waits. */
  accept(): Connection | null {
    const connection = this.#ready.shift() ?? null;
    if (connection !== null) connection.tcb.accepted = true;
    return connection;
  }
}
