/**
 * TCP's counters, named as Linux's `nstat` names them where Linux has them.
 *
 * The names without a Linux counterpart begin with `Synload`. A reader who
 * knows `/proc/net/netstat` reads ours; the packet tests compare both.
 *
 * @module
 */
import { Counters } from "../base/counters.ts";

const NAMES = [
  "TcpActiveOpens",
  "TcpPassiveOpens",
  "TcpAttemptFails",
  "TcpEstabResets",
  "TcpInSegs",
  "TcpOutSegs",
  "TcpRetransSegs",
  "TcpInErrs",
  "TcpOutRsts",
  "TcpInCsumErrors",
  "TcpExtPAWSActive",
  "TcpExtPAWSEstab",
  "TcpExtDelayedACKs",
  "TcpExtDelayedACKLost",
  "TcpExtListenOverflows",
  "TcpExtListenDrops",
  "TcpExtTCPPureAcks",
  "TcpExtTCPSackRecovery",
  "TcpExtTCPRenoRecovery",
  "TcpExtTCPSACKReneging",
  "TcpExtTCPSACKReorder",
  "TcpExtTCPTSReorder",
  "TcpExtTCPFullUndo",
  "TcpExtTCPPartialUndo",
  "TcpExtTCPDSACKUndo",
  "TcpExtTCPLossUndo",
  "TcpExtTCPLostRetransmit",
  "TcpExtTCPRenoFailures",
  "TcpExtTCPSackFailures",
  "TcpExtTCPLossFailures",
  "TcpExtTCPFastRetrans",
  "TcpExtTCPSlowStartRetrans",
  "TcpExtTCPTimeouts",
  "TcpExtTCPLossProbes",
  "TcpExtTCPLossProbeRecovery",
  "TcpExtTCPDSACKOldSent",
  "TcpExtTCPDSACKOfoSent",
  "TcpExtTCPDSACKRecv",
  "TcpExtTCPDSACKOfoRecv",
  "TcpExtTCPDSACKIgnoredOld",
  "TcpExtTCPDSACKIgnoredNoUndo",
  "TcpExtTCPSACKDiscard",
  "TcpExtTCPAbortOnData",
  "TcpExtTCPAbortOnClose",
  "TcpExtTCPAbortOnMemory",
  "TcpExtTCPAbortOnTimeout",
  "TcpExtTCPAbortOnLinger",
  "TcpExtTCPSpuriousRTOs",
  "TcpExtTCPOFOQueue",
  "TcpExtTCPOFODrop",
  "TcpExtTCPOFOMerge",
  "TcpExtTCPChallengeACK",
  "TcpExtTCPSYNChallenge",
  "TcpExtTCPACKSkippedSynRecv",
  "TcpExtTCPACKSkippedPAWS",
  "TcpExtTCPACKSkippedSeq",
  "TcpExtTCPACKSkippedFinWait2",
  "TcpExtTCPACKSkippedTimeWait",
  "TcpExtTCPACKSkippedChallenge",
  "TcpExtTCPWinProbe",
  "TcpExtTCPKeepAlive",
  "TcpExtTCPSpuriousRtxHostQueues",
  "TcpExtTCPReqQFullDoCookies",
  "TcpExtTCPReqQFullDrop",
  "TcpExtSyncookiesSent",
  "TcpExtSyncookiesRecv",
  "TcpExtSyncookiesFailed",
  "TcpExtTCPSynRetrans",
  "TcpExtTCPOrigDataSent",
  "TcpExtTCPHystartTrainDetect",
  "TcpExtTCPHystartTrainCwnd",
  "TcpExtTCPHystartDelayDetect",
  "TcpExtTCPHystartDelayCwnd",
  "TcpExtTCPRcvCollapsed",
  "TcpExtTCPZeroWindowDrop",
  "TcpExtTCPRcvQDrop",
  "TcpExtTCPToZeroWindowAdv",
  "TcpExtTCPFromZeroWindowAdv",
  "TcpExtTCPWantZeroWindowAdv",
  "TcpExtTCPMTUPFail",
  "TcpExtTCPMTUPSuccess",
  "TcpExtTCPDelivered",
  "TcpExtTCPDeliveredCE",
  "TcpExtTCPAckCompressed",
  "TcpExtTCPFastOpenActive",
  "TcpExtTCPFastOpenActiveFail",
  "TcpExtTCPFastOpenPassive",
  "TcpExtTCPFastOpenPassiveFail",
  "TcpExtTCPFastOpenListenOverflow",
  "TcpExtTCPFastOpenCookieReqd",
  "TcpExtTCPFastOpenBlackhole",
  "TcpExtTCPFastOpenPassiveAltKey",
  "TcpExtTW",
  "TcpExtTWRecycled",
  "TcpExtTCPTimeWaitOverflow",
  "TcpExtPFMemallocDrop",
  "TcpExtLockDroppedIcmps",
  "TcpExtOutOfWindowIcmps",
  "SynloadUrgentBytes",
  "SynloadSegmentsMalformed",
  "SynloadRepliesDropped",
  "SynloadOutOfMemory",
] as const;

/** A counter's name. */
export type TcpCounter = typeof NAMES[number];

/** The number under which each counter is kept: `TCP_COUNTER.TcpOutRsts`. */
export const TCP_COUNTER: Readonly<Record<TcpCounter, number>> = Object.freeze(
  Object.fromEntries(NAMES.map((name, id) => [name, id])) as Record<
    TcpCounter,
    number
  >,
);

/** A fresh set of TCP counters, all zero. */
export function createTcpCounters(): Counters {
  return new Counters(NAMES);
}
