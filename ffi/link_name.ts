/**
 * Names and hardware addresses of interfaces, as text.
 *
 * @module
 */

/** Bytes of a name in the kernel's structures, its NUL included. */
export const IFNAMSIZ = 16;

/**
 * Checks that the kernel would take `name` for an interface.
 *
 * One to fifteen bytes, no slash, colon or space, and neither `.` nor `..`
 * (dev_valid_name of the kernel); one `%d` stands for a number it chooses.
 *
 * @throws {TypeError} naming the value
 */
export function checkLinkName(name: string): void {
  const length = new TextEncoder().encode(name).length;
  const refuse = (why: string): never => {
    throw new TypeError(`Cannot name an interface "${name}": ${why}`);
  };
  if (length === 0) refuse("a name has at least one character");
  if (length >= IFNAMSIZ) {
    refuse(`a name has at most ${IFNAMSIZ - 1} bytes, got ${length}`);
  }
  if (name === "." || name === "..") refuse("it would name a directory");
  if (/[/:\s\0]/.test(name)) {
    refuse("a name has no slash, colon or white space");
  }
  if (/%/.test(name.replace("%d", ""))) {
    refuse('"%" may only occur once, as "%d"');
  }
}

/**
 * The six bytes of `02:00:00:00:00:01`.
 *
 * @throws {TypeError} naming the value, also for a group address, which no interface may have
 */
export function parseHardwareAddress(text: string): Uint8Array {
  if (!/^[0-9a-f]{2}(:[0-9a-f]{2}){5}$/i.test(text)) {
    throw new TypeError(
      `Cannot parse hardware address "${text}": write six bytes as 02:00:00:00:00:01`,
    );
  }
  const bytes = Uint8Array.from(
    text.split(":"),
    (byte) => Number.parseInt(byte, 16),
  );
  if ((bytes[0] & 1) !== 0) {
    throw new TypeError(
      `Cannot use hardware address "${text}": it names a group; clear the lowest bit of the first byte`,
    );
  }
  return bytes;
}

/** The bytes as `02:00:00:00:00:01`. */
export function formatHardwareAddress(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0"))
    .join(":");
}
