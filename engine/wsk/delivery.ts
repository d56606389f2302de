/**
 * The queue from which completion routines and event callbacks run.
 *
 *     verb ----> outcome --.
 *     changed() -> dirty --+--> run(), in the stack's delivery step
 *                          |      1. pump each dirty endpoint (events run here)
 *                          `----> 2. complete IRPs in the order of their outcomes
 *
 * Nothing a client wrote ever runs inside a call the client makes, so no
 * recursion and no order of calls inside calls has to be thought about: it is
 * what a DPC queue does in Windows. One run is bounded; what a client's
 * routines submit meanwhile may take another, which is asked for.
 *
 * @module
 */
import type { WSK_SOCKET } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { holdRefusal, type Refusal, takeRefusal } from "./rejected.ts";
import { type NTSTATUS, STATUS_PENDING } from "./status.ts";

/** Rounds of one run: enough for an operation begun in a routine to end in the same run, and a bound for clients that resubmit without end. */
const MAX_ROUNDS = 8;

/** Something that looks at its state when told that it may have changed. */
export interface Pumpable {
  /** Looks, completes what is done, calls what is due. */
  pump(): void;
}

class Outcome implements Refusal {
  #irp: IRP | null;
  readonly #status: NTSTATUS;
  readonly #information: number | WSK_SOCKET;
  readonly #before: (() => void) | null;

  constructor(
    irp: IRP,
    status: NTSTATUS,
    information: number | WSK_SOCKET,
    before: (() => void) | null,
  ) {
    this.#irp = irp;
    this.#status = status;
    this.#information = information;
    this.#before = before;
  }

  deliver(): void {
    const irp = this.#irp;
    if (irp === null) return;
    this.#irp = null;
    takeRefusal(this);
    this.#before?.();
    irp.finish(this.#status, this.#information);
  }
}

/** One subsystem's queue. */
export class Delivery {
  readonly #request: () => void;
  #outcomes: Outcome[] = [];
  #head = 0;
  #dirty: Set<Pumpable> = new Set();
  #running = false;

  /** Makes a queue that calls `request` when it needs to be run. */
  constructor(request: () => void) {
    this.#request = request;
  }

  /** Whether nothing waits to be run. */
  get idle(): boolean {
    return this.#outcomes.length === this.#head && this.#dirty.size === 0;
  }

  /** Settles a pending IRP; `before` runs just ahead of its routines. */
  complete(
    irp: IRP,
    status: NTSTATUS,
    information: number | WSK_SOCKET,
    before: (() => void) | null = null,
  ): void {
    irp.settle();
    this.#outcomes.push(new Outcome(irp, status, information, before));
    this.#wake();
  }

  /** Settles an IRP as pended and done: what a call returns whose work is finished at once. */
  succeed(irp: IRP, information: number | WSK_SOCKET): NTSTATUS {
    this.complete(irp, 0, information);
    return STATUS_PENDING;
  }

  /** Settles an IRP with the failure its call returns. */
  refuse(irp: IRP, status: NTSTATUS): NTSTATUS {
    const outcome = new Outcome(irp, status, 0, null);
    irp.IoStatus.Status = status;
    irp.IoStatus.Information = 0;
    irp.refuse(outcome);
    holdRefusal(outcome);
    this.#outcomes.push(outcome);
    this.#wake();
    return status;
  }

  /** Has `endpoint` pumped in the next run. */
  markDirty(endpoint: Pumpable): void {
    this.#dirty.add(endpoint);
    this.#wake();
  }

  /** Runs what waits. What a routine throws leaves the rest in the queue and comes out here. */
  run(): void {
    if (this.#running) return;
    this.#running = true;
    try {
      for (let round = 0; round < MAX_ROUNDS && !this.idle; round++) {
        this.#runRound();
      }
    } finally {
      this.#running = false;
      if (!this.idle) this.#request();
    }
  }

  #runRound(): void {
    for (const endpoint of [...this.#dirty]) {
      this.#dirty.delete(endpoint);
      endpoint.pump();
    }
    const end = this.#outcomes.length;
    while (this.#head < end) this.#outcomes[this.#head++].deliver();
    this.#outcomes.splice(0, this.#head);
    this.#head = 0;
  }

  #wake(): void {
    if (!this.#running) this.#request();
  }
}
