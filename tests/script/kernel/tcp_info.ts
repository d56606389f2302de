/**
 * Linux's `struct tcp_info`, `tcp_cc_info` and `SO_MEMINFO` as named numbers.
 *
 * @module
 */

type Width = 1 | 2 | 4 | 8;

/** Offsets in include/uapi/linux/tcp.h; later members are missing from older kernels' shorter answers. */
const FIELDS:
  readonly (readonly [name: string, offset: number, width: Width])[] = [
    ["state", 0, 1],
    ["ca_state", 1, 1],
    ["retransmits", 2, 1],
    ["probes", 3, 1],
    ["backoff", 4, 1],
    ["options", 5, 1],
    ["rto", 8, 4],
    ["ato", 12, 4],
    ["snd_mss", 16, 4],
    ["rcv_mss", 20, 4],
    ["unacked", 24, 4],
    ["sacked", 28, 4],
    ["lost", 32, 4],
    ["retrans", 36, 4],
    ["fackets", 40, 4],
    ["last_data_sent", 44, 4],
    ["last_ack_sent", 48, 4],
    ["last_data_recv", 52, 4],
    ["last_ack_recv", 56, 4],
    ["pmtu", 60, 4],
    ["rcv_ssthresh", 64, 4],
    ["rtt", 68, 4],
    ["rttvar", 72, 4],
    ["snd_ssthresh", 76, 4],
    ["snd_cwnd", 80, 4],
    ["advmss", 84, 4],
    ["reordering", 88, 4],
    ["rcv_rtt", 92, 4],
    ["rcv_space", 96, 4],
    ["total_retrans", 100, 4],
    ["pacing_rate", 104, 8],
    ["max_pacing_rate", 112, 8],
    ["bytes_acked", 120, 8],
    ["bytes_received", 128, 8],
    ["segs_out", 136, 4],
    ["segs_in", 140, 4],
    ["notsent_bytes", 144, 4],
    ["min_rtt", 148, 4],
    ["data_segs_in", 152, 4],
    ["data_segs_out", 156, 4],
    ["delivery_rate", 160, 8],
    ["busy_time", 168, 8],
    ["rwnd_limited", 176, 8],
    ["sndbuf_limited", 184, 8],
    ["delivered", 192, 4],
    ["delivered_ce", 196, 4],
    ["bytes_sent", 200, 8],
    ["bytes_retrans", 208, 8],
    ["dsack_dups", 216, 4],
    ["reord_seen", 220, 4],
    ["rcv_ooopack", 224, 4],
    ["snd_wnd", 228, 4],
    ["rcv_wnd", 232, 4],
    ["rehash", 236, 4],
    ["total_rto", 240, 2],
    ["total_rto_recoveries", 242, 2],
    ["total_rto_time", 244, 4],
    ["received_ce", 248, 4],
    ["delivered_e1_bytes", 252, 4],
    ["delivered_e0_bytes", 256, 4],
    ["delivered_ce_bytes", 260, 4],
    ["received_e1_bytes", 264, 4],
    ["received_e0_bytes", 268, 4],
    ["received_ce_bytes", 272, 4],
  ];

const MEMORY_NAMES = [
  "RMEM_ALLOC",
  "RCVBUF",
  "WMEM_ALLOC",
  "SNDBUF",
  "FWD_ALLOC",
  "WMEM_QUEUED",
  "OPTMEM",
  "BACKLOG",
  "DROPS",
];

/** Adds `tcpi_…` values from the bytes the kernel gave. */
export function addTcpInfo(
  values: Map<string, number>,
  bytes: Uint8Array,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const [name, offset, width] of FIELDS) {
    if (offset + width <= bytes.length) {
      values.set(`tcpi_${name}`, readField(view, offset, width));
    }
  }
  values.set("tcpi_snd_wscale", bytes[6] & 15);
  values.set("tcpi_rcv_wscale", bytes[6] >> 4);
  values.set("tcpi_delivery_rate_app_limited", bytes[7] & 1);
  values.set("tcpi_fastopen_client_fail", bytes[7] >> 1 & 3);
}

/** Adds `SK_MEMINFO_…` values. */
export function addMemoryInfo(
  values: Map<string, number>,
  bytes: Uint8Array,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  MEMORY_NAMES.forEach((name, i) => {
    if (4 * i + 4 <= bytes.length) {
      values.set(`SK_MEMINFO_${name}`, view.getUint32(4 * i, true));
    }
  });
}

function readField(view: DataView, offset: number, width: Width): number {
  switch (width) {
    case 1:
      return view.getUint8(offset);
    case 2:
      return view.getUint16(offset, true);
    case 4:
      return view.getUint32(offset, true);
    case 8:
      return Number(view.getBigUint64(offset, true));
  }
}
