/**
 * Requests on emulated sockets: one function that tries a call, as often as it
 * takes.
 *
 * @module
 */
import type { CallRequest } from "../run/executor.ts";
import { NotApplicable } from "../run/executor.ts";
import { SYMBOLS as S } from "../run/symbols.ts";
import {
  attemptAccept,
  attemptConnect,
  closeSocket,
  shutDown,
  startListening,
} from "./connecting.ts";
import { EpollInstance, readiness } from "./epoll.ts";
import { isFastOpenKey, updateListener } from "./fast_open.ts";
import { type Attempt, BLOCKED, done, failed, type Result } from "./results.ts";
import { MemorySocket } from "./socket.ts";
import { applyOption } from "./socket_options.ts";
import { Receiving, Sending } from "./transfer.ts";
import type { World } from "./world.ts";

const IPPROTO_TCP = 6;
const MILLISECOND = 1_000;

/** When a call gives up waiting by itself, µs; `Infinity` for those that do not. */
export function callDeadline(world: World, request: CallRequest): number {
  if (request.op !== "poll" && request.op !== "epoll_wait") return Infinity;
  return request.timeoutMs < 0
    ? Infinity
    : world.now() + request.timeoutMs * MILLISECOND;
}

/** Makes a call ready to be tried; each try gives a result or `BLOCKED`. */
export function prepareCall(world: World, request: CallRequest): () => Attempt {
  switch (request.op) {
    case "socket":
      return () => makeSocket(world, request.type, request.protocol);
    case "epoll_create":
      return () => makeEpoll(world);
    case "poll":
      return preparePoll(world, request.entries, callDeadline(world, request));
    case "epoll_wait":
      return prepareEpollWait(
        world,
        request.fd,
        request.capacity,
        callDeadline(world, request),
      );
    case "epoll_ctl": {
      const { fd, operation, target, events, data } = request;
      return () => {
        const error =
          world.epolls.get(fd)?.control(operation, target, events, data) ??
            null;
        return error === null ? done(0) : failed(error);
      };
    }
    default:
      return prepareSocketCall(world, request);
  }
}

function prepareSocketCall(
  world: World,
  request: Exclude<
    CallRequest,
    { op: "socket" | "epoll_create" | "poll" | "epoll_wait" | "epoll_ctl" }
  >,
): () => Attempt {
  const socket = world.sockets.get(request.fd);
  if (socket === undefined) {
    if (request.op === "close" && world.epolls.delete(request.fd)) {
      return () => done(0);
    }
    return () => failed("EBADF");
  }
  switch (request.op) {
    case "bind":
      return () => {
        socket.boundPort = request.to.port;
        return done(0);
      };
    case "listen":
      return () => startListening(world, socket, request.backlog);
    case "accept":
      return () => attemptAccept(world, socket);
    case "connect": {
      let hasStarted = false;
      return () => {
        const attempt = attemptConnect(world, socket, request.to, hasStarted);
        hasStarted = true;
        return attempt;
      };
    }
    case "send": {
      const sending = new Sending(world, socket, request);
      return () => sending.attempt();
    }
    case "receive": {
      const receiving = new Receiving(world, socket, request);
      return () => receiving.attempt();
    }
    case "shutdown":
      return () => shutDown(world, socket, request.how);
    case "close":
      return () => {
        world.sockets.delete(request.fd);
        for (const epoll of world.epolls.values()) epoll.forget(request.fd);
        return closeSocket(world, socket);
      };
    case "fcntl":
      return () => control(socket, request.command, request.argument);
    case "ioctl":
      return () => inquire(socket, request.request);
    case "setsockopt":
      return () =>
        setOption(
          world,
          socket,
          request.level,
          request.name,
          request.value.slice(0, request.length),
        );
    case "getsockopt":
      return () =>
        getOption(socket, request.level, request.name, request.capacity);
  }
}

function makeSocket(world: World, type: number, protocol: number): Result {
  const kind = type & 0xf;
  if (kind !== S.SOCK_STREAM || (protocol !== 0 && protocol !== IPPROTO_TCP)) {
    throw new NotApplicable(`a socket of type ${kind}, protocol ${protocol}`);
  }
  const fd = world.nextFd();
  world.sockets.set(fd, new MemorySocket((type & S.SOCK_NONBLOCK) !== 0));
  return done(fd);
}

function makeEpoll(world: World): Result {
  const fd = world.nextFd();
  world.epolls.set(fd, new EpollInstance());
  return done(fd);
}

function preparePoll(
  world: World,
  entries: readonly { readonly fd: number; readonly events: number }[],
  limit: number,
): () => Attempt {
  return () => {
    const revents = entries.map(({ fd, events }) => {
      const socket = world.sockets.get(fd);
      if (socket === undefined) return S.POLLNVAL;
      return readiness(socket) & (events | S.POLLERR | S.POLLHUP);
    });
    const count = revents.filter((bits) => bits !== 0).length;
    return count > 0 || world.now() >= limit
      ? { ...done(count), revents }
      : BLOCKED;
  };
}

function prepareEpollWait(
  world: World,
  fd: number,
  capacity: number,
  limit: number,
): () => Attempt {
  return () => {
    const epoll = world.epolls.get(fd);
    if (epoll === undefined) return failed("EBADF");
    const ready = epoll.collect(
      capacity,
      (target) => world.sockets.get(target),
    );
    return ready.length > 0 || world.now() >= limit
      ? { ...done(ready.length), ready }
      : BLOCKED;
  };
}

function control(
  socket: MemorySocket,
  command: number,
  argument: number,
): Result {
  if (command === S.F_SETFL) {
    socket.isNonBlocking = (argument & S.O_NONBLOCK) !== 0;
    return done(0);
  }
  if (command === S.F_GETFL) {
    return done(S.O_RDWR | (socket.isNonBlocking ? S.O_NONBLOCK : 0));
  }
  if (command === S.F_GETFD || command === S.F_SETFD) return done(0);
  throw new NotApplicable(`fcntl command ${command}`);
}

function inquire(socket: MemorySocket, request: number): Result {
  if (request === S.SIOCINQ) {
    return { ...done(0), number: socket.connection?.readable ?? 0 };
  }
  if (request === S.SIOCOUTQ) {
    return { ...done(0), number: socket.unacknowledged };
  }
  throw new NotApplicable(`ioctl request 0x${request.toString(16)}`);
}

function setOption(
  world: World,
  socket: MemorySocket,
  level: number,
  name: number,
  value: Uint8Array,
): Result {
  const isKey = level === S.SOL_TCP && name === S.TCP_FASTOPEN_KEY;
  const isText = level === S.SOL_TCP && name === S.TCP_CONGESTION;
  if (isKey ? !isFastOpenKey(value) : value.length < 4 && !isText) {
    return failed("EINVAL");
  }
  socket.options.set(level, name, value);
  if (socket.connection !== null) {
    applyOption(socket.connection, level, name, value, world.now());
  } else world.setListenOption(level, name, value);
  updateListener(world, socket);
  return done(0);
}

function getOption(
  socket: MemorySocket,
  level: number,
  name: number,
  capacity: number,
): Result {
  const int = (value: number): Result => ({
    ...done(0),
    value: int32(value).slice(0, capacity),
  });
  const t = socket.connection?.tcb;
  if (level === S.SOL_SOCKET && name === S.SO_ERROR) {
    const error = socket.takeError();
    return int(error === null ? 0 : failed(error).errno);
  }
  if (level === S.SOL_TCP && name === S.TCP_MAXSEG) return int(t?.mss ?? 536);
  if (level === S.SOL_TCP && name === S.TCP_CONGESTION && t !== undefined) {
    const bytes = new Uint8Array(capacity);
    bytes.set(
      new TextEncoder().encode(t.congestion.name).subarray(0, capacity),
    );
    return { ...done(0), value: bytes.slice(0, Math.min(capacity, 16)) };
  }
  const kept = socket.options.int(level, name, NaN);
  if (Number.isNaN(kept)) {
    throw new NotApplicable(`getsockopt of option ${level}/${name}`);
  }
  // Linux answers with the double it keeps for its bookkeeping (socket(7)).
  const doubled = level === S.SOL_SOCKET &&
    (name === S.SO_SNDBUF || name === S.SO_RCVBUF);
  return int(doubled ? 2 * kept : kept);
}

function int32(value: number): Uint8Array {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setInt32(0, value, true);
  return bytes;
}
