/**
 * The stack's connections: by 4-tuple, by handle, and by deadline.
 *
 * @module
 */
import { DeadlineHeap } from "../base/deadline_heap.ts";
import type { Random } from "../base/ports.ts";
import { SlotTable } from "../base/slot_table.ts";
import { TupleTable } from "../base/tuple_table.ts";
import { NEVER } from "../base/units.ts";
import type { Micros } from "../base/units.ts";
import type { Route } from "../ip/route.ts";
import type { Connection } from "../tcp/connection.ts";
import type { Listener } from "../tcp/listener.ts";

/** A connection and what the stack keeps beside it. */
export class Entry {
  /** The connection. */
  readonly connection: Connection;
  /** Where its packets go. */
  readonly route: Route;
  /** The listener whose child it is, until it was accepted or died; else null. */
  listener: Listener | null;
  /** It is counted in the listener's pending handshakes. */
  isPending: boolean;
  /** It is counted in the listener's completed, not yet offered handshakes. */
  isEstablishing = false;
  /** Handle in the slot table. */
  handle = -1;
  /** Deadline the heap has for it. */
  scheduledAt: Micros = NEVER;
  /** It waits for its next hop to be resolved. */
  isWaiting = false;
  /** The port its application chose is in the book of ports, to be given back. */
  holdsPort = false;
  /** Still in the tuple table. */
  isListed = true;

  /** An entry for `connection`, reached by `route`. */
  constructor(
    connection: Connection,
    route: Route,
    listener: Listener | null,
  ) {
    this.connection = connection;
    this.route = route;
    this.listener = listener;
    this.isPending = listener !== null;
  }
}

/** All connections of a stack. */
export class ConnectionTable {
  readonly #tuples: TupleTable;
  readonly #slots: SlotTable<Entry> = new SlotTable();
  readonly #heap: DeadlineHeap = new DeadlineHeap();

  /** An empty table whose hash is keyed from `random`. */
  constructor(random: Random) {
    this.#tuples = new TupleTable(random.int32(), random.int32());
  }

  /** Connections in the table. */
  get size(): number {
    return this.#slots.size;
  }

  /** The earliest deadline of any connection. */
  get deadline(): Micros {
    return this.#heap.earliest;
  }

  /** Enters a connection. False when its 4-tuple is taken or the table is full. */
  add(entry: Entry): boolean {
    const t = entry.connection.tcb;
    const handle = this.#slots.add(entry);
    if (handle < 0) return false;
    const { local: l, remote: r } = t;
    const inserted = this.#tuples.insert(
      l.w0,
      l.w1,
      l.w2,
      l.w3,
      r.w0,
      r.w1,
      r.w2,
      r.w3,
      portsKey(t.localPort, t.remotePort),
      handle,
    );
    if (!inserted) {
      this.#slots.remove(handle);
      return false;
    }
    entry.handle = handle;
    t.handle = handle;
    return true;
  }

  /** Whether a connection between these endpoints exists. */
  has(
    l: { w0: number; w1: number; w2: number; w3: number },
    localPort: number,
    r: { w0: number; w1: number; w2: number; w3: number },
    remotePort: number,
  ): boolean {
    return this.#tuples.find(
      l.w0,
      l.w1,
      l.w2,
      l.w3,
      r.w0,
      r.w1,
      r.w2,
      r.w3,
      portsKey(localPort, remotePort),
    ) >= 0;
  }

  /** The entry of a 4-tuple given as words; undefined: none. */
  find(
    l0: number,
    l1: number,
    l2: number,
    l3: number,
    r0: number,
    r1: number,
    r2: number,
    r3: number,
    localPort: number,
    remotePort: number,
  ): Entry | undefined {
    const handle = this.#tuples.find(
      l0,
      l1,
      l2,
      l3,
      r0,
      r1,
      r2,
      r3,
      portsKey(localPort, remotePort),
    );
    return handle < 0 ? undefined : this.#slots.get(handle);
  }

  /** The entry of a handle; undefined when it is gone. */
  get(handle: number): Entry | undefined {
    return this.#slots.get(handle);
  }

  /** Brings the heap up to date with the connection's own deadline. Later deadlines wait until the earlier fires. */
  schedule(entry: Entry): void {
    const at = entry.connection.deadline;
    if (at >= entry.scheduledAt) return;
    entry.scheduledAt = at;
    this.#heap.set(entry.handle, at);
  }

  /** Takes one entry whose deadline has come; undefined: none. It may have moved on since: ask the connection. */
  takeDue(now: Micros): Entry | undefined {
    for (;;) {
      const handle = this.#heap.popDue(now);
      if (handle < 0) return undefined;
      const entry = this.#slots.get(handle);
      if (entry === undefined) continue;
      entry.scheduledAt = NEVER;
      return entry;
    }
  }

  /** Removes an entry: its 4-tuple is free from here on. */
  remove(entry: Entry): void {
    if (!entry.isListed) return;
    entry.isListed = false;
    const t = entry.connection.tcb;
    const { local: l, remote: r } = t;
    this.#tuples.remove(
      l.w0,
      l.w1,
      l.w2,
      l.w3,
      r.w0,
      r.w1,
      r.w2,
      r.w3,
      portsKey(t.localPort, t.remotePort),
    );
    this.#heap.remove(entry.handle);
    this.#slots.remove(entry.handle);
  }

  /** Calls `visit` for every entry. */
  forEach(visit: (entry: Entry) => void): void {
    this.#slots.forEach(visit);
  }
}

function portsKey(localPort: number, remotePort: number): number {
  return localPort << 16 | remotePort;
}
