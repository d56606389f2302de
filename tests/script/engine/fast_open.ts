/**
 * Linux's Fast Open options of listeners, as the engine's settings.
 *
 * @module
 */
import { FastOpenKeys } from "../../../engine/tcp/fast_open_cookie.ts";
import {
  type FastOpenListenOptions,
  FastOpenQueue,
} from "../../../engine/tcp/fast_open_queue.ts";
import { SYMBOLS as S } from "../run/symbols.ts";
import type { MemorySocket } from "./socket.ts";
import type { World } from "./world.ts";

const SERVER_ENABLED = 2;
const SERVER_WITHOUT_COOKIE = 0x200;
const KEY_LENGTH = 16;

/** What a listening socket asked for, or undefined when it asked for nothing or servers are off. */
export function fastOpenOptions(
  world: World,
  socket: MemorySocket,
): FastOpenListenOptions | undefined {
  const { fastOpen } = world.stack.tcp.config;
  const queueLimit = socket.options.int(S.SOL_TCP, S.TCP_FASTOPEN, -1);
  if (queueLimit < 0) return undefined;
  if ((fastOpen & SERVER_ENABLED) === 0) return { queueLimit: 0 };
  const isCookieless = (fastOpen & SERVER_WITHOUT_COOKIE) !== 0 ||
    socket.options.int(S.SOL_TCP, S.TCP_FASTOPEN_NO_COOKIE, 0) !== 0;
  const key = socket.options.bytes(S.SOL_TCP, S.TCP_FASTOPEN_KEY);
  return {
    queueLimit,
    cookies: isCookieless ? "ignored" : "required",
    ...(key === null ? {} : { keys: new FastOpenKeys(keyText(key)) }),
  };
}

/** Brings a listener up to date after an option changed. */
export function updateListener(world: World, socket: MemorySocket): void {
  if (socket.listener === null) return;
  const options = fastOpenOptions(world, socket);
  if (options !== undefined) {
    socket.listener.fastOpen = new FastOpenQueue(options);
  }
}

/** Whether these bytes are one key or two. */
export function isFastOpenKey(bytes: Uint8Array): boolean {
  return bytes.length === KEY_LENGTH || bytes.length === 2 * KEY_LENGTH;
}

/** A key's bytes as the words that Linux prints: each is little-endian in memory. */
function keyText(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = Array.from(
    { length: bytes.length / 4 },
    (_, i) => view.getUint32(4 * i, true).toString(16).padStart(8, "0"),
  );
  return words.length === 4
    ? words.join("-")
    : `${words.slice(0, 4).join("-")},${words.slice(4).join("-")}`;
}
