/**
 * The provider: what all clients and sockets of one stack share.
 *
 *     transport -> Provider -> Delivery    completions and events, in order
 *                           -> AddressTable
 *                           -> clients -> sockets
 *
 * The provider is the transport's sink. When the stack comes up, captures
 * that wait succeed; when it goes, every socket dies: what is pending
 * completes with STATUS_FILE_FORCED_CLOSED and the events say so by a NULL.
 *
 * @module
 */
import { type Micros, MILLISECOND } from "../base/units.ts";
import { AddressTable } from "./address_table.ts";
import type { Client } from "./client.ts";
import { Delivery } from "./delivery.ts";
import type { IRP } from "./irp.ts";
import type { NameService } from "./names.ts";
import {
  STATUS_CANCELLED,
  STATUS_FILE_FORCED_CLOSED,
  STATUS_SUCCESS,
} from "./status.ts";
import { Timers } from "./timers.ts";
import type { TransportSink, WskTransport } from "./transport.ts";

/** One stack's provider. */
export class Provider implements TransportSink {
  /** The stack. */
  readonly transport: WskTransport;
  /** Where completions and events wait. */
  readonly delivery: Delivery;
  /** Who holds which address. */
  readonly addresses: AddressTable = new AddressTable();
  /** Who has registered. */
  readonly clients: Set<Client> = new Set();
  /** Connections a listener keeps for WskAccept. */
  readonly backlog: number;
  /** What it knows of names. */
  readonly names: NameService;
  readonly #timers: Timers = new Timers();
  #waiting: Set<() => void> = new Set();

  /** Becomes the sink of `transport`. */
  constructor(transport: WskTransport, backlog: number, names: NameService) {
    this.transport = transport;
    this.backlog = backlog;
    this.names = names;
    this.delivery = new Delivery(() => transport.requestDelivery());
    transport.attach(this);
  }

  /** Whether the stack is up. */
  get ready(): boolean {
    return this.transport.ready;
  }

  /** The delivery step. */
  deliver(): void {
    this.#timers.fire(this.transport.now);
    this.transport.setDeadline(this.#timers.deadline);
    this.delivery.run();
  }

  /** The stack came up or went. */
  readyChanged(): void {
    for (const wake of [...this.#waiting]) wake();
    if (this.ready) return;
    for (const client of this.clients) client.die();
  }

  /** A local address came or went. */
  addressesChanged(): void {
    for (const client of this.clients) {
      for (const socket of client.sockets) {
        for (const irp of socket.watching) {
          socket.complete(irp, STATUS_SUCCESS, 0);
        }
        socket.watching.clear();
      }
    }
  }

  /** Calls `run` after `timeout`; the result withdraws it. */
  after(timeout: Micros, run: () => void): () => void {
    const withdraw = this.#timers.set(this.transport.now + timeout, run);
    this.transport.setDeadline(this.#timers.deadline);
    return withdraw;
  }

  /** Resolves with whether the stack is up: when it is, after `milliseconds`, or when `stop` is resolved. */
  whenReady(milliseconds: number, stop: Promise<void>): Promise<boolean> {
    if (this.ready) return Promise.resolve(true);
    return new Promise((resolve) => {
      let withdraw = (): void => {};
      const end = (): void => {
        withdraw();
        this.#waiting.delete(end);
        resolve(this.ready);
      };
      this.#waiting.add(end);
      if (milliseconds !== Infinity) {
        withdraw = this.after(milliseconds * MILLISECOND, end);
      }
      stop.then(() => end());
    });
  }

  /** Queues an IRP that waits for a change, cancellable. */
  watch(set: Set<IRP>, irp: IRP): void {
    set.add(irp);
    irp.onCancel(() => {
      if (set.delete(irp)) this.delivery.complete(irp, STATUS_CANCELLED, 0);
    });
  }

  /** Completes every IRP of `set`. */
  endWatching(set: Set<IRP>, cause: "closed" | "dead"): void {
    const status = cause === "closed"
      ? STATUS_CANCELLED
      : STATUS_FILE_FORCED_CLOSED;
    for (const irp of set) this.delivery.complete(irp, status, 0);
    set.clear();
  }
}
