/**
 * What the emulated calls work on: a stack, a clock, descriptors.
 *
 * @module
 */
import type { Stack } from "../../../engine/stack/stack.ts";
import type { IpAddress } from "../../../engine/wire/ip_address.ts";
import type { Connection } from "../../../engine/tcp/connection.ts";
import type { EpollInstance } from "./epoll.ts";
import type { MemorySocket } from "./socket.ts";

/** The engine and the sockets of one run. */
export interface World {
  /** The engine. */
  readonly stack: Stack;
  /** Our address. */
  readonly localIp: IpAddress;
  /** Sockets by descriptor. */
  readonly sockets: Map<number, MemorySocket>;
  /** Epoll instances by descriptor. */
  readonly epolls: Map<number, EpollInstance>;
  /** The socket whose connection this is. */
  readonly owners: Map<Connection, MemorySocket>;
  /** The present. */
  now(): number;
  /** An option was set on a socket that has no connection yet. */
  setListenOption(level: number, name: number, value: Uint8Array): void;
  /** A descriptor nobody has. */
  nextFd(): number;
}
