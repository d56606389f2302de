/**
 * From the name of an interface to a capture that delivers at once.
 *
 * Immediate mode, because a TCP that hears of a segment when a buffer is full
 * measures the buffer; non-blocking, because the loop never blocks; incoming
 * only, because what we inject must not come back as if received.
 *
 * @module
 */
import {
  EINVAL,
  EIO,
  ENETDOWN,
  ENODEV,
  EOPNOTSUPP,
  EPERM,
} from "./errno_names.ts";
import { cString } from "./libc.ts";
import { listPcapInterfaces } from "./pcap_devices.ts";
import type { PcapLibrary } from "./pcap_library.ts";
import {
  PCAP_ERRBUF_LENGTH,
  pcapLibrary,
  readCString,
} from "./pcap_library.ts";
import { SystemError } from "./system_error.ts";

/** Whole packets, as merged by the interface's receive offload. */
const SNAP_LENGTH = 65_535 + 14;
const BUFFER_LENGTH = 4 * 1_048_576;
const PCAP_D_IN = 1;
const PCAP_ERROR_NO_SUCH_DEVICE = -5;
const PCAP_ERROR_PERM_DENIED = -8;
const PCAP_ERROR_IFACE_NOT_UP = -9;
const PCAP_ERROR_PROMISC_PERM_DENIED = -11;
const PCAP_NETMASK_UNKNOWN = 0xffff_ffff;
/** `struct bpf_program`: a count and a pointer. */
const BPF_PROGRAM_LENGTH = 16;

/** What to open. */
export interface PcapRequest {
  /** Name of the interface. */
  readonly name: string;
  /** Filter in the language of pcap-filter(7); empty takes everything. */
  readonly filter: string;
  /** Whether to take frames addressed to others. */
  readonly mode: "promiscuous" | "addressed";
}

/**
 * Opens and activates a capture.
 *
 * @throws {SystemError} with libpcap's words and what to do; nothing is left open
 */
export function openPcap(request: PcapRequest): Deno.PointerObject {
  const library = pcapLibrary();
  const error = new Uint8Array(PCAP_ERRBUF_LENGTH);
  const handle = library.pcap_create(cString(request.name), error);
  if (handle === null) {
    throw new SystemError(
      `capture on ${request.name}`,
      "pcap_create",
      ENODEV,
      readCString(error),
    );
  }
  try {
    activate(library, handle, request);
    if (library.pcap_setnonblock(handle, 1, error) < 0) {
      throw failure(library, handle, request, "pcap_setnonblock", EIO);
    }
    if (library.pcap_setdirection(handle, PCAP_D_IN) < 0) {
      throw failure(library, handle, request, "pcap_setdirection", EOPNOTSUPP);
    }
    if (request.filter !== "") setFilter(library, handle, request);
    return handle;
  } catch (cause) {
    library.pcap_close(handle);
    throw cause;
  }
}

function activate(
  library: PcapLibrary,
  handle: Deno.PointerObject,
  request: PcapRequest,
): void {
  library.pcap_set_snaplen(handle, SNAP_LENGTH);
  library.pcap_set_promisc(handle, request.mode === "promiscuous" ? 1 : 0);
  library.pcap_set_immediate_mode(handle, 1);
  library.pcap_set_buffer_size(handle, BUFFER_LENGTH);
  const status = library.pcap_activate(handle);
  if (status >= 0) return; // above 0: it works, with a warning
  const action = `capture on ${request.name}`;
  switch (status) {
    case PCAP_ERROR_NO_SUCH_DEVICE:
      throw new SystemError(
        action,
        "pcap_activate",
        ENODEV,
        `choose one of ${interfaceNames()}`,
      );
    case PCAP_ERROR_PERM_DENIED:
    case PCAP_ERROR_PROMISC_PERM_DENIED:
      throw new SystemError(
        action,
        "pcap_activate",
        EPERM,
        "run as root, or give deno CAP_NET_RAW",
      );
    case PCAP_ERROR_IFACE_NOT_UP:
      throw new SystemError(
        action,
        "pcap_activate",
        ENETDOWN,
        `bring it up: \`ip link set ${request.name} up\``,
      );
    default:
      throw failure(library, handle, request, "pcap_activate", EIO);
  }
}

function setFilter(
  library: PcapLibrary,
  handle: Deno.PointerObject,
  request: PcapRequest,
): void {
  const program = new Uint8Array(new ArrayBuffer(BPF_PROGRAM_LENGTH));
  const compiled = library.pcap_compile(
    handle,
    program,
    cString(request.filter),
    1,
    PCAP_NETMASK_UNKNOWN,
  );
  if (compiled < 0) {
    throw new SystemError(
      `compile the filter "${request.filter}"`,
      "pcap_compile",
      EINVAL,
      `${lastError(library, handle)}; see man 7 pcap-filter`,
    );
  }
  const status = library.pcap_setfilter(handle, program);
  library.pcap_freecode(program);
  if (status < 0) {
    throw failure(library, handle, request, "pcap_setfilter", EIO);
  }
}

function failure(
  library: PcapLibrary,
  handle: Deno.PointerObject,
  request: PcapRequest,
  call: string,
  code: number,
): SystemError {
  return new SystemError(
    `capture on ${request.name}`,
    call,
    code,
    lastError(library, handle),
  );
}

function lastError(library: PcapLibrary, handle: Deno.PointerObject): string {
  const text = library.pcap_geterr(handle);
  return text === null ? "" : Deno.UnsafePointerView.getCString(text);
}

function interfaceNames(): string {
  return listPcapInterfaces().map(({ name }) => name).join(", ");
}
