/**
 * What this engine does where a machine would stop.
 *
 * A driver that frees a pending IRP or describes more bytes than its MDL holds
 * does not get a status back: Windows stops the machine. The engine throws
 * instead, at the call that is wrong, with the code of the stop and a sentence
 * that says what to do. Nothing that arrives from the network leads here.
 *
 * @module
 */

/** An IRP was used in a way the I/O manager does not allow (Driver Verifier's stop 0xC9). */
export const DRIVER_VERIFIER_IOMANAGER_VIOLATION = 0xc9;
/** An IRP was completed that was complete already. */
export const MULTIPLE_IRP_COMPLETE_REQUESTS = 0x44;
/** An IRP was sent on with no stack location left. */
export const NO_MORE_IRP_STACK_LOCATIONS = 0x35;
/** An MDL was used that describes no locked memory, or was freed in use. */
export const PFN_LIST_CORRUPT = 0x4e;
/** A WSK_BUF reaches beyond the memory its MDLs describe. */
export const PAGE_FAULT_IN_NONPAGED_AREA = 0x50;
/** Memory was freed twice. */
export const BAD_POOL_CALLER = 0xc2;

/** Misuse of the kernel's objects that would stop a Windows machine. */
export class BugCheckError extends Error {
  /** The stop code, such as {@linkcode MULTIPLE_IRP_COMPLETE_REQUESTS}. */
  readonly BugCheckCode: number;

  /** Makes the error of a stop; `message` says the action, the cause and the remedy. */
  constructor(BugCheckCode: number, message: string) {
    super(message);
    this.name = "BugCheckError";
    this.BugCheckCode = BugCheckCode;
  }
}

/** Throws the error of a stop unless `allowed` holds. */
export function requireKernel(
  allowed: unknown,
  BugCheckCode: number,
  message: string,
): asserts allowed {
  if (!allowed) throw new BugCheckError(BugCheckCode, message);
}
