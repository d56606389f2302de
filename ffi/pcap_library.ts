/**
 * libpcap, as far as this project calls it (man 3pcap).
 *
 * Opened at the first use, like the C library. The pull interface
 * (`pcap_next_ex`) and not the callbacks: a callback costs 212 ns (measured)
 * and has a history of trouble across Deno's versions.
 *
 * @module
 */
import type { Functions } from "./libc.ts";
import { openLibrary } from "./libc.ts";

const SYMBOLS = {
  /** pcap_t *pcap_create(const char *source, char *errbuf) */
  pcap_create: { parameters: ["buffer", "buffer"], result: "pointer" },
  /** int pcap_set_snaplen(pcap_t *p, int snaplen) */
  pcap_set_snaplen: { parameters: ["pointer", "i32"], result: "i32" },
  /** int pcap_set_promisc(pcap_t *p, int promisc) */
  pcap_set_promisc: { parameters: ["pointer", "i32"], result: "i32" },
  /** int pcap_set_immediate_mode(pcap_t *p, int immediate_mode) */
  pcap_set_immediate_mode: { parameters: ["pointer", "i32"], result: "i32" },
  /** int pcap_set_buffer_size(pcap_t *p, int buffer_size) */
  pcap_set_buffer_size: { parameters: ["pointer", "i32"], result: "i32" },
  /** int pcap_activate(pcap_t *p) */
  pcap_activate: { parameters: ["pointer"], result: "i32" },
  /** int pcap_setnonblock(pcap_t *p, int nonblock, char *errbuf) */
  pcap_setnonblock: { parameters: ["pointer", "i32", "buffer"], result: "i32" },
  /** int pcap_setdirection(pcap_t *p, pcap_direction_t d) */
  pcap_setdirection: { parameters: ["pointer", "i32"], result: "i32" },
  /** int pcap_datalink(pcap_t *p) */
  pcap_datalink: { parameters: ["pointer"], result: "i32" },
  /** int pcap_get_selectable_fd(pcap_t *p) */
  pcap_get_selectable_fd: { parameters: ["pointer"], result: "i32" },
  /** int pcap_compile(pcap_t *p, struct bpf_program *fp, const char *str, int optimize, bpf_u_int32 netmask) */
  pcap_compile: {
    parameters: ["pointer", "buffer", "buffer", "i32", "u32"],
    result: "i32",
  },
  /** int pcap_setfilter(pcap_t *p, struct bpf_program *fp) */
  pcap_setfilter: { parameters: ["pointer", "buffer"], result: "i32" },
  /** void pcap_freecode(struct bpf_program *fp) */
  pcap_freecode: { parameters: ["buffer"], result: "void" },
  /** int pcap_next_ex(pcap_t *p, struct pcap_pkthdr **pkt_header, const u_char **pkt_data) */
  pcap_next_ex: {
    parameters: ["pointer", "pointer", "pointer"],
    result: "i32",
  },
  /** int pcap_inject(pcap_t *p, const void *buf, size_t size) */
  pcap_inject: { parameters: ["pointer", "usize", "usize"], result: "i32" },
  /** char *pcap_geterr(pcap_t *p) */
  pcap_geterr: { parameters: ["pointer"], result: "pointer" },
  /** void pcap_close(pcap_t *p) */
  pcap_close: { parameters: ["pointer"], result: "void" },
  /** int pcap_findalldevs(pcap_if_t **alldevsp, char *errbuf) */
  pcap_findalldevs: { parameters: ["buffer", "buffer"], result: "i32" },
  /** void pcap_freealldevs(pcap_if_t *alldevs) */
  pcap_freealldevs: { parameters: ["pointer"], result: "void" },
} as const satisfies Deno.ForeignLibraryInterface;

/** The table's functions, typed. */
export type PcapLibrary = Functions<typeof SYMBOLS>;

/** Bytes of the buffer libpcap writes an error into. */
export const PCAP_ERRBUF_LENGTH = 256;

const PATHS: readonly string[] = [
  "libpcap.so.0.8",
  "libpcap.so.1",
  "libpcap.so",
];

let symbols: PcapLibrary | null = null;

/**
 * libpcap's functions, opened at the first call.
 *
 * @throws {Deno.errors.NotCapable} without `--allow-ffi`
 * @throws {LibraryError} when libpcap is not installed
 */
export function pcapLibrary(): PcapLibrary {
  symbols ??= openLibrary(
    "libpcap",
    PATHS,
    SYMBOLS,
    "install it: `apt-get install libpcap0.8`, or libpcap with your system's packages",
  );
  return symbols;
}

/** The NUL-terminated string at the start of `bytes`. */
export function readCString(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return new TextDecoder().decode(bytes.subarray(0, end < 0 ? undefined : end));
}
