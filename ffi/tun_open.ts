/**
 * From /dev/net/tun to a descriptor that carries frames.
 *
 * Three steps (Documentation/networking/tuntap.rst of the kernel): open the
 * control device, attach it to an interface by TUNSETIFF, say which offloads
 * the reader understands by TUNSETOFFLOAD. Each has its own ways to fail and
 * its own advice.
 *
 * @module
 */
import { errno, prepareErrno } from "./errno.ts";
import {
  EACCES,
  EBUSY,
  EINVAL,
  ENODEV,
  ENOENT,
  ENXIO,
  EPERM,
} from "./errno_names.ts";
import { cString, libc } from "./libc.ts";
import { IFNAMSIZ } from "./link_name.ts";
import { SystemError } from "./system_error.ts";

const CONTROL_DEVICE = "/dev/net/tun";
const O_RDWR = 2;
const O_NONBLOCK = 0o4000;
const O_CLOEXEC = 0o2000000;

const TUNSETIFF = 0x4004_54ca;
const TUNSETOFFLOAD = 0x4004_54d0;
/** `struct ifreq`. */
const IFREQ_LENGTH = 40;
const IFF_TUN = 0x0001;
const IFF_TAP = 0x0002;
const IFF_NO_PI = 0x1000;
const IFF_VNET_HDR = 0x4000;
const TUN_F_CSUM = 0x01;
const TUN_F_TSO4 = 0x02;
const TUN_F_TSO6 = 0x04;

const NEEDS_ROOT = "run as root, or under `unshare -Urn`";

/** What to attach to. */
export interface TunRequest {
  /** Ethernet frames or bare IP packets. */
  readonly medium: "tap" | "tun";
  /** Name of the interface; empty lets the kernel choose. */
  readonly name: string;
  /** Whether the kernel may leave checksums and segmentation to us. */
  readonly offload: "full" | "none";
}

/** An attached descriptor. */
export interface Tun {
  /** Non-blocking; each frame is preceded by a virtio header. */
  readonly fd: number;
  /** The interface's name. */
  readonly name: string;
}

/**
 * Opens the control device and attaches it.
 *
 * @throws {SystemError} with what to do about it; nothing is left open
 */
export function openTun(request: TunRequest): Tun {
  prepareErrno();
  const fd = libc().open(
    cString(CONTROL_DEVICE),
    O_RDWR | O_NONBLOCK | O_CLOEXEC,
    0,
  );
  if (fd < 0) {
    const code = errno();
    throw new SystemError(
      `open ${CONTROL_DEVICE}`,
      "open",
      code,
      controlRemedy(code),
    );
  }
  try {
    const name = attach(fd, request);
    setOffload(fd, name, request.offload);
    return { fd, name };
  } catch (error) {
    libc().close(fd);
    throw error;
  }
}

function attach(fd: number, request: TunRequest): string {
  const ifreq = new Uint8Array(IFREQ_LENGTH);
  ifreq.set(new TextEncoder().encode(request.name));
  const kind = request.medium === "tap" ? IFF_TAP : IFF_TUN;
  new DataView(ifreq.buffer).setUint16(
    IFNAMSIZ,
    kind | IFF_NO_PI | IFF_VNET_HDR,
    true,
  );
  if (libc().ioctl(fd, TUNSETIFF, ifreq) < 0) {
    const code = errno();
    const what = request.name === "" ? "" : ` ${request.name}`;
    throw new SystemError(
      `attach to ${request.medium.toUpperCase()} interface${what}`,
      "TUNSETIFF",
      code,
      attachRemedy(code, request),
    );
  }
  return new TextDecoder().decode(ifreq.subarray(0, ifreq.indexOf(0)));
}

function setOffload(fd: number, name: string, offload: "full" | "none"): void {
  const bits = offload === "full" ? TUN_F_CSUM | TUN_F_TSO4 | TUN_F_TSO6 : 0;
  if (libc().ioctlValue(fd, TUNSETOFFLOAD, bits) < 0) {
    throw new SystemError(
      `set offload on ${name}`,
      "TUNSETOFFLOAD",
      errno(),
      'open it with offload: "none"',
    );
  }
}

function controlRemedy(code: number): string {
  switch (code) {
    case ENOENT:
      return "load the module (`modprobe tun`); in a container pass `--device /dev/net/tun`";
    case ENODEV:
    case ENXIO:
      return "the kernel has no TUN driver: `modprobe tun`";
    case EPERM:
    case EACCES:
      return NEEDS_ROOT;
    default:
      return "";
  }
}

function attachRemedy(code: number, request: TunRequest): string {
  switch (code) {
    case EBUSY:
      return "another process holds that interface: choose another name";
    case EINVAL:
      return `an interface of another kind, or made with other flags, has that name: choose another than "${request.name}"`;
    case EPERM:
    case EACCES:
      return NEEDS_ROOT;
    default:
      return "";
  }
}
