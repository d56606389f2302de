/**
 * connect(), listen(), accept() and close() on emulated sockets.
 *
 * @module
 */
import {
  ERR_ADDRESS_IN_USE,
  ERR_ADDRESS_NOT_AVAILABLE,
  ERR_NO_MEMORY,
  ERR_NO_ROUTE,
} from "../../../engine/tcp/codes.ts";
import type { Connection } from "../../../engine/tcp/connection.ts";
import { Listener } from "../../../engine/tcp/listener.ts";
import { parseIpAddress } from "../../../engine/wire/ip_address.ts";
import { type Endpoint, NotApplicable, UNSPECIFIED } from "../run/executor.ts";
import { SYMBOLS as S } from "../run/symbols.ts";
import { fastOpenOptions } from "./fast_open.ts";
import { type Attempt, BLOCKED, done, failed, type Result } from "./results.ts";
import { MemorySocket } from "./socket.ts";
import type { World } from "./world.ts";

const ERRORS: ReadonlyMap<number, string> = new Map([
  [ERR_ADDRESS_IN_USE, "EADDRINUSE"],
  [ERR_ADDRESS_NOT_AVAILABLE, "EADDRNOTAVAIL"],
  [ERR_NO_MEMORY, "ENOMEM"],
  [ERR_NO_ROUTE, "ENETUNREACH"],
]);

/** Makes the socket's connection. Returns an error's name, or null when the SYN is on its way. */
export function startConnect(
  world: World,
  socket: MemorySocket,
  to: Endpoint,
  mode: "plain" | "fast",
  queue: (connection: Connection) => void,
): string | null {
  const opened = world.stack.connect({
    remote: parseIpAddress(to.address),
    remotePort: to.port,
    local: world.localIp,
    localPort: socket.boundPort,
    mode,
    sink: { handleEvents: () => socket.activity++ },
    setup: (connection) => {
      socket.options.applyAll(connection, world.now());
      queue(connection);
    },
  }, world.now());
  if (typeof opened === "number") return ERRORS.get(opened) ?? "EINVAL";
  socket.connection = opened;
  socket.phase = "active";
  socket.isErrorConsumed = false;
  socket.isConnectReported = false;
  world.owners.set(opened, socket);
  return null;
}

/** connect(): one try. */
export function attemptConnect(
  world: World,
  socket: MemorySocket,
  to: Endpoint | typeof UNSPECIFIED,
  hasStarted: boolean,
): Attempt {
  if (to === UNSPECIFIED) return disconnect(world, socket);
  if (!hasStarted) {
    if (socket.phase === "listening") return failed("EISCONN");
    if (socket.phase === "active") return connectAgain(socket);
    if (mayDefer(world, socket, to)) {
      socket.phase = "deferred";
      socket.options.deferredTo = to;
      return done(0);
    }
    const wantsCookie =
      socket.options.int(S.SOL_TCP, S.TCP_FASTOPEN_CONNECT, 0) !== 0;
    const error = startConnect(
      world,
      socket,
      to,
      wantsCookie ? "fast" : "plain",
      () => {},
    );
    if (error !== null) return failed(error);
    if (socket.isNonBlocking) return failed("EINPROGRESS");
    return BLOCKED;
  }
  if (socket.isConnecting) return BLOCKED;
  socket.isConnectReported = true;
  const error = socket.takeError();
  return error === null ? done(0) : failed(error);
}

/** A second connect() tells how the first is going. */
function connectAgain(socket: MemorySocket): Result | typeof BLOCKED {
  if (socket.isConnecting) {
    return socket.isNonBlocking ? failed("EALREADY") : BLOCKED;
  }
  const error = socket.takeError();
  if (error !== null) return failed(error);
  if (socket.isConnectReported) return failed("EISCONN");
  socket.isConnectReported = true;
  return socket.isOver ? failed("ECONNABORTED") : done(0);
}

/** TCP_FASTOPEN_CONNECT with a cookie at hand: the SYN waits for the first write. */
function mayDefer(world: World, socket: MemorySocket, to: Endpoint): boolean {
  if (socket.options.int(S.SOL_TCP, S.TCP_FASTOPEN_CONNECT, 0) === 0) {
    return false;
  }
  const { config, fastOpenCache } = world.stack.tcp;
  const entry = fastOpenCache.find(world.localIp, parseIpAddress(to.address));
  return (config.fastOpen & 4) !== 0 ||
    (entry !== null && entry.cookie.length > 0);
}

/** connect(AF_UNSPEC): the connection is dropped, the socket is as new. */
function disconnect(world: World, socket: MemorySocket): Result {
  const { connection } = socket;
  if (connection !== null) {
    connection.abort(world.now());
    connection.close(world.now());
  }
  socket.connection = null;
  socket.phase = "fresh";
  socket.isReceiveShut = false;
  socket.isSendShut = false;
  return done(0);
}

/** listen(). */
export function startListening(
  world: World,
  socket: MemorySocket,
  backlog: number,
): Result {
  if (socket.phase === "listening") {
    if (socket.listener !== null) socket.listener.backlog = backlog + 1;
    return done(0);
  }
  if (socket.phase !== "fresh") return failed("EINVAL");
  // Linux lets one more wait than the number says.
  const fastOpen = fastOpenOptions(world, socket);
  const listener = world.stack.listen({
    port: socket.boundPort,
    local: world.localIp,
    backlog: backlog + 1,
    ...(fastOpen === undefined ? {} : { fastOpen }),
  });
  if (!(listener instanceof Listener)) {
    return failed(ERRORS.get(listener) ?? "EINVAL");
  }
  socket.listener = listener;
  socket.phase = "listening";
  return done(0);
}

/** accept(): one try. */
export function attemptAccept(world: World, socket: MemorySocket): Attempt {
  if (socket.listener === null) return failed("EINVAL");
  const connection = socket.listener.accept();
  if (connection === null) {
    return socket.isNonBlocking ? failed("EAGAIN") : BLOCKED;
  }
  const child = new MemorySocket(false);
  child.phase = "active";
  child.connection = connection;
  child.isConnectReported = true;
  child.options.inherit(socket.options);
  connection.sink = { handleEvents: () => child.activity++ };
  child.options.applyAll(connection, world.now());
  const fd = world.nextFd();
  world.sockets.set(fd, child);
  world.owners.set(connection, child);
  return done(fd);
}

/** shutdown(). */
export function shutDown(
  world: World,
  socket: MemorySocket,
  how: number,
): Result {
  if (socket.phase === "listening") {
    throw new NotApplicable("shutdown() of a listener");
  }
  const { connection } = socket;
  if (connection === null || socket.isOver) return failed("ENOTCONN");
  socket.activity++;
  if (how === S.SHUT_RD || how === S.SHUT_RDWR) socket.isReceiveShut = true;
  if (how === S.SHUT_WR || how === S.SHUT_RDWR) {
    socket.isSendShut = true;
    connection.shutdownSend(world.now());
  }
  return done(0);
}

/** close(). */
export function closeSocket(world: World, socket: MemorySocket): Result {
  const now = world.now();
  if (socket.listener !== null) world.stack.closeListener(socket.listener, now);
  const { connection } = socket;
  if (connection === null) return done(0);
  if (socket.options.linger === 0) connection.abort(now);
  connection.close(now);
  return done(0);
}
