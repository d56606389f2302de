/**
 * Requests into the C structures of Linux, and their results out of them.
 *
 * Each call gets one piece of native memory, laid out by a small allocator;
 * it stays until the call has returned. 64-bit little-endian layouts.
 *
 * @module
 */
import { parseIpAddress } from "../../../engine/wire/ip_address.ts";
import type {
  CallOutcome,
  CallRequest,
  ControlMessage,
  Endpoint,
  ReceiveRequest,
  SendRequest,
} from "../run/executor.ts";
import { UNSPECIFIED } from "../run/executor.ts";
import type { Returned } from "./call_thread.ts";
import {
  type CallName,
  NativeMemory,
  type SocketLibrary,
} from "./libc_calls.ts";

const AF_INET = 2;
const SOCKADDR_ROOM = 128;
const CONTROL_ROOM = 1_024;
const IOVEC_LENGTH = 16;
const MSGHDR_LENGTH = 56;
const POLLFD_LENGTH = 8;
/** `struct epoll_event` is packed on x86-64 only. */
const EPOLL_EVENT_LENGTH = Deno.build.arch === "x86_64" ? 12 : 16;
const EPOLL_DATA_OFFSET = Deno.build.arch === "x86_64" ? 4 : 8;
const MAX_INT = 0xffffffff;

/** A call ready to be made. */
export interface Marshalled {
  /** Which function. */
  readonly name: CallName;
  /** Its arguments. */
  readonly args: readonly number[];
  /** Reads the outcome out of the memory. */
  readonly finish: (returned: Returned) => CallOutcome;
  /** Frees the memory. */
  readonly free: () => void;
}

/** Turns requests into calls, for sockets of one domain. */
export class Marshaller {
  readonly #library: SocketLibrary;
  readonly #domain: number;

  /** `domain` is AF_INET or AF_INET6, the family of every address passed. */
  constructor(library: SocketLibrary, domain: number) {
    this.#library = library;
    this.#domain = domain;
  }

  /** Lays out the request. */
  marshal(request: CallRequest): Marshalled {
    const layout = new Layout(this.#library, sizeOf(request));
    const plain = (name: CallName, args: readonly number[]): Marshalled => ({
      name,
      args: args.map(toWord),
      finish: (returned) => ({ ...returned }),
      free: () => layout.memory.free(),
    });
    switch (request.op) {
      case "socket":
        return plain("socket", [
          request.domain,
          request.type,
          request.protocol,
        ]);
      case "bind":
      case "connect":
        return plain(request.op, [
          request.fd,
          ...this.#address(layout, request.to),
        ]);
      case "listen":
        return plain("listen", [request.fd, request.backlog]);
      case "accept":
        return plain("accept", [request.fd, 0, 0]);
      case "close":
        return plain("close", [request.fd]);
      case "shutdown":
        return plain("shutdown", [request.fd, request.how]);
      case "send":
        return plain(request.via, this.#sendArguments(layout, request));
      case "receive":
        return this.#receive(layout, request, plain);
      case "fcntl":
        return plain("fcntl", [request.fd, request.command, request.argument]);
      case "ioctl": {
        const at = layout.take(8);
        const base = plain("ioctl", [
          request.fd,
          request.request,
          layout.addressOf(at),
        ]);
        return {
          ...base,
          finish: (returned) => ({
            ...returned,
            number: layout.view.getInt32(at, true),
          }),
        };
      }
      default:
        return marshalOther(layout, request, plain);
    }
  }

  #address(
    layout: Layout,
    to: Endpoint | typeof UNSPECIFIED,
  ): [number, number] {
    const at = layout.take(SOCKADDR_ROOM);
    const { view } = layout;
    if (to === UNSPECIFIED) return [layout.addressOf(at), 16];
    view.setUint16(at, this.#domain, true);
    view.setUint16(at + 2, to.port);
    const address = parseIpAddress(to.address);
    if (this.#domain === AF_INET) {
      view.setInt32(at + 4, address.w3);
      return [layout.addressOf(at), 16];
    }
    // Family AF_INET6: an IPv4 address is passed in its mapped form, which is how it is held.
    [address.w0, address.w1, address.w2, address.w3].forEach((word, i) =>
      view.setInt32(at + 8 + 4 * i, word)
    );
    return [layout.addressOf(at), 28];
  }

  #sendArguments(layout: Layout, request: SendRequest): number[] {
    const buffers = request.lengths.map((length) => layout.take(length));
    layout.memory.bytes.set(
      request.bytes.subarray(0, request.lengths[0]),
      buffers[0],
    );
    const buffer = request.isNull ? 0 : layout.addressOf(buffers[0]);
    switch (request.via) {
      case "write":
        return [request.fd, buffer, request.lengths[0]];
      case "send":
        return [request.fd, buffer, request.lengths[0], request.flags];
      case "sendto": {
        const [address, length] = request.to === null
          ? [0, 0]
          : this.#address(layout, request.to);
        return [
          request.fd,
          buffer,
          request.lengths[0],
          request.flags,
          address,
          length,
        ];
      }
      case "writev":
        return [
          request.fd,
          layout.iovecs(buffers, request.lengths),
          buffers.length,
        ];
      case "sendmsg": {
        const [address, length] = request.to === null
          ? [0, 0]
          : this.#address(layout, request.to);
        const header = layout.messageHeader(
          layout.iovecs(buffers, request.lengths),
          buffers.length,
          0,
        );
        layout.setPointer(header, address);
        layout.view.setUint32(header + 8, length, true);
        return [request.fd, layout.addressOf(header), request.flags];
      }
    }
  }

  #receive(
    layout: Layout,
    request: ReceiveRequest,
    plain: (name: CallName, args: readonly number[]) => Marshalled,
  ): Marshalled {
    const buffers = request.lengths.map((length) => layout.take(length));
    const buffer = request.isNull ? 0 : layout.addressOf(buffers[0]);
    const [length] = request.lengths;
    if (request.via === "read") {
      return plain("read", [request.fd, buffer, length]);
    }
    if (request.via === "recv") {
      return plain("recv", [request.fd, buffer, length, request.flags]);
    }
    if (request.via === "recvfrom") {
      return plain("recvfrom", [
        request.fd,
        buffer,
        length,
        request.flags,
        0,
        0,
      ]);
    }
    const vector = layout.iovecs(buffers, request.lengths);
    if (request.via === "readv") {
      return plain("readv", [request.fd, vector, buffers.length]);
    }
    const header = layout.messageHeader(vector, buffers.length, CONTROL_ROOM);
    const base = plain("recvmsg", [
      request.fd,
      layout.addressOf(header),
      request.flags,
    ]);
    return {
      ...base,
      finish: (returned) => ({
        ...returned,
        messageFlags: layout.view.getUint32(header + 48, true),
        control: layout.controlMessages(header),
      }),
    };
  }
}

function marshalOther(
  layout: Layout,
  request: CallRequest,
  plain: (name: CallName, args: readonly number[]) => Marshalled,
): Marshalled {
  switch (request.op) {
    case "setsockopt": {
      const at = layout.take(Math.max(request.value.length, request.length, 1));
      layout.memory.bytes.set(request.value, at);
      return plain("setsockopt", [
        request.fd,
        request.level,
        request.name,
        layout.addressOf(at),
        request.length,
      ]);
    }
    case "getsockopt": {
      const at = layout.take(Math.max(request.capacity, 1));
      const lengthAt = layout.take(4);
      layout.view.setUint32(lengthAt, request.capacity, true);
      const args = [
        request.fd,
        request.level,
        request.name,
        layout.addressOf(at),
        layout.addressOf(lengthAt),
      ];
      const value = () =>
        layout.memory.bytes.slice(
          at,
          at + layout.view.getUint32(lengthAt, true),
        );
      return {
        ...plain("getsockopt", args),
        finish: (returned) => ({ ...returned, value: value() }),
      };
    }
    case "poll": {
      const at = layout.take(POLLFD_LENGTH * request.entries.length);
      request.entries.forEach(({ fd, events }, i) => {
        layout.view.setInt32(at + POLLFD_LENGTH * i, fd, true);
        layout.view.setUint16(at + POLLFD_LENGTH * i + 4, events, true);
      });
      const revents = () =>
        request.entries.map((_, i) =>
          layout.view.getUint16(at + POLLFD_LENGTH * i + 6, true)
        );
      const base = plain("poll", [
        layout.addressOf(at),
        request.entries.length,
        request.timeoutMs,
      ]);
      return {
        ...base,
        finish: (returned) => ({ ...returned, revents: revents() }),
      };
    }
    case "epoll_create":
      return plain("epoll_create", [1]);
    case "epoll_ctl": {
      const at = layout.take(EPOLL_EVENT_LENGTH);
      layout.view.setUint32(at, request.events, true);
      layout.view.setUint32(at + EPOLL_DATA_OFFSET, request.data, true);
      return plain("epoll_ctl", [
        request.fd,
        request.operation,
        request.target,
        layout.addressOf(at),
      ]);
    }
    case "epoll_wait": {
      const at = layout.take(EPOLL_EVENT_LENGTH * request.capacity);
      const base = plain("epoll_wait", [
        request.fd,
        layout.addressOf(at),
        request.capacity,
        request.timeoutMs,
      ]);
      return {
        ...base,
        finish: (returned) => ({
          ...returned,
          ready: layout.epollEvents(at, returned.result),
        }),
      };
    }
    default:
      throw new TypeError(`Cannot marshal ${request.op}`);
  }
}

/** An int or a length as a machine word: the low half carries a negative int. */
function toWord(value: number): number {
  return value < 0 ? value + MAX_INT + 1 : value;
}

function sizeOf(request: CallRequest): number {
  const fixed = 4 * SOCKADDR_ROOM + CONTROL_ROOM + MSGHDR_LENGTH + 256;
  switch (request.op) {
    case "send":
    case "receive":
      return fixed +
        request.lengths.reduce(
          (sum, length) => sum + length + IOVEC_LENGTH + 8,
          0,
        );
    case "setsockopt":
      return fixed + request.value.length + request.length;
    case "getsockopt":
      return fixed + request.capacity;
    case "poll":
      return fixed + POLLFD_LENGTH * request.entries.length;
    case "epoll_wait":
      return fixed + EPOLL_EVENT_LENGTH * request.capacity;
    default:
      return fixed;
  }
}

/** Places structures one after another in one piece of memory. */
class Layout {
  readonly memory: NativeMemory;
  readonly view: DataView;
  #used = 0;

  constructor(library: SocketLibrary, length: number) {
    this.memory = new NativeMemory(library, length);
    this.view = this.memory.view;
  }

  take(length: number): number {
    const at = this.#used;
    this.#used = at + length + 7 & ~7;
    return at;
  }

  addressOf(at: number): number {
    return this.memory.address + at;
  }

  setPointer(at: number, address: number): void {
    this.view.setBigUint64(at, BigInt(address), true);
  }

  iovecs(buffers: readonly number[], lengths: readonly number[]): number {
    const at = this.take(IOVEC_LENGTH * buffers.length);
    buffers.forEach((buffer, i) => {
      this.setPointer(at + IOVEC_LENGTH * i, this.addressOf(buffer));
      this.setPointer(at + IOVEC_LENGTH * i + 8, lengths[i]);
    });
    return this.addressOf(at);
  }

  messageHeader(vector: number, count: number, controlRoom: number): number {
    const at = this.take(MSGHDR_LENGTH);
    this.setPointer(at + 16, vector);
    this.setPointer(at + 24, count);
    if (controlRoom > 0) {
      this.setPointer(at + 32, this.addressOf(this.take(controlRoom)));
      this.setPointer(at + 40, controlRoom);
    }
    return at;
  }

  controlMessages(header: number): ControlMessage[] {
    const start = Number(this.view.getBigUint64(header + 32, true)) -
      this.memory.address;
    const end = start + Number(this.view.getBigUint64(header + 40, true));
    const messages: ControlMessage[] = [];
    for (let at = start; at + 16 <= end;) {
      const length = Number(this.view.getBigUint64(at, true));
      if (length < 16) break;
      messages.push({
        level: this.view.getInt32(at + 8, true),
        type: this.view.getInt32(at + 12, true),
        data: this.memory.bytes.slice(at + 16, at + length),
      });
      at += length + 7 & ~7;
    }
    return messages;
  }

  epollEvents(at: number, count: number): { events: number; data: number }[] {
    return Array.from({ length: Math.max(count, 0) }, (_, i) => ({
      events: this.view.getUint32(at + EPOLL_EVENT_LENGTH * i, true),
      data: this.view.getUint32(
        at + EPOLL_EVENT_LENGTH * i + EPOLL_DATA_OFFSET,
        true,
      ),
    }));
  }
}
