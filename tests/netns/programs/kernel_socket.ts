/**
 * TCP sockets of the kernel by plain system calls, blocking, on this thread.
 *
 * The peers in the network tests must not be what is measured. `Deno.TcpConn`
 * moves a chunk through an asynchronous operation each, which holds a sink to
 * a fraction of what the kernel delivers; `recv` into a 256 KiB buffer by FFI
 * keeps up with iperf3. Each of these programs serves one connection at a time
 * and has nothing else to do, so to block is right.
 *
 * Nothing here is shared with the project's own `ffi/`: were it, one defect
 * could sit on both sides of a test and cancel out.
 *
 * @module
 */

const LIBC_SYMBOLS = {
  // int socket(int domain, int type, int protocol)
  socket: { parameters: ["i32", "i32", "i32"], result: "i32" },
  // int setsockopt(int fd, int level, int name, const void *value, socklen_t length)
  setsockopt: {
    parameters: ["i32", "i32", "i32", "buffer", "u32"],
    result: "i32",
  },
  // int bind(int fd, const struct sockaddr *address, socklen_t length)
  bind: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int listen(int fd, int backlog)
  listen: { parameters: ["i32", "i32"], result: "i32" },
  // int accept(int fd, struct sockaddr *address, socklen_t *length)
  accept: { parameters: ["i32", "usize", "usize"], result: "i32" },
  // int connect(int fd, const struct sockaddr *address, socklen_t length)
  connect: { parameters: ["i32", "buffer", "u32"], result: "i32" },
  // int getsockname(int fd, struct sockaddr *address, socklen_t *length)
  getsockname: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  // ssize_t recv(int fd, void *buffer, size_t length, int flags)
  recv: { parameters: ["i32", "usize", "usize", "i32"], result: "i32" },
  // ssize_t send(int fd, const void *buffer, size_t length, int flags)
  send: { parameters: ["i32", "usize", "usize", "i32"], result: "i32" },
  // int shutdown(int fd, int how)
  shutdown: { parameters: ["i32", "i32"], result: "i32" },
  // int close(int fd)
  close: { parameters: ["i32"], result: "i32" },
  // int inet_pton(int family, const char *text, void *address)
  inet_pton: { parameters: ["i32", "buffer", "buffer"], result: "i32" },
  // unsigned int if_nametoindex(const char *name)
  if_nametoindex: { parameters: ["buffer"], result: "u32" },
  // int *__errno_location(void)
  __errno_location: { parameters: [], result: "pointer" },
} as const satisfies Deno.ForeignLibraryInterface;

const libc = Deno.dlopen("libc.so.6", LIBC_SYMBOLS).symbols;

const AF_INET = 2;
const AF_INET6 = 10;
const AF_PACKET = 17;
const SOCK_STREAM = 1;
const SOCK_RAW = 3;
const SOL_SOCKET = 1;
const SO_REUSEADDR = 2;
const SO_RCVBUF = 8;
const SO_LINGER = 13;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const TCP_CONGESTION = 13;
const TCP_FASTOPEN_CONNECT = 30;
const SOL_PACKET = 263;
const PACKET_QDISC_BYPASS = 20;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const SHUT_WR = 1;
const EINTR = 4;

const ERROR_NAMES: Readonly<Record<number, string>> = {
  13: "EACCES",
  22: "EINVAL",
  32: "EPIPE",
  98: "EADDRINUSE",
  99: "EADDRNOTAVAIL",
  101: "ENETUNREACH",
  104: "ECONNRESET",
  110: "ETIMEDOUT",
  111: "ECONNREFUSED",
  113: "EHOSTUNREACH",
};

/** A system call that failed; `message` is the call, a colon, a space and the error's name. */
export class SocketError extends Error {
  /** The error's name, `ECONNREFUSED` for one, or `errno N` where it is not a usual one. */
  readonly code: string;

  /** Says that `call` failed with `code`. */
  constructor(call: string, code: string) {
    super(`${call}: ${code}`);
    this.name = "SocketError";
    this.code = code;
  }
}

/** Listens on every address of both families and returns the descriptor. `port` 0 takes a free one. */
export function listenOn(port: number): number {
  const fd = check("socket", libc.socket(AF_INET6, SOCK_STREAM, 0));
  setOption(fd, SOL_SOCKET, SO_REUSEADDR, new Int32Array([1]));
  const address = sockaddr("::", port);
  check("bind", libc.bind(fd, address, address.length));
  check("listen", libc.listen(fd, 128));
  return fd;
}

/** The local port that `fd` is bound to. */
export function localPort(fd: number): number {
  const address = new Uint8Array(28);
  const length = new Uint32Array([address.length]);
  check("getsockname", libc.getsockname(fd, address, length));
  return address[2] << 8 | address[3];
}

/** Waits for the next connection and returns its descriptor. */
export function acceptFrom(listener: number): number {
  while (true) {
    const fd = libc.accept(listener, usize(0), usize(0));
    if (fd >= 0 || errno() !== EINTR) return check("accept", fd);
  }
}

/** Connects to a literal address of either family and returns the descriptor; `prepare` sees it before. */
export function connectTo(
  hostname: string,
  port: number,
  prepare: (fd: number) => void = () => {},
): number {
  return open(hostname, port, prepare);
}

/**
 * Connects by Fast Open: the SYN leaves with the first send and carries its data once a cookie is held.
 *
 * RFC 7413 §4.2; needs bit 1 of `net.ipv4.tcp_fastopen`.
 */
export function connectFastOpen(hostname: string, port: number): number {
  return open(hostname, port, (fd) => {
    setOption(fd, IPPROTO_TCP, TCP_FASTOPEN_CONNECT, new Int32Array([1]));
  });
}

/** Chooses the kernel's congestion control for what `fd` sends: `cubic`, `reno`, `bbr`. */
export function setCongestionControl(fd: number, name: string): void {
  setOption(fd, IPPROTO_TCP, TCP_CONGESTION, new TextEncoder().encode(name));
}

/** Sends small writes at once (TCP_NODELAY). */
export function setNoDelay(fd: number): void {
  setOption(fd, IPPROTO_TCP, TCP_NODELAY, new Int32Array([1]));
}

/** Bounds what waits to be read, and with it the window; the kernel doubles the figure. Before connecting or listening. */
export function setReceiveBuffer(fd: number, length: number): void {
  setOption(fd, SOL_SOCKET, SO_RCVBUF, new Int32Array([length]));
}

/** Fills `[0, length)` of the memory at `address` with what has arrived; 0 at the end of the stream. */
export function receive(fd: number, address: number, length: number): number {
  while (true) {
    const n = libc.recv(fd, usize(address), usize(length), 0);
    if (n >= 0 || errno() !== EINTR) return check("recv", n);
  }
}

/** Sends from the memory at `address` and returns how many bytes the kernel took, at least one. */
export function send(fd: number, address: number, length: number): number {
  while (true) {
    const n = libc.send(fd, usize(address), usize(length), MSG_NOSIGNAL);
    if (n >= 0 || errno() !== EINTR) return check("send", n);
  }
}

/** A socket whose sends are whole Ethernet frames on the interface, past its queues. Needs CAP_NET_RAW. */
export function openPacketSocket(interfaceName: string): number {
  const fd = check("socket", libc.socket(AF_PACKET, SOCK_RAW, 0));
  setOption(fd, SOL_PACKET, PACKET_QDISC_BYPASS, new Int32Array([1]));
  // struct sockaddr_ll: family, protocol, interface index, zeros.
  const address = new Uint8Array(20);
  const view = new DataView(address.buffer);
  const name = new TextEncoder().encode(interfaceName + "\0");
  view.setUint16(0, AF_PACKET, true);
  view.setInt32(4, libc.if_nametoindex(name), true);
  check("bind", libc.bind(fd, address, address.length));
  return fd;
}

/** As {@linkcode send}, but tells whether the kernel took it instead of waiting or failing. */
export function trySend(fd: number, address: number, length: number): boolean {
  const flags = MSG_NOSIGNAL | MSG_DONTWAIT;
  return libc.send(fd, usize(address), usize(length), flags) === length;
}

/** Says that nothing more will be sent; the other direction stays open. */
export function shutdownSend(fd: number): void {
  check("shutdown", libc.shutdown(fd, SHUT_WR));
}

/** Closes the descriptor. */
export function close(fd: number): void {
  libc.close(fd);
}

/** Closes the descriptor and resets the connection. */
export function reset(fd: number): void {
  setOption(fd, SOL_SOCKET, SO_LINGER, new Int32Array([1, 0]));
  libc.close(fd);
}

/** The address of a buffer's first byte. The caller keeps the buffer alive while the kernel uses it. */
export function addressOf(buffer: Uint8Array<ArrayBuffer>): number {
  return Number(Deno.UnsafePointer.value(Deno.UnsafePointer.of(buffer)));
}

function open(
  hostname: string,
  port: number,
  prepare: (fd: number) => void,
): number {
  const address = sockaddr(hostname, port);
  const family = hostname.includes(":") ? AF_INET6 : AF_INET;
  const fd = check("socket", libc.socket(family, SOCK_STREAM, 0));
  prepare(fd);
  check("connect", libc.connect(fd, address, address.length));
  return fd;
}

function setOption(
  fd: number,
  level: number,
  name: number,
  value: Int32Array<ArrayBuffer> | Uint8Array<ArrayBuffer>,
): void {
  const result = libc.setsockopt(fd, level, name, value, value.byteLength);
  check("setsockopt", result);
}

/** `struct sockaddr_in` or `sockaddr_in6`: family in host order, port and address in network order. */
function sockaddr(hostname: string, port: number): Uint8Array<ArrayBuffer> {
  const six = hostname.includes(":");
  const bytes = new Uint8Array(six ? 28 : 16);
  const view = new DataView(bytes.buffer);
  view.setUint16(0, six ? AF_INET6 : AF_INET, true);
  view.setUint16(2, port);
  const text = new TextEncoder().encode(hostname + "\0");
  const address = bytes.subarray(six ? 8 : 4);
  if (libc.inet_pton(six ? AF_INET6 : AF_INET, text, address) !== 1) {
    throw new TypeError(
      `Cannot use address: it must be a literal IPv4 or IPv6 address, got ${hostname}`,
    );
  }
  return bytes;
}

/** Deno's types ask for a bigint, its calls take a number as well, and a number costs no allocation. */
function usize(value: number): bigint {
  return value as unknown as bigint;
}

function check(call: string, result: number): number {
  if (result >= 0) return result;
  const number = errno();
  throw new SocketError(call, ERROR_NAMES[number] ?? `errno ${number}`);
}

function errno(): number {
  const location = libc.__errno_location();
  return new Deno.UnsafePointerView(location!).getInt32();
}
