/**
 * poll and epoll over emulated sockets.
 *
 * Readiness follows Linux: readable with data or at the end, writable with a
 * third of the send buffer free, hung up when both directions are over. An
 * edge-triggered entry is reported again only after something happened.
 *
 * @module
 */
import { SYMBOLS as S } from "../run/symbols.ts";
import type { MemorySocket } from "./socket.ts";

const POLLRDHUP = 0x2000;

/** One registered descriptor. */
interface Entry {
  events: number;
  data: number;
  /** Activity of the socket when it was last reported; -1: never. */
  reportedAt: number;
  isDisabled: boolean;
}

/** One epoll instance. */
export class EpollInstance {
  readonly #entries = new Map<number, Entry>();

  /** EPOLL_CTL_*. Returns the error's name, or null. */
  control(
    operation: number,
    fd: number,
    events: number,
    data: number,
  ): string | null {
    const known = this.#entries.has(fd);
    if (operation === S.EPOLL_CTL_ADD && known) return "EEXIST";
    if (operation !== S.EPOLL_CTL_ADD && !known) return "ENOENT";
    if (operation === S.EPOLL_CTL_DEL) this.#entries.delete(fd);
    else {this.#entries.set(fd, {
        events,
        data,
        reportedAt: -1,
        isDisabled: false,
      });}
    return null;
  }

  /** Drops a descriptor that was closed. */
  forget(fd: number): void {
    this.#entries.delete(fd);
  }

  /** What is ready, at most `capacity`. */
  collect(
    capacity: number,
    socketOf: (fd: number) => MemorySocket | undefined,
  ): { events: number; data: number }[] {
    const ready: { events: number; data: number }[] = [];
    for (const [fd, entry] of this.#entries) {
      const socket = socketOf(fd);
      if (
        socket === undefined || entry.isDisabled || ready.length >= capacity
      ) continue;
      const isEdge = (entry.events & S.EPOLLET) !== 0;
      if (isEdge && entry.reportedAt === socket.activity) continue;
      const events = readiness(socket) &
        (entry.events | S.EPOLLERR | S.EPOLLHUP);
      if (events === 0) continue;
      entry.reportedAt = socket.activity;
      if ((entry.events & S.EPOLLONESHOT) !== 0) entry.isDisabled = true;
      ready.push({ events: events >>> 0, data: entry.data });
    }
    return ready;
  }
}

/** POLL* bits of a socket. */
export function readiness(socket: MemorySocket): number {
  if (socket.phase === "listening") {
    return (socket.listener?.readyCount ?? 0) > 0 ? S.POLLIN | S.POLLRDNORM : 0;
  }
  const { connection } = socket;
  if (connection === null) return S.POLLOUT | S.POLLWRNORM | S.POLLHUP;
  if (socket.isConnecting) return 0;
  let bits = 0;
  const isSendOver = socket.isSendShut || socket.isOver;
  const isReceiveOver = socket.isAtEnd || socket.isOver;
  if (connection.readable > 0 || isReceiveOver) bits |= S.POLLIN | S.POLLRDNORM;
  if (isReceiveOver) bits |= POLLRDHUP;
  if (isSendOver && isReceiveOver) bits |= S.POLLHUP;
  if (socket.pendingError !== null) bits |= S.POLLERR;
  if (isSendOver || isWritable(socket)) bits |= S.POLLOUT | S.POLLWRNORM;
  return bits;
}

function isWritable(socket: MemorySocket): boolean {
  const t = socket.connection?.tcb;
  if (t === undefined) return false;
  return t.sndBuf.free * 3 >= t.sndBuf.limit;
}
