// @hot
/**
 * TCP options: a list of kinds, most of them with a length, in 0..40 bytes.
 *
 *     ├ 2 ┤ 4 ┤ mss ┤     ├ 4 ┤ 2 ┤     ├ 8 ┤ 10 ┤ TSval ┤ TSecr ┤     ├ 1 ┤ 3 ┤ 3 ┤ s ┤
 *     kind len  value     SACK-permitted  timestamps                   nop  window scale
 *
 * The walk stops at the first option whose length is below 2 or beyond the
 * header and keeps what came before (RFC 9293 §3.1 MUST-7: be prepared for an
 * illegal length). A known kind with the wrong length is skipped by that
 * length, an unknown kind likewise (MUST-6; MUST-68: all but 0 and 1 have a
 * length). MSS, window scale, SACK-permitted and Fast Open count in a SYN only
 * (RFC 9293 §3.7.1, RFC 7323 §2.2, RFC 2018 §2, RFC 7413 §4.1.1). Of an option
 * that occurs twice the last counts, as in Linux.
 *
 * The writer keeps every multi-byte field of a SYN where Linux puts it, so
 * that a SYN looks the same to a middlebox: `mss, sackOK, TS, nop, wscale`,
 * without timestamps `mss, nop, nop, sackOK, nop, wscale`, then Fast Open with
 * NOPs behind it to a multiple of four; elsewhere `nop, nop, TS`, then
 * `nop, nop, sack`.
 *
 * @module
 */
import { copyBytes } from "../base/frame.ts";
import type { Frame } from "../base/frame.ts";
import {
  ABSENT,
  MAX_SACK_BLOCKS,
  type SegmentIn,
  type SegmentOut,
  TCP_SYN,
} from "./tcp_segment.ts";

/** End of option list, RFC 9293 §3.1. */
export const TCP_OPTION_END = 0;
/** Padding of one byte. */
export const TCP_OPTION_NOP = 1;
/** Maximum segment size, length 4. */
export const TCP_OPTION_MSS = 2;
/** Window scale, length 3, RFC 7323 §2.2. */
export const TCP_OPTION_WINDOW_SCALE = 3;
/** SACK-permitted, length 2, RFC 2018 §2. */
export const TCP_OPTION_SACK_PERMITTED = 4;
/** SACK, length 2 + 8n, RFC 2018 §3. */
export const TCP_OPTION_SACK = 5;
/** Timestamps, length 10, RFC 7323 §3.2. */
export const TCP_OPTION_TIMESTAMPS = 8;
/** MD5 signature, length 18, RFC 2385. */
export const TCP_OPTION_MD5 = 19;
/** Authentication option TCP-AO, RFC 5925. */
export const TCP_OPTION_AO = 29;
/** Fast Open cookie, length 2 or 6..18, RFC 7413 §4.1.1. */
export const TCP_OPTION_FAST_OPEN = 34;
/** Experimental, told apart by the 16 bits after the length, RFC 6994. */
export const TCP_OPTION_EXPERIMENT_1 = 253;
/** The other experimental kind. */
export const TCP_OPTION_EXPERIMENT_2 = 254;
/** Experiment identifier of Fast Open before it had kind 34. */
export const TCP_EXPERIMENT_FAST_OPEN = 0xf989;
/** Most bytes of options a header holds: 15 words less the 5 fixed ones. */
export const TCP_MAX_OPTIONS_LENGTH = 40;

/** The two NOPs and the start of a timestamps option that nearly every data segment begins with. */
const NOP_NOP_TIMESTAMPS = 0x0101080a;
const NOP_NOP_SACK_PERMITTED = 0x01010402;
const SACK_PERMITTED_TIMESTAMPS = 0x0402080a;
const MSS_LENGTH_4 = 0x02040000;
const NOP_WINDOW_SCALE = 0x01030300;

/**
 * Reads the options in `[at, end)` into the option fields of `out`, whose `flags` are already set.
 *
 * @param frame holds the bytes; `out.fastOpenOffset` will point into it
 */
export function parseTcpOptions(
  frame: Frame,
  at: number,
  end: number,
  out: SegmentIn,
): void {
  clearOptions(out);
  const view = frame.view;
  if (end - at === 12 && view.getInt32(at) === NOP_NOP_TIMESTAMPS) {
    readTimestamps(view, at + 2 | 0, out);
    return;
  }
  let option = at | 0;
  while (option < end) {
    const kind = view.getUint8(option);
    if (kind === TCP_OPTION_END) return;
    if (kind === TCP_OPTION_NOP) {
      option = option + 1 | 0;
      continue;
    }
    if (option + 1 >= end) return;
    const length = view.getUint8(option + 1);
    if (length < 2 || option + length > end) return;
    if (!parseCommonOption(view, option, kind, length, out)) {
      parseSynOption(view, option, kind, length, out);
    }
    option = option + length | 0;
  }
}

/**
 * Bytes the options of `out` will take, padded to a multiple of four.
 *
 * Above {@linkcode TCP_MAX_OPTIONS_LENGTH} they do not fit and the emitter
 * refuses them: send fewer SACK blocks ({@linkcode tcpSackRoom}) or no Fast
 * Open option (RFC 7413 §4.2.2 step 2).
 */
export function tcpOptionsLength(out: SegmentOut): number {
  let length = out.mss === ABSENT ? 0 : 4;
  if (out.hasTimestamps) length = length + 12 | 0;
  else if (out.sackPermitted) length = length + 4 | 0;
  if (out.windowScale !== ABSENT) length = length + 4 | 0;
  if (out.sackCount > 0) length = length + 4 + (out.sackCount << 3) | 0;
  if (out.fastOpenLength !== ABSENT) {
    length = length + (fastOpenOptionLength(out) + 3 & ~3) | 0;
  }
  return length;
}

/** How many SACK blocks fit beside the other options of `out`, 0..4. */
export function tcpSackRoom(out: SegmentOut): number {
  const blocks = out.sackCount > 0 ? 4 + (out.sackCount << 3) | 0 : 0;
  const room = TCP_MAX_OPTIONS_LENGTH - 4 - (tcpOptionsLength(out) - blocks) >>
    3;
  return room < 0 ? 0 : room > MAX_SACK_BLOCKS ? MAX_SACK_BLOCKS : room;
}

/** Writes the options of `out` at `at`, padded to a multiple of four. Offset just past them. The caller made sure that they fit. */
export function writeTcpOptions(
  frame: Frame,
  at: number,
  out: SegmentOut,
): number {
  const view = frame.view;
  let option = at | 0;
  if (out.mss !== ABSENT) {
    view.setInt32(option, MSS_LENGTH_4 | out.mss & 0xffff);
    option = option + 4 | 0;
  }
  if (out.hasTimestamps) {
    view.setInt32(
      option,
      out.sackPermitted ? SACK_PERMITTED_TIMESTAMPS : NOP_NOP_TIMESTAMPS,
    );
    view.setInt32(option + 4, out.tsVal);
    view.setInt32(option + 8, out.tsEcr);
    option = option + 12 | 0;
  } else if (out.sackPermitted) {
    view.setInt32(option, NOP_NOP_SACK_PERMITTED);
    option = option + 4 | 0;
  }
  if (out.windowScale !== ABSENT) {
    view.setInt32(option, NOP_WINDOW_SCALE | out.windowScale & 0xff);
    option = option + 4 | 0;
  }
  if (out.sackCount > 0) option = writeSack(view, option, out);
  if (out.fastOpenLength !== ABSENT) option = writeFastOpen(frame, option, out);
  return option;
}

function clearOptions(out: SegmentIn): void {
  out.mss = ABSENT;
  out.windowScale = ABSENT;
  out.sackPermitted = false;
  out.hasTimestamps = false;
  out.sackCount = 0;
  out.fastOpenLength = ABSENT;
  out.fastOpenExperimental = false;
  out.hasAuthentication = false;
}

/** Options that may come in any segment. Whether `kind` is one. */
function parseCommonOption(
  view: DataView,
  option: number,
  kind: number,
  length: number,
  out: SegmentIn,
): boolean {
  switch (kind) {
    case TCP_OPTION_TIMESTAMPS:
      if (length === 10) readTimestamps(view, option, out);
      return true;
    case TCP_OPTION_SACK:
      // 2 + 8n for whole blocks; more than four do not fit in 40 bytes.
      if (length >= 10 && (length - 2 & 7) === 0) {
        readSack(view, option, length, out);
      }
      return true;
    case TCP_OPTION_MD5:
    case TCP_OPTION_AO:
      out.hasAuthentication = true;
      return true;
    default:
      return false;
  }
}

/** Options that count in a SYN only. */
function parseSynOption(
  view: DataView,
  option: number,
  kind: number,
  length: number,
  out: SegmentIn,
): void {
  if ((out.flags & TCP_SYN) === 0) return;
  switch (kind) {
    case TCP_OPTION_MSS:
      if (length === 4) out.mss = view.getUint16(option + 2);
      break;
    case TCP_OPTION_WINDOW_SCALE:
      if (length === 3) out.windowScale = view.getUint8(option + 2);
      break;
    case TCP_OPTION_SACK_PERMITTED:
      if (length === 2) out.sackPermitted = true;
      break;
    case TCP_OPTION_FAST_OPEN:
      out.fastOpenLength = length - 2 | 0;
      out.fastOpenOffset = option + 2 | 0;
      out.fastOpenExperimental = false;
      break;
    case TCP_OPTION_EXPERIMENT_1:
    case TCP_OPTION_EXPERIMENT_2:
      if (
        length >= 4 && view.getUint16(option + 2) === TCP_EXPERIMENT_FAST_OPEN
      ) {
        out.fastOpenLength = length - 4 | 0;
        out.fastOpenOffset = option + 4 | 0;
        out.fastOpenExperimental = true;
      }
      break;
  }
}

function readTimestamps(view: DataView, option: number, out: SegmentIn): void {
  out.hasTimestamps = true;
  out.tsVal = view.getInt32(option + 2);
  out.tsEcr = view.getInt32(option + 6);
}

function readSack(
  view: DataView,
  option: number,
  length: number,
  out: SegmentIn,
): void {
  const edges = length - 2 >> 2;
  for (let i = 0; i < edges; i++) {
    out.sackEdges[i] = view.getInt32(option + 2 + (i << 2));
  }
  out.sackCount = edges >> 1;
}

function writeSack(view: DataView, option: number, out: SegmentOut): number {
  const edges = out.sackCount << 1;
  view.setInt32(option, 0x01010500 | (edges << 2) + 2);
  for (let i = 0; i < edges; i++) {
    view.setInt32(option + 4 + (i << 2), out.sackEdges[i]);
  }
  return option + 4 + (edges << 2) | 0;
}

function fastOpenOptionLength(out: SegmentOut): number {
  return out.fastOpenLength + (out.fastOpenExperimental ? 4 : 2) | 0;
}

function writeFastOpen(frame: Frame, at: number, out: SegmentOut): number {
  const view = frame.view;
  const length = fastOpenOptionLength(out);
  let option = at | 0;
  if (out.fastOpenExperimental) {
    view.setInt16(option, TCP_OPTION_EXPERIMENT_2 << 8 | length);
    view.setInt16(option + 2, TCP_EXPERIMENT_FAST_OPEN);
    option = option + 4 | 0;
  } else {
    view.setInt16(option, TCP_OPTION_FAST_OPEN << 8 | length);
    option = option + 2 | 0;
  }
  copyBytes(out.fastOpenCookie, 0, frame.bytes, option, out.fastOpenLength);
  option = option + out.fastOpenLength | 0;
  for (; (option - at & 3) !== 0; option = option + 1 | 0) {
    view.setInt8(option, TCP_OPTION_NOP);
  }
  return option;
}
