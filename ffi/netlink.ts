/**
 * One question to the kernel's network configuration, and its answer.
 *
 * rtnetlink (man 7 rtnetlink) is what `ip` itself speaks. A socket is opened
 * for each exchange in the network namespace the thread is in, asked for an
 * acknowledgement, and closed: configuration is rare, and a socket that
 * outlives a change of namespace would configure the wrong one.
 *
 * The kernel explains a refusal in words when asked to (NETLINK_EXT_ACK);
 * those words end up in the error.
 *
 * @module
 */
import { errno, prepareErrno } from "./errno.ts";
import { EACCES, EEXIST, EINTR, ENODEV, EPERM } from "./errno_names.ts";
import { libc } from "./libc.ts";
import type { NetlinkMessage } from "./netlink_message.ts";
import { findAttribute, NETLINK_HEADER_LENGTH } from "./netlink_message.ts";
import { SystemError } from "./system_error.ts";

const AF_NETLINK = 16;
const SOCK_RAW = 3;
const SOCK_CLOEXEC = 0o2000000;
const NETLINK_ROUTE = 0;
const SOL_NETLINK = 270;
const NETLINK_CAP_ACK = 10;
const NETLINK_EXT_ACK = 11;
const NLMSG_ERROR = 2;
const NLM_F_ACK_TLVS = 0x200;
const NLMSGERR_ATTR_MSG = 1;
/** The error number and the header of the message it answers. */
const ACK_FIXED_LENGTH = 4 + NETLINK_HEADER_LENGTH;
const ANSWER_CAPACITY = 32_768;

/** What went wrong with an exchange, in the user's terms. */
export interface NetlinkPurpose {
  /** Completes "Cannot …": `set the MTU of tap0`. */
  readonly action: string;
  /** The message's name: `RTM_NEWLINK`. */
  readonly call: string;
  /** What to do, by error number; asked only on failure. {@linkcode commonRemedy} when absent. */
  readonly remedy?: (errno: number) => string;
}

/**
 * Sends `message` and returns the kernel's one answer to it: data, or an
 * acknowledgement, which says nothing more.
 *
 * A message must ask for one of the two: data with a request type, an
 * acknowledgement with NLM_F_ACK; not for both, nor for a dump.
 *
 * @throws {SystemError} when the kernel refuses
 */
export function exchange(
  message: NetlinkMessage,
  purpose: NetlinkPurpose,
): Uint8Array {
  const fd = openSocket();
  try {
    const request = message.finish(1);
    const { send, recv } = libc();
    if (send(fd, request, request.length, 0) < 0) {
      throw new SystemError(purpose.action, "send", errno());
    }
    const answer = new Uint8Array(ANSWER_CAPACITY);
    let length: number;
    do {
      length = recv(fd, answer, answer.length, 0);
    } while (length < 0 && errno() === EINTR);
    if (length < 0) throw new SystemError(purpose.action, "recv", errno());
    return checkAnswer(answer.subarray(0, length), purpose);
  } finally {
    libc().close(fd);
  }
}

/** What to do about the refusals every verb can meet; empty when nothing can be said. */
export function commonRemedy(code: number): string {
  switch (code) {
    case EPERM:
    case EACCES:
      return "run as root, or under `unshare -Urn`";
    case EEXIST:
      return "it exists already; choose another or delete it first";
    case ENODEV:
      return "there is no such interface in this network namespace";
    default:
      return "";
  }
}

function openSocket(): number {
  const { socket, setsockopt } = libc();
  prepareErrno();
  const fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
  if (fd < 0) {
    throw new SystemError("open a netlink socket", "socket", errno());
  }
  // Both only make refusals easier to read: a kernel that lacks them is no worse off.
  const one = new Uint8Array([1, 0, 0, 0]);
  setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, one, 4);
  setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, one, 4);
  return fd;
}

function checkAnswer(bytes: Uint8Array, purpose: NetlinkPurpose): Uint8Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint16(4, true) !== NLMSG_ERROR) return bytes;
  const code = -view.getInt32(NETLINK_HEADER_LENGTH, true);
  if (code === 0) return bytes;
  throw refusal(bytes, view.getUint16(6, true), code, purpose);
}

function refusal(
  message: Uint8Array,
  flags: number,
  code: number,
  purpose: NetlinkPurpose,
): SystemError {
  const words = (flags & NLM_F_ACK_TLVS) === 0 ? null : findAttribute(
    message,
    NETLINK_HEADER_LENGTH + ACK_FIXED_LENGTH,
    message.length,
    NLMSGERR_ATTR_MSG,
  );
  const explanation = words === null
    ? ""
    : new TextDecoder().decode(words).replace(/[\0.]+$/, "");
  const remedy = (purpose.remedy ?? commonRemedy)(code);
  const advice = [explanation, remedy].filter((text) => text !== "").join("; ");
  return new SystemError(purpose.action, purpose.call, code, advice);
}
