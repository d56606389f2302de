/** The controllers beside the numbers of their RFCs. */
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type {
  CongestionControl,
  CongestionState,
} from "../../../engine/tcp/congestion/control.ts";
import { slowStart } from "../../../engine/tcp/congestion/control.ts";
import { createCubic } from "../../../engine/tcp/congestion/cubic.ts";
import { HyStart } from "../../../engine/tcp/congestion/hystart.ts";
import { createNewReno } from "../../../engine/tcp/congestion/new_reno.ts";
import { seqAdd, toSeq } from "../../../engine/tcp/seq.ts";

const MS = 1_000;
const SECOND = 1_000_000;

type Path = { -readonly [K in keyof CongestionState]: CongestionState[K] };

function path(cwnd: number, ssthresh: number, srtt: number): Path {
  return {
    cwnd,
    ssthresh,
    srtt,
    maxCwnd: 0xffff_ffff,
    minRtt: srtt,
    ackRtt: srtt,
    sndUna: toSeq(0),
    sndNxt: toSeq(0),
    priorInFlight: cwnd,
  };
}

/** Acknowledges a window each round trip for `seconds`. Returns the windows by second. */
function run(
  control: CongestionControl,
  p: Path,
  from: number,
  seconds: number,
): number[] {
  const windows: number[] = [];
  const rounds = Math.round(seconds * SECOND / p.srtt);
  for (let round = 1; round <= rounds; round++) {
    for (let left = p.cwnd; left > 0; left--) {
      control.onAck(p, 1, from + round * p.srtt);
    }
    const at = round * p.srtt;
    if (Math.floor(at / SECOND) > Math.floor((at - p.srtt) / SECOND)) {
      windows.push(p.cwnd);
    }
  }
  return windows;
}

/** W_cubic(t) of RFC 9438 §4.2, windows in segments. */
function wCubic(t: number, wMax: number, cwndEpoch: number): number {
  const k = Math.cbrt((wMax - cwndEpoch) / 0.4);
  return 0.4 * (t - k) ** 3 + wMax;
}

Deno.test("slowStart() grows by what was acknowledged, to ssthresh and the ceiling", () => {
  const p = path(10, 15, MS);
  assertEquals([slowStart(p, 3), p.cwnd], [0, 13]);
  assertEquals([slowStart(p, 10), p.cwnd], [8, 15]);
  const q = { ...path(10, Infinity, MS), maxCwnd: 12 };
  assertEquals([slowStart(q, 10), q.cwnd], [0, 12]);
});

Deno.test("NewReno halves on loss and adds one a round trip, RFC 5681 §3.1", () => {
  const reno = createNewReno();
  const p = path(40, Infinity, 100 * MS);
  p.ssthresh = reno.onLoss(p, 0);
  p.cwnd = p.ssthresh;
  assertEquals(p.cwnd, 20);
  run(reno, p, 0, 1);
  assertEquals(p.cwnd, 30);
  const small = path(3, Infinity, MS);
  assertEquals(reno.onLoss(small, 0), 2);
});

Deno.test("Cubic.onLoss() reduces by beta 0.7, RFC 9438 §4.6, never below two", () => {
  assertEquals(createCubic().onLoss(path(100, Infinity, MS), 0), 70);
  assertEquals(createCubic().onLoss(path(2, Infinity, MS), 0), 2);
});

Deno.test("Cubic follows W_cubic(t) after a loss on a long path, RFC 9438 §4.2", () => {
  const cubic = createCubic();
  const p = path(1_000, Infinity, 100 * MS);
  p.ssthresh = cubic.onLoss(p, 0);
  p.cwnd = p.ssthresh;
  const windows = run(cubic, p, 0, 14);
  // The epoch begins at the first acknowledgement; a round trip either way is inside 3 %.
  for (const second of [2, 5, 9, 12, 14]) {
    const expected = wCubic(second, 1_000, 700);
    assertAlmostEquals(windows[second - 1], expected, 0.03 * expected);
  }
});

Deno.test("Cubic is flat around its plateau K, RFC 9438 §4.2", () => {
  const cubic = createCubic();
  const p = path(1_000, Infinity, 100 * MS);
  p.ssthresh = cubic.onLoss(p, 0);
  p.cwnd = p.ssthresh;
  // K = cbrt(300 / 0.4) = 9.09 s.
  const windows = run(cubic, p, 0, 11);
  assert(Math.abs(windows[8] - 1_000) < 10, `${windows[8]} at K`);
  assert(windows[10] - windows[7] < windows[1] - windows[0]);
});

Deno.test("Cubic converges fast: a loss below the last lowers the plateau, RFC 9438 §4.7", () => {
  const cubic = createCubic();
  const p = path(1_000, Infinity, 100 * MS);
  p.ssthresh = cubic.onLoss(p, 0);
  p.cwnd = 800;
  p.ssthresh = cubic.onLoss(p, SECOND);
  assertEquals(p.ssthresh, 560);
  p.cwnd = 560;
  // wMax = 800 * (1 + 0.7) / 2 = 680, K = 6.69 s.
  const windows = run(cubic, p, SECOND, 7);
  assertAlmostEquals(windows[6], 680, 10);
});

Deno.test("Cubic grows as Reno would where that is faster, RFC 9438 §4.3", () => {
  const cubic = createCubic();
  const p = path(20, Infinity, 10 * MS);
  p.ssthresh = cubic.onLoss(p, 0);
  p.cwnd = p.ssthresh;
  run(cubic, p, 0, 0.1);
  // Ten round trips at alpha = 3 (1 - 0.7) / (1 + 0.7) = 0.53 from 14.
  assertAlmostEquals(p.cwnd, 14 + 10 * 0.53, 1);
});

Deno.test("Cubic grows by at most half a window a round trip, RFC 9438 §4.4", () => {
  const cubic = createCubic();
  const p = path(100, Infinity, 200 * MS);
  p.ssthresh = cubic.onLoss(p, 0);
  p.cwnd = p.ssthresh;
  cubic.onAck(p, 1, 0);
  // An hour later the curve is far away.
  const before = p.cwnd;
  for (let i = 0; i < before; i++) cubic.onAck(p, 1, 3_600 * SECOND);
  assert(p.cwnd > before && p.cwnd <= 1.7 * before, `${before} to ${p.cwnd}`);
});

Deno.test("Cubic.onUndo() goes back to the curve before the episode, RFC 9438 §4.9", () => {
  const one = createCubic(), other = createCubic();
  const p = path(1_000, Infinity, 100 * MS), q = { ...p };
  for (const [control, x] of [[one, p], [other, q]] as const) {
    x.ssthresh = control.onLoss(x, 0);
    x.cwnd = x.ssthresh;
    run(control, x, 0, 3);
  }
  const before = [q.cwnd, q.ssthresh] as const;
  other.onLoss(q, 3 * SECOND);
  [q.cwnd, q.ssthresh] = before;
  other.onUndo(q, 3 * SECOND);
  assertEquals(run(other, q, 3 * SECOND, 3), run(one, p, 3 * SECOND, 3));
});

Deno.test("Cubic.onRestart() does not count silence as time on the curve, RFC 9438 §4.2", () => {
  const one = createCubic(), other = createCubic();
  const p = path(1_000, Infinity, 100 * MS), q = { ...p };
  for (const [control, x] of [[one, p], [other, q]] as const) {
    x.ssthresh = control.onLoss(x, 0);
    x.cwnd = x.ssthresh;
    run(control, x, 0, 3);
  }
  other.onRestart(q, 60 * SECOND, 63 * SECOND);
  assertEquals(run(other, q, 63 * SECOND, 3), run(one, p, 3 * SECOND, 3));
});

/** A round of `count` samples; returns whether slow start is over. */
function round(h: HyStart, number: number, rtt: number, count = 10): boolean {
  let over = false;
  const una = seqAdd(toSeq(0), number * 1_000 + 1);
  const nxt = seqAdd(una, 999);
  for (let i = 0; i < count; i++) over = h.sample(rtt, una, nxt) || over;
  return over;
}

Deno.test("HyStart stays in slow start while the round trip stays, RFC 9406 §4.3", () => {
  const h = new HyStart();
  h.reset(toSeq(0));
  for (let i = 0; i < 50; i++) {
    assertEquals(round(h, i, 100 * MS + i % 3 * MS), false);
    assertEquals(h.conservative, false);
  }
});

Deno.test("HyStart turns conservative when a round's minimum rose by an eighth, then ends after five rounds", () => {
  const h = new HyStart();
  h.reset(toSeq(0));
  round(h, 0, 100 * MS);
  round(h, 1, 100 * MS);
  round(h, 2, 113 * MS);
  assertEquals(h.conservative, true);
  let rounds = 0;
  while (!round(h, 3 + rounds, 115 * MS)) rounds++;
  assertEquals(rounds, 4);
});

Deno.test("HyStart resumes slow start when the rise was jitter", () => {
  const h = new HyStart();
  h.reset(toSeq(0));
  round(h, 0, 100 * MS);
  round(h, 1, 120 * MS);
  assertEquals(h.conservative, true);
  round(h, 2, 101 * MS);
  assertEquals(h.conservative, false);
});

Deno.test("HyStart holds its threshold between 4 and 16 ms and needs eight samples", () => {
  const turns = (base: number, rise: number, samples = 10): boolean => {
    const h = new HyStart();
    h.reset(toSeq(0));
    round(h, 0, base);
    round(h, 1, base + rise, samples);
    return h.conservative;
  };
  assertEquals(turns(5 * MS, 3.9 * MS), false);
  assertEquals(turns(5 * MS, 4 * MS), true);
  assertEquals(turns(800 * MS, 15.9 * MS), false);
  assertEquals(turns(800 * MS, 16 * MS), true);
  assertEquals(turns(100 * MS, 50 * MS, 7), false);
});

Deno.test("Cubic grows at a quarter in conservative slow start and never again after the first", () => {
  const cubic = createCubic();
  const p = path(100, Infinity, 100 * MS);
  cubic.start(p, 0);
  const sampleRound = (number: number, rtt: number): void => {
    p.sndUna = seqAdd(toSeq(0), number * 1_000 + 1);
    p.sndNxt = seqAdd(p.sndUna, 999);
    for (let i = 0; i < 10; i++) cubic.onRttSample(p, rtt, 0);
  };
  sampleRound(0, 100 * MS);
  sampleRound(1, 150 * MS);
  for (let i = 0; i < 100; i++) cubic.onAck(p, 1, 0);
  assertEquals(p.cwnd, 125);
  for (let i = 2; i < 8; i++) sampleRound(i, 150 * MS);
  assertEquals(p.ssthresh, 125);
  // A later slow start knows its end: a rising round trip does not move it.
  p.ssthresh = 80;
  p.cwnd = 1;
  for (let i = 8; i < 20; i++) sampleRound(i, i * 100 * MS);
  assertEquals(p.ssthresh, 80);
});
