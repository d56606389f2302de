/**
 * I/O request packets: how every WSK request is handed over and comes back.
 *
 *     IoAllocateIrp -> IDLE --submit--> WITH_WSK --complete--> IDLE -> IoFreeIrp
 *                        ^                                      |
 *                        `------------- IoReuseIrp -------------'
 *
 * An IRP has one stack location for each driver it passes. The one who sends
 * it on writes its completion routine into the next location down; the
 * receiver owns that location while it works. Completion walks the locations
 * upward and runs each routine whose invoke flags match, until one returns
 * STATUS_MORE_PROCESSING_REQUIRED and keeps the IRP. An IRP a client allocated
 * itself ends at the client's own routine, which must keep it.
 *
 * What would stop a machine throws a BugCheckError: freeing,
 * reusing or resubmitting an IRP that WSK holds, completing twice, letting
 * completion run off the top of the stack.
 *
 * @module
 */
import {
  BAD_POOL_CALLER,
  BugCheckError,
  DRIVER_VERIFIER_IOMANAGER_VIOLATION,
  MULTIPLE_IRP_COMPLETE_REQUESTS,
  NO_MORE_IRP_STACK_LOCATIONS,
  requireKernel,
} from "./bug_check.ts";
import type { Refusal } from "./rejected.ts";
import type { BOOLEAN } from "./c_types.ts";
import type { WSK_SOCKET } from "./dispatch.ts";
import {
  NT_SUCCESS,
  type NTSTATUS,
  STATUS_MORE_PROCESSING_REQUIRED,
} from "./status.ts";

/** Control: the routine is to learn that the request was pended. */
export const SL_PENDING_RETURNED = 0x01;
/** Control: run the routine when the IRP was cancelled. */
export const SL_INVOKE_ON_CANCEL = 0x20;
/** Control: run the routine on success. */
export const SL_INVOKE_ON_SUCCESS = 0x40;
/** Control: run the routine on failure. */
export const SL_INVOKE_ON_ERROR = 0x80;

/** The device object argument of a completion routine; `null` for IRPs a client allocated. */
export type PDEVICE_OBJECT = null;

/** What a completion routine looks like. */
export type IO_COMPLETION_ROUTINE<Context = unknown> = (
  DeviceObject: PDEVICE_OBJECT,
  Irp: IRP,
  Context: Context,
) => NTSTATUS;

/** How a request went. */
export interface IO_STATUS_BLOCK {
  /** Its final status. */
  Status: NTSTATUS;
  /** Bytes moved, or the socket that was made. */
  Information: number | WSK_SOCKET;
}

class StackLocation {
  control = 0;
  routine: IO_COMPLETION_ROUTINE<never> | null = null;
  context: unknown = null;
}

const IDLE = 0, WITH_WSK = 1, REFUSED = 2, FREED = 3;

/** An I/O request packet. Made by IoAllocateIrp, or by `new` and IoInitializeIrp. */
export class IRP {
  /** How the request went; valid in the completion routine and after it. */
  readonly IoStatus: IO_STATUS_BLOCK = { Status: 0, Information: 0 };
  /** In the routine: whether the request was pended. */
  PendingReturned = false;
  /** Whether IoCancelIrp was called. */
  Cancel = false;
  /** Stack locations. */
  StackCount = 0;
  /** The location of the driver that has the IRP; `StackCount + 1` at its owner. */
  CurrentLocation = 0;
  /** The owner's, while it has the IRP. */
  readonly Tail: {
    readonly Overlay: { DriverContext: unknown[]; ListEntry: unknown };
  } = {
    Overlay: { DriverContext: [null, null, null, null], ListEntry: null },
  };
  #phase = IDLE;
  #cancelRoutine: ((irp: IRP) => void) | null = null;
  #refusal: Refusal | null = null;
  #stack: StackLocation[] = [];

  /** @internal Starts anew with `stackSize` locations. */
  initialize(stackSize: number): void {
    if (!Number.isInteger(stackSize) || stackSize < 1 || stackSize > 127) {
      throw new RangeError(
        `Cannot initialize IRP: StackSize must be an integer in 1..127, got ${stackSize}`,
      );
    }
    this.StackCount = stackSize;
    this.#stack = Array.from({ length: stackSize }, () => new StackLocation());
    this.#phase = IDLE;
    this.reset(0);
  }

  /** @internal Empties all but the number of locations. */
  reset(status: NTSTATUS): void {
    this.IoStatus.Status = status;
    this.IoStatus.Information = 0;
    this.PendingReturned = false;
    this.Cancel = false;
    this.CurrentLocation = this.StackCount + 1;
    this.#cancelRoutine = null;
    for (const location of this.#stack) {
      location.control = 0;
      location.routine = null;
      location.context = null;
    }
  }

  /** @internal The location the next driver down will own; throws when there is none. */
  nextLocation(): { control: number; routine: unknown; context: unknown } {
    if (this.CurrentLocation <= 1) this.#failUsedUp();
    return this.#stack[this.CurrentLocation - 2];
  }

  /** @internal Throws unless the caller may `action` the IRP now; delivers a refusal that waits. */
  requireIdle(action: string): void {
    if (this.#phase === REFUSED) this.#refusal?.deliver();
    if (this.#phase !== IDLE) this.#failBusy(action);
  }

  /** @internal Ends the IRP's life. */
  markFreed(): void {
    this.#phase = FREED;
  }

  /** @internal Asks for cancellation; whether there was a request to cancel. */
  cancel(): boolean {
    this.Cancel = true;
    const routine = this.#cancelRoutine;
    this.#cancelRoutine = null;
    if (routine === null) return false;
    routine(this);
    return true;
  }

  /** @internal Completion by a driver that holds a passed-down IRP. */
  complete(): void {
    this.requireIdle("complete");
    this.#climb();
  }

  /** @internal WSK takes the IRP. */
  submit(): void {
    this.requireIdle("submit");
    this.nextLocation();
    requireKernel(
      this.#stack.some((location) => location.routine !== null),
      DRIVER_VERIFIER_IOMANAGER_VIOLATION,
      "Cannot submit IRP: no completion routine is set; call IoSetCompletionRoutine (again after each IoReuseIrp) or completion()",
    );
    this.CurrentLocation--;
    this.#phase = WITH_WSK;
  }

  /** @internal Undoes {@linkcode IRP.submit}: the call throws. */
  withdraw(): void {
    this.CurrentLocation++;
    this.#phase = IDLE;
    this.#cancelRoutine = null;
  }

  /** @internal Names what IoCancelIrp calls, once; calls it now when the IRP is cancelled already. */
  onCancel(routine: (irp: IRP) => void): void {
    if (this.Cancel) routine(this);
    else this.#cancelRoutine = routine;
  }

  /** @internal Marks the location of the driver that has the IRP. */
  markPending(): void {
    if (this.CurrentLocation <= this.StackCount) {
      this.#stack[this.CurrentLocation - 1].control |= SL_PENDING_RETURNED;
    }
  }

  /** @internal The outcome is settled: IoCancelIrp finds nothing to cancel any more. */
  settle(): void {
    this.#cancelRoutine = null;
  }

  /** @internal The submitting call refuses the request; `refusal` will run the routine. */
  refuse(refusal: Refusal): void {
    this.#phase = REFUSED;
    this.#cancelRoutine = null;
    this.#refusal = refusal;
  }

  /** @internal WSK gives the IRP back with its outcome, and its routines run. */
  finish(status: NTSTATUS, information: number | WSK_SOCKET): void {
    this.IoStatus.Status = status;
    this.IoStatus.Information = information;
    this.#phase = IDLE;
    this.#cancelRoutine = null;
    this.#refusal = null;
    this.#climb();
  }

  #climb(): void {
    requireKernel(
      this.CurrentLocation <= this.StackCount,
      MULTIPLE_IRP_COMPLETE_REQUESTS,
      "Cannot complete IRP: it is complete already; complete each IRP once",
    );
    while (this.CurrentLocation <= this.StackCount) {
      const location = this.#stack[this.CurrentLocation - 1];
      this.PendingReturned = (location.control & SL_PENDING_RETURNED) !== 0;
      this.CurrentLocation++;
      if (this.#runs(location)) {
        if (this.#run(location) === STATUS_MORE_PROCESSING_REQUIRED) return;
      } else if (this.PendingReturned) this.markPending();
    }
    requireKernel(
      false,
      MULTIPLE_IRP_COMPLETE_REQUESTS,
      "Cannot complete IRP: completion ran past the IRP's owner; its completion routine must be set for success, error and cancel, and must return STATUS_MORE_PROCESSING_REQUIRED",
    );
  }

  #runs(location: StackLocation): boolean {
    if (location.routine === null) return false;
    const outcome = NT_SUCCESS(this.IoStatus.Status)
      ? SL_INVOKE_ON_SUCCESS
      : SL_INVOKE_ON_ERROR;
    return (location.control & outcome) !== 0 ||
      (this.Cancel && (location.control & SL_INVOKE_ON_CANCEL) !== 0);
  }

  #run(location: StackLocation): NTSTATUS {
    const routine = location.routine as IO_COMPLETION_ROUTINE;
    const context = location.context;
    location.routine = null;
    location.context = null;
    location.control = 0;
    const status = routine(null, this, context);
    requireKernel(
      status === STATUS_MORE_PROCESSING_REQUIRED || this.#phase === IDLE,
      DRIVER_VERIFIER_IOMANAGER_VIOLATION,
      "Cannot complete IRP: its completion routine freed or resubmitted it and did not return STATUS_MORE_PROCESSING_REQUIRED",
    );
    return status;
  }

  // Messages are put together only when they are thrown: requests are many.
  #failUsedUp(): never {
    throw new BugCheckError(
      NO_MORE_IRP_STACK_LOCATIONS,
      `Cannot pass IRP down: its ${this.StackCount} stack location(s) are used up; allocate it with a larger StackSize, or call IoReuseIrp`,
    );
  }

  #failBusy(action: string): never {
    requireKernel(
      this.#phase !== FREED,
      BAD_POOL_CALLER,
      `Cannot ${action} IRP: it is freed`,
    );
    throw new BugCheckError(
      DRIVER_VERIFIER_IOMANAGER_VIOLATION,
      `Cannot ${action} IRP: a request is pending on it; wait for its completion routine`,
    );
  }
}

/** Allocates an IRP with `StackSize` locations; a client of WSK needs 1. */
export function IoAllocateIrp(
  StackSize: number,
  _ChargeQuota: BOOLEAN,
): IRP | null {
  const irp = new IRP();
  irp.initialize(StackSize);
  return irp;
}

/** The size in C of an IRP with `StackSize` locations, for IoInitializeIrp's `PacketSize`. */
export function IoSizeOfIrp(StackSize: number): number {
  return 208 + 72 * StackSize;
}

/** Initializes an IRP that lies in its owner's own memory. */
export function IoInitializeIrp(
  Irp: IRP,
  _PacketSize: number,
  StackSize: number,
): void {
  if (Irp.StackCount !== 0) Irp.requireIdle("initialize");
  Irp.initialize(StackSize);
}

/** Makes a completed IRP ready for the next request; the completion routine must be set again. */
export function IoReuseIrp(Irp: IRP, Status: NTSTATUS): void {
  Irp.requireIdle("reuse");
  Irp.reset(Status);
}

/** Frees an IRP that no request holds. */
export function IoFreeIrp(Irp: IRP): void {
  Irp.requireIdle("free");
  Irp.markFreed();
}

/**
 * Sets the routine that runs when the next driver down completes the IRP.
 *
 * `InvokeOnSuccess`, `InvokeOnError` and `InvokeOnCancel` choose the outcomes
 * it runs for; for an IRP of one's own all three must be TRUE.
 */
export function IoSetCompletionRoutine<Context>(
  Irp: IRP,
  CompletionRoutine: IO_COMPLETION_ROUTINE<Context> | null,
  Context: Context,
  InvokeOnSuccess: BOOLEAN,
  InvokeOnError: BOOLEAN,
  InvokeOnCancel: BOOLEAN,
): void {
  Irp.requireIdle("set the completion routine of");
  const location = Irp.nextLocation();
  location.routine = CompletionRoutine;
  location.context = Context;
  location.control = (InvokeOnSuccess ? SL_INVOKE_ON_SUCCESS : 0) |
    (InvokeOnError ? SL_INVOKE_ON_ERROR : 0) |
    (InvokeOnCancel ? SL_INVOKE_ON_CANCEL : 0);
}

/**
 * Asks for an IRP to be cancelled.
 *
 * @returns whether a request was there to be cancelled. Its routine still runs, later; the request may even have ended another way.
 */
export function IoCancelIrp(Irp: IRP): boolean {
  return Irp.cancel();
}

/** Says that the driver which has a passed-down IRP will complete it later. */
export function IoMarkIrpPending(Irp: IRP): void {
  Irp.markPending();
}

/** Moves a passed-down IRP to the next driver's location, as IoCallDriver does on entering it. */
export function IoSetNextIrpStackLocation(Irp: IRP): void {
  Irp.requireIdle("pass down");
  Irp.nextLocation();
  Irp.CurrentLocation--;
}

/** Goes on with the completion of a passed-down IRP, upward from the driver which has it. */
export function IoCompleteRequest(Irp: IRP, _PriorityBoost: number): void {
  Irp.complete();
}
