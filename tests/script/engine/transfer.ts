/**
 * Sending and receiving on emulated sockets, MSG_FASTOPEN among it.
 *
 * @module
 */
import { ERR_END_OF_STREAM } from "../../../engine/tcp/codes.ts";
import type { Connection } from "../../../engine/tcp/connection.ts";
import {
  type ControlMessage,
  NotApplicable,
  type ReceiveRequest,
  type SendRequest,
  UNSPECIFIED,
} from "../run/executor.ts";
import { SYMBOLS as S } from "../run/symbols.ts";
import { type Attempt, BLOCKED, done, failed, type Result } from "./results.ts";
import type { MemorySocket } from "./socket.ts";
import { startConnect } from "./connecting.ts";
import type { World } from "./world.ts";

/** Flags that change nothing here. */
const HARMLESS_SEND_FLAGS = S.MSG_NOSIGNAL | S.MSG_DONTWAIT | S.MSG_FASTOPEN |
  S.MSG_MORE | S.MSG_OOB;
const HARMLESS_RECEIVE_FLAGS = S.MSG_DONTWAIT | S.MSG_PEEK | S.MSG_TRUNC |
  S.MSG_WAITALL | S.MSG_NOSIGNAL;
/** Room the options take from the data of a SYN. */
const SYN_OPTION_SPACE = 40;

/** A send that may take several tries. */
export class Sending {
  readonly #world: World;
  readonly #socket: MemorySocket;
  readonly #request: SendRequest;
  readonly #bytes: Uint8Array;
  #sent = 0;
  /** The call opened the connection itself. */
  #hasOpened = false;

  /** Prepares to send what `request` says. */
  constructor(world: World, socket: MemorySocket, request: SendRequest) {
    this.#world = world;
    this.#socket = socket;
    this.#request = request;
    this.#bytes = new Uint8Array(
      request.lengths.reduce((sum, length) => sum + length, 0),
    );
    this.#bytes.set(request.bytes.subarray(0, this.#bytes.length));
    if ((request.flags & ~HARMLESS_SEND_FLAGS) !== 0) {
      throw new NotApplicable(
        `send flags 0x${(request.flags & ~HARMLESS_SEND_FLAGS).toString(16)}`,
      );
    }
  }

  /** One try. */
  attempt(): Attempt {
    const socket = this.#socket;
    const { flags } = this.#request;
    const isNonBlocking = socket.isNonBlocking ||
      (flags & S.MSG_DONTWAIT) !== 0;
    const isFastOpen = (flags & S.MSG_FASTOPEN) !== 0 ||
      socket.phase === "deferred";
    if (isFastOpen && !this.#hasOpened && socket.phase !== "active") {
      const early = this.#startFastOpen(isNonBlocking);
      if (early !== null) return early;
    } else if (
      (flags & S.MSG_FASTOPEN) !== 0 && !this.#hasOpened && socket.isConnected
    ) {
      return failed("EISCONN");
    }
    return this.#write(isNonBlocking);
  }

  #write(isNonBlocking: boolean): Attempt {
    const socket = this.#socket;
    const { connection } = socket;
    if (connection !== null && socket.isConnecting) {
      return isNonBlocking ? this.#short("EAGAIN") : BLOCKED;
    }
    const error = socket.takeError();
    if (error !== null) {
      // What lay in a SYN that was refused was never sent.
      return this.#sent > 0 && !this.#hasOpened
        ? done(this.#sent)
        : failed(error);
    }
    if (connection === null || socket.isSendShut || socket.isOver) {
      return this.#short("EPIPE");
    }
    if (!socket.isConnected) return this.#short("EPIPE");
    const left = this.#bytes.length - this.#sent;
    const now = this.#world.now();
    const isMore = (this.#request.flags & S.MSG_MORE) !== 0;
    const pushSeq = connection.tcb.pushSeq;
    if (isMore) connection.setCoalescing("cork");
    const write = (this.#request.flags & S.MSG_OOB) !== 0
      ? "writeUrgent"
      : "write";
    const taken = left === 0
      ? 0
      : connection[write](this.#bytes, this.#sent, left, now);
    // As on Linux: what is said to have more behind it ends no write.
    if (isMore) connection.tcb.pushSeq = pushSeq;
    socket.isHoldingMore = isMore;
    if (!isMore && !connection.tcb.noDelay && this.#wasCorkedByMore()) {
      connection.setCoalescing("nagle");
    }
    if (taken < 0) return this.#short("EPIPE");
    this.#sent += taken;
    if (this.#sent === this.#bytes.length) return done(this.#sent);
    return isNonBlocking ? this.#short("EAGAIN") : BLOCKED;
  }

  #wasCorkedByMore(): boolean {
    return this.#socket.connection?.tcb.corked === true &&
      this.#socket.options.int(S.SOL_TCP, S.TCP_CORK, 0) === 0;
  }

  /** What was sent so far, or the error when it is nothing. */
  #short(error: string): Result {
    return this.#sent > 0 ? done(this.#sent) : failed(error);
  }

  /** Opens with data; null: go on as an ordinary write. */
  #startFastOpen(isNonBlocking: boolean): Attempt | null {
    const { to } = this.#request;
    if (to === UNSPECIFIED) return failed("EOPNOTSUPP");
    const world = this.#world;
    const { config } = world.stack.tcp;
    if ((config.fastOpen & 1) === 0) return failed("EOPNOTSUPP");
    let queued = 0;
    const endpoint = to ?? this.#socket.options.deferredTo;
    if (endpoint === null) return failed("EDESTADDRREQ");
    const error = startConnect(
      world,
      this.#socket,
      endpoint,
      "fast",
      (connection) => {
        queued = connection.tcb.sndBuf.write(
          this.#bytes,
          0,
          // A call that waits hands over all it has: what the SYN does not take goes with the first ACK.
          isNonBlocking
            ? synDataRoom(world, connection, this.#bytes.length)
            : this.#bytes.length,
        );
      },
    );
    if (error !== null) return failed(error);
    this.#sent = queued;
    this.#hasOpened = true;
    if (!isNonBlocking) return null;
    return queued > 0 ? done(queued) : failed("EINPROGRESS");
  }
}

/** How much of `length` bytes the SYN will carry: none without a cookie (unless none is needed). */
function synDataRoom(
  world: World,
  connection: Connection,
  length: number,
): number {
  const t = connection.tcb;
  const entry = world.stack.tcp.fastOpenCache.find(t.local, t.remote);
  const isCookieless = (world.stack.tcp.config.fastOpen & 4) !== 0;
  const hasCookie = entry !== null && entry.cookie.length > 0;
  if (!hasCookie && !isCookieless) return 0;
  const pathMss = t.pathMtu - t.ipHeaderLength - 20;
  const known = entry !== null && entry.mss > 0 ? entry.mss : pathMss;
  return Math.min(
    length,
    Math.max(0, Math.min(pathMss, known) - SYN_OPTION_SPACE),
  );
}

/** A receive that may take several tries. */
export class Receiving {
  readonly #world: World;
  readonly #socket: MemorySocket;
  readonly #request: ReceiveRequest;
  readonly #buffer: Uint8Array;
  #received = 0;

  /** Prepares to receive what `request` says. */
  constructor(world: World, socket: MemorySocket, request: ReceiveRequest) {
    this.#world = world;
    this.#socket = socket;
    this.#request = request;
    this.#buffer = new Uint8Array(
      request.lengths.reduce((sum, length) => sum + length, 0),
    );
    const unknown = request.flags & ~HARMLESS_RECEIVE_FLAGS;
    if (unknown !== 0) {
      throw new NotApplicable(`receive flags 0x${unknown.toString(16)}`);
    }
  }

  /** One try. */
  attempt(): Attempt {
    const socket = this.#socket;
    const { connection } = socket;
    const isNonBlocking = socket.isNonBlocking ||
      (this.#request.flags & S.MSG_DONTWAIT) !== 0;
    if (socket.phase === "listening") return failed("ENOTCONN");
    if (connection === null) return failed("ENOTCONN");
    const moved = this.#move(connection);
    if (moved > 0) this.#received += moved;
    const isWanted = (this.#request.flags & S.MSG_WAITALL) !== 0 &&
      this.#received < this.#buffer.length;
    if (this.#received > 0 && !(isWanted && this.#canWait(isNonBlocking))) {
      return this.#finish();
    }
    if (this.#received > 0) return BLOCKED;
    if (this.#buffer.length === 0) return done(0);
    const error = socket.takeError();
    if (error !== null) return failed(error);
    if (
      socket.isAtEnd || moved === ERR_END_OF_STREAM ||
      (socket.isOver && socket.isErrorConsumed)
    ) return this.#finish();
    if (socket.isOver) return failed("ENOTCONN");
    return isNonBlocking ? failed("EAGAIN") : BLOCKED;
  }

  #canWait(isNonBlocking: boolean): boolean {
    return !isNonBlocking && !this.#socket.isAtEnd && !this.#socket.isOver;
  }

  #move(connection: Connection): number {
    if (this.#socket.isReceiveShut && connection.readable === 0) return 0;
    const room = Math.min(
      this.#buffer.length - this.#received,
      this.#socket.bytesToUrgentMark,
    );
    if (room <= 0) return 0;
    if ((this.#request.flags & S.MSG_PEEK) !== 0) {
      return connection.peek(0, this.#buffer, 0, room);
    }
    return connection.read(
      this.#buffer,
      this.#received,
      room,
      this.#world.now(),
    );
  }

  #finish(): Result {
    const control = this.#request.via === "recvmsg" ? this.#queueHint() : [];
    return { ...done(this.#received), messageFlags: 0, control };
  }

  /** TCP_INQ: what is left to read; at the end one more, so that the application reads on. */
  #queueHint(): ControlMessage[] {
    if (this.#socket.options.int(S.SOL_TCP, S.TCP_INQ, 0) === 0) return [];
    const left = this.#socket.connection?.readable ?? 0;
    const data = new Uint8Array(4);
    new DataView(data.buffer).setInt32(
      0,
      left > 0 || !this.#socket.isAtEnd ? left : 1,
      true,
    );
    return [{ level: S.SOL_TCP, type: S.TCP_CM_INQ, data }];
  }
}
