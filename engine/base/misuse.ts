/**
 * How programmer error is reported from files that may not throw.
 *
 * A function that contains a `throw` with a built message is larger than V8
 * likes to inline, so the packet path calls these instead and stays small.
 * Nothing a peer sends may ever reach them: a packet is answered with a code
 * and a counter, never with an exception.
 *
 * @module
 */

/** Throws a RangeError that says which action failed, what was wrong with which value, and so what to pass instead. */
export function failRange(
  action: string,
  rule: string,
  value: number | string,
): never {
  throw new RangeError(`Cannot ${action}: ${rule}, got ${value}`);
}

/** Throws a RangeError that says how many of what there are, for an action that wanted more, or fewer than none. */
export function failBeyond(
  action: string,
  what: string,
  there: number,
  value: number,
): never {
  throw new RangeError(
    `Cannot ${action}: it must stay within the ${there} ${what}, got ${value}`,
  );
}

/** Throws a RangeError unless `value` is an integer in `[least, most]`. */
export function requireInteger(
  action: string,
  name: string,
  value: number,
  least: number,
  most: number,
): void {
  if (!Number.isInteger(value) || value < least || value > most) {
    failRange(action, `${name} must be an integer in ${least}..${most}`, value);
  }
}
