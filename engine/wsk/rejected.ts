/**
 * Completions of requests that were refused by their return value.
 *
 * Windows completes a refused IRP before the call returns, so a client may
 * free or reuse it as soon as it sees the error. Here completion routines
 * never run inside the submitting call: a refused IRP waits for the next
 * delivery. To keep that invisible, the calls by which a client takes an IRP
 * or its event back (IoFreeIrp, IoReuseIrp, KeClearEvent, ...) run what waits
 * here first. Either way each routine runs once.
 *
 * @module
 */

/** A completion that waits for delivery. */
export interface Refusal {
  /** Runs the completion routine, the first time it is called. */
  deliver(): void;
}

const waiting = new Set<Refusal>();

/** Keeps a refusal until it is delivered. */
export function holdRefusal(refusal: Refusal): void {
  waiting.add(refusal);
}

/** Forgets a refusal; whether it was still waiting. */
export function takeRefusal(refusal: Refusal): boolean {
  return waiting.delete(refusal);
}

/** Delivers every refusal that waits. */
export function deliverRefusals(): void {
  for (const refusal of [...waiting]) refusal.deliver();
}
