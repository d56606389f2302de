/**
 * Linux's sysctls as settings of the engine: the one table.
 *
 * A name without a line here, or a value a line does not know, makes a script
 * "not applicable": it asks for behaviour the engine does not have a setting
 * for. Names that only tune Linux's implementation are listed as such.
 *
 * @module
 */
import { createCubic } from "../../../engine/tcp/congestion/cubic.ts";
import { createNewReno } from "../../../engine/tcp/congestion/new_reno.ts";
import type { BufferSizes, TcpConfig } from "../../../engine/tcp/config.ts";
import { MILLISECOND, SECOND } from "../../../engine/base/units.ts";
import { NotApplicable } from "../run/executor.ts";

type Setter = (config: TcpConfig, value: string) => void;

const CONGESTION: Readonly<Record<string, TcpConfig["congestionControl"]>> = {
  cubic: createCubic,
  reno: createNewReno,
};

/** Settings by name below `net.ipv4.`. */
const SETTERS: Readonly<Record<string, Setter>> = {
  tcp_rmem: (config, value) => config.receiveBuffer = sizes(value),
  tcp_wmem: (config, value) => config.sendBuffer = sizes(value),
  tcp_timestamps: (config, value) => config.timestamps = isOn(value),
  tcp_sack: (config, value) => config.sack = isOn(value),
  tcp_dsack: (config, value) => config.dsack = isOn(value),
  tcp_window_scaling: (config, value) => config.windowScaling = isOn(value),
  tcp_ecn: (config, value) => config.ecn = oneOf("tcp_ecn", value, [0, 1, 2]),
  tcp_frto: (config, value) => config.frto = isOn(value),
  tcp_early_retrans: (config, value) =>
    config.tailLossProbe = number(value) >= 3,
  tcp_recovery: (config, value) => config.rack = (number(value) & 1) !== 0,
  tcp_reordering: (config, value) => config.reordering = number(value),
  tcp_max_reordering: (config, value) => config.maxReordering = number(value),
  tcp_slow_start_after_idle: (config, value) =>
    config.slowStartAfterIdle = isOn(value),
  tcp_syn_retries: (config, value) => config.synRetries = number(value),
  tcp_synack_retries: (config, value) => config.synAckRetries = number(value),
  tcp_syn_linear_timeouts: (config, value) =>
    config.synLinearTimeouts = number(value),
  tcp_retries1: (config, value) => config.retries1 = number(value),
  tcp_retries2: (config, value) => config.retries2 = number(value),
  tcp_orphan_retries: (config, value) =>
    config.orphanRetries = number(value) || 8,
  tcp_fin_timeout: (config, value) =>
    config.finTimeout = number(value) * SECOND,
  tcp_rto_min_us: (config, value) => config.rtoMin = number(value),
  tcp_rto_max_ms: (config, value) =>
    config.rtoMax = number(value) * MILLISECOND,
  tcp_keepalive_time: (config, value) =>
    config.keepAliveIdle = number(value) * SECOND,
  tcp_keepalive_intvl: (config, value) =>
    config.keepAliveInterval = number(value) * SECOND,
  tcp_keepalive_probes: (config, value) =>
    config.keepAliveCount = number(value),
  tcp_fastopen: (config, value) => config.fastOpen = number(value),
  tcp_fastopen_blackhole_timeout_sec: (config, value) =>
    config.fastOpenBlackholeTimeout = number(value) * SECOND,
  tcp_syncookies: (config, value) =>
    config.synCookies = oneOf("tcp_syncookies", value, [0, 1, 2]),
  tcp_max_syn_backlog: (config, value) => config.maxSynBacklog = number(value),
  tcp_abort_on_overflow: (config, value) =>
    config.abortOnOverflow = isOn(value),
  tcp_rfc1337: (config, value) => config.rfc1337 = isOn(value),
  tcp_tw_reuse: (config, value) => config.timeWaitReuse = isOn(value),
  tcp_min_snd_mss: (config, value) => config.minSendMss = number(value),
  tcp_mtu_probing: (config, value) =>
    config.mtuProbing = oneOf("tcp_mtu_probing", value, [0, 1, 2]),
  tcp_base_mss: (config, value) => config.baseMss = number(value),
  tcp_mtu_probe_floor: (config, value) => config.mtuProbeFloor = number(value),
  tcp_min_tso_segs: (config, value) => config.minGsoSegments = number(value),
  tcp_tso_win_divisor: (config, value) =>
    config.gsoWindowDivisor = number(value),
  tcp_tso_rtt_log: (config, value) => config.gsoRttLog = number(value),
  tcp_pacing_ss_ratio: (config, value) =>
    config.pacingSlowStartRatio = number(value),
  tcp_pacing_ca_ratio: (config, value) =>
    config.pacingAvoidanceRatio = number(value),
  tcp_challenge_ack_limit: (config, value) =>
    config.challengeAckLimit = Math.min(number(value), 0x3fff_ffff),
  tcp_invalid_ratelimit: (config, value) =>
    config.invalidRateLimit = number(value) * MILLISECOND,
  tcp_moderate_rcvbuf: (config, value) =>
    config.moderateReceiveBuffer = isOn(value),
  tcp_notsent_lowat: (config, value) => {
    config.notSentLowWater = number(value) >= 0x7fff_ffff
      ? Infinity
      : number(value);
  },
  tcp_congestion_control: (config, value) => {
    const make = CONGESTION[value.trim()];
    if (make === undefined) {
      throw new NotApplicable(`congestion control ${value.trim()}`);
    }
    config.congestionControl = make;
  },
};

/** What must have a certain value, because the engine knows no other. */
const FIXED: Readonly<Record<string, string>> = {
  tcp_fack: "0",
  tcp_no_metrics_save: "",
  tcp_app_win: "31",
  tcp_limit_output_bytes: "",
  tcp_comp_sack_nr: "",
  tcp_comp_sack_delay_ns: "",
  tcp_comp_sack_slack_ns: "",
  tcp_tso_allow_defer: "",
  tcp_plb_enabled: "0",
  tcp_ecn_fallback: "",
  tcp_autocorking: "",
  tcp_shrink_window: "0",
  tcp_low_latency: "",
  tcp_mem: "",
  tcp_available_congestion_control: "",
  tcp_allowed_congestion_control: "",
  tcp_ecn_option: "",
  tcp_ecn_option_beacon: "",
  tcp_retrans_collapse: "",
  tcp_migrate_req: "0",
};

/** Sysctls outside TCP that scripts set and the engine may ignore. */
const IGNORED =
  /^net\.(core\.(r|w)mem_(max|default)|core\.(somaxconn|default_qdisc|netdev_max_backlog|optmem_max)|ipv6\.conf\..*|ipv4\.conf\..*|mptcp\..*|ipv4\.route\..*|ipv4\.icmp_ratelimit|ipv4\.icmp_msgs_.*)$|^kernel\./;

/**
 * Applies one sysctl.
 *
 * @param setFastOpenKey takes the key of Fast Open cookies, as written
 * @throws NotApplicable when the engine has no such setting
 */
export function applySysctl(
  config: TcpConfig,
  name: string,
  value: string,
  setFastOpenKey: (text: string) => void,
): void {
  const short = name.replace(/^net\.ipv4\./, "");
  if (short === "tcp_fastopen_key") return setFastOpenKey(value);
  const setter = SETTERS[short];
  if (setter !== undefined) return setter(config, value);
  const fixed = FIXED[short];
  if (fixed === "" || fixed === value.trim() || IGNORED.test(name)) return;
  throw new NotApplicable(`sysctl ${name}=${value.trim()}`);
}

function sizes(value: string): BufferSizes {
  const [min, initial, max] = value.trim().split(/\s+/).map(Number);
  return { min, initial, max: Math.max(initial, max) };
}

function number(value: string): number {
  const result = Number(value.trim());
  if (Number.isNaN(result)) throw new NotApplicable(`sysctl value "${value}"`);
  return result;
}

function isOn(value: string): boolean {
  return number(value) !== 0;
}

function oneOf<const T extends number>(
  name: string,
  value: string,
  allowed: readonly T[],
): T {
  const found = allowed.find((candidate) => candidate === number(value));
  if (found === undefined) {
    throw new NotApplicable(`sysctl net.ipv4.${name}=${value.trim()}`);
  }
  return found;
}
