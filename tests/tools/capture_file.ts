/**
 * A reader of capture files for tests, written from the formats' definitions and not from the engine's writer.
 *
 * @module
 */

/** One captured frame. */
export interface CapturedFrame {
  /** µs since 1970. */
  readonly at: number;
  readonly bytes: Uint8Array;
  /** Length on the wire. */
  readonly originalLength: number;
  /** 1 received, 2 transmitted, 0 not said. */
  readonly direction: number;
}

/** A capture file, read. */
export interface CaptureFile {
  readonly linkType: number;
  readonly snapLength: number;
  readonly frames: readonly CapturedFrame[];
}

/** A sink that keeps a copy of what it is given. */
export class CaptureBuffer {
  readonly #parts: Uint8Array[] = [];

  /** Keeps a copy. */
  write(bytes: Uint8Array): void {
    this.#parts.push(bytes.slice());
  }

  /** The file so far. */
  toBytes(): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(this.#parts.flatMap((part) => [...part]));
  }
}

/** Reads a little-endian pcap (µs) or pcapng file of one interface; throws Error where it is not one. */
export function readCapture(bytes: Uint8Array): CaptureFile {
  const view = new DataView(bytes.slice().buffer);
  return view.getUint32(0, true) === 0xa1b2c3d4
    ? readPcap(view)
    : readPcapng(view);
}

function expect(what: string, actual: number, expected: number): void {
  if (actual === expected) return;
  throw new Error(`bad capture: ${what} is ${actual}, not ${expected}`);
}

function bytesOf(view: DataView, at: number, length: number): Uint8Array {
  if (at + length > view.byteLength) throw new Error("bad capture: truncated");
  return new Uint8Array(view.buffer, at, length).slice();
}

function readPcap(view: DataView): CaptureFile {
  expect("major version", view.getUint16(4, true), 2);
  expect("minor version", view.getUint16(6, true), 4);
  const frames: CapturedFrame[] = [];
  for (let at = 24; at < view.byteLength;) {
    const length = view.getUint32(at + 8, true);
    const micros = view.getUint32(at + 4, true);
    if (micros >= 1e6) throw new Error(`bad capture: ${micros} µs`);
    frames.push({
      at: view.getUint32(at, true) * 1e6 + micros,
      bytes: bytesOf(view, at + 16, length),
      originalLength: view.getUint32(at + 12, true),
      direction: 0,
    });
    at += 16 + length;
  }
  return {
    linkType: view.getUint32(20, true),
    snapLength: view.getUint32(16, true),
    frames,
  };
}

function readPcapng(view: DataView): CaptureFile {
  expect("section type", view.getUint32(0, true), 0x0a0d0d0a);
  expect("byte order", view.getUint32(8, true), 0x1a2b3c4d);
  const frames: CapturedFrame[] = [];
  let linkType = -1, snapLength = -1;
  for (let at = 0; at < view.byteLength;) {
    const type = view.getUint32(at, true),
      length = view.getUint32(at + 4, true);
    expect("alignment", length % 4, 0);
    expect("second length", view.getUint32(at + length - 4, true), length);
    if (type === 1) {
      linkType = view.getUint16(at + 8, true);
      snapLength = view.getUint32(at + 12, true);
    } else if (type === 6) frames.push(readPacketBlock(view, at));
    at += length;
  }
  return { linkType, snapLength, frames };
}

function readPacketBlock(view: DataView, at: number): CapturedFrame {
  expect("interface", view.getUint32(at + 8, true), 0);
  const captured = view.getUint32(at + 20, true);
  const options = at + 28 + Math.ceil(captured / 4) * 4;
  expect("flags option", view.getUint32(options, true), 0x00040002);
  expect("end of options", view.getUint32(options + 8, true), 0);
  return {
    at: view.getUint32(at + 12, true) * 2 ** 32 + view.getUint32(at + 16, true),
    bytes: bytesOf(view, at + 28, captured),
    originalLength: view.getUint32(at + 24, true),
    direction: view.getUint32(options + 4, true) & 3,
  };
}
