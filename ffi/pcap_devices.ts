/**
 * The interfaces libpcap can capture on.
 *
 * @module
 */
import { EPERM } from "./errno_names.ts";
import {
  PCAP_ERRBUF_LENGTH,
  pcapLibrary,
  readCString,
} from "./pcap_library.ts";
import { SystemError } from "./system_error.ts";

const FLAG_LOOPBACK = 1;
const FLAG_UP = 2;
/** Offsets in `struct pcap_if` of 64-bit systems: next, name, description, addresses, flags. */
const NAME_OFFSET = 8;
const DESCRIPTION_OFFSET = 16;
const FLAGS_OFFSET = 32;

/** An interface as libpcap lists it. */
export interface PcapInterface {
  /** The name to open it by. */
  readonly name: string;
  /** A description for people; often empty. */
  readonly description: string;
  /** It is up. */
  readonly isUp: boolean;
  /** It is the loopback interface. */
  readonly isLoopback: boolean;
}

/** Lists the interfaces; without privileges the list is empty or partial. */
export function listPcapInterfaces(): PcapInterface[] {
  const head = new BigUint64Array(1);
  const error = new Uint8Array(PCAP_ERRBUF_LENGTH);
  if (pcapLibrary().pcap_findalldevs(head, error) < 0) {
    throw new SystemError(
      "list capture interfaces",
      "pcap_findalldevs",
      EPERM,
      readCString(error),
    );
  }
  const list = Deno.UnsafePointer.create(head[0]);
  const found: PcapInterface[] = [];
  for (let item = list; item !== null;) {
    const view = new Deno.UnsafePointerView(item);
    const flags = view.getUint32(FLAGS_OFFSET);
    found.push({
      name: textAt(view.getPointer(NAME_OFFSET)),
      description: textAt(view.getPointer(DESCRIPTION_OFFSET)),
      isUp: (flags & FLAG_UP) !== 0,
      isLoopback: (flags & FLAG_LOOPBACK) !== 0,
    });
    item = view.getPointer(0);
  }
  pcapLibrary().pcap_freealldevs(list);
  return found;
}

function textAt(pointer: Deno.PointerValue): string {
  return pointer === null ? "" : Deno.UnsafePointerView.getCString(pointer);
}
