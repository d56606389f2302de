/**
 * Linux as the system under test.
 *
 * Runs in a process of its own, in a network namespace of its own: sockets are
 * the kernel's, packets go through a TUN. What Linux does with a script is the
 * oracle for what a script may say.
 *
 * @module
 */
import type { RunConfig } from "../run/config.ts";
import type {
  CallOutcome,
  CallRequest,
  CodeValues,
  Executor,
} from "../run/executor.ts";
import { NotApplicable } from "../run/executor.ts";
import type { CapturedPacket } from "../run/packet.ts";
import { CallThread } from "./call_thread.ts";
import {
  NativeMemory,
  openSocketLibrary,
  type SocketLibrary,
} from "./libc_calls.ts";
import { type Marshalled, Marshaller } from "./marshal.ts";
import { makeUrgent, readClock } from "./realtime.ts";
import { runShell } from "./shell.ts";
import { addMemoryInfo, addTcpInfo } from "./tcp_info.ts";
import { KernelTun } from "./tun.ts";

const POLLIN = 1;
const IPPROTO_TCP = 6;
const SOL_SOCKET = 1;
const TCP_INFO = 11;
const TCP_CONGESTION = 13;
const TCP_CC_INFO = 26;
const SO_MEMINFO = 55;
const INFO_ROOM = 512;
/** How long a call may take before it is looked at whether it blocks, µs. */
const BLOCKING_SUSPICION = 150;

/** The kernel behind a TUN in the present namespace. */
export class KernelExecutor implements Executor {
  readonly name = "kernel";
  readonly isRealTime = true;
  readonly #library: SocketLibrary;
  readonly #tun: KernelTun;
  readonly #thread: CallThread;
  readonly #marshaller: Marshaller;
  readonly #clock: NativeMemory;
  readonly #poll: NativeMemory;
  readonly #packets: CapturedPacket[] = [];
  readonly #scriptPath: string;
  #call: Marshalled | null = null;
  /** Congestion control every socket is given: a namespace may be denied the setting, a socket is not. */
  #congestion: string | null = null;

  private constructor(
    library: SocketLibrary,
    config: RunConfig,
    thread: CallThread,
    scriptPath: string,
  ) {
    this.#library = library;
    this.#thread = thread;
    this.#scriptPath = scriptPath;
    this.#tun = new KernelTun(library, config);
    this.#marshaller = new Marshaller(library, config.socketDomain);
    this.#clock = new NativeMemory(library, 16);
    this.#poll = new NativeMemory(library, 32);
    this.#poll.view.setInt32(0, this.#tun.watch.fd, true);
    this.#poll.view.setUint16(4, POLLIN, true);
    this.#poll.view.setInt32(8, thread.eventFd, true);
    this.#poll.view.setUint16(12, POLLIN, true);
  }

  /** Sets up interface and thread. */
  static async open(
    config: RunConfig,
    scriptPath: string,
  ): Promise<KernelExecutor> {
    const library = openSocketLibrary();
    makeUrgent(library);
    return new KernelExecutor(
      library,
      config,
      await CallThread.start(library),
      scriptPath,
    );
  }

  now(): number {
    return readClock(this.#library, this.#clock);
  }

  advance(until: number, isDone: () => boolean): void {
    while (true) {
      this.#tun.drain(this.#packets);
      if (isDone()) return;
      const left = until - this.now();
      if (left <= 0) return;
      this.#sleep(left);
    }
  }

  inject(bytes: Uint8Array): void {
    this.#tun.inject(bytes);
  }

  hasCapture(): boolean {
    if (this.#packets.length === 0) this.#tun.drain(this.#packets);
    return this.#packets.length > 0;
  }

  capture(): CapturedPacket | null {
    return this.hasCapture() ? this.#packets.shift() ?? null : null;
  }

  begin(request: CallRequest): void {
    this.#call = this.#marshaller.marshal(request);
    this.#thread.begin(this.#call.name, this.#call.args);
    const start = this.now();
    while (!this.#thread.isDone()) {
      if (this.now() - start > BLOCKING_SUSPICION && this.#thread.isBlocked()) {
        return;
      }
      this.#sleep(BLOCKING_SUSPICION);
    }
  }

  takeOutcome(): CallOutcome | null {
    const call = this.#call;
    if (call === null || !this.#thread.isDone()) return null;
    this.#call = null;
    this.#library.read(this.#thread.eventFd, this.#clock.address, 8, 0, 0, 0);
    const outcome = call.finish(this.#thread.take());
    call.free();
    if (call.name === "socket" && outcome.result >= 0) {
      this.#chooseCongestion(outcome.result);
    }
    return outcome;
  }

  command(text: string): void {
    runShell(text, this.#scriptPath, (name, value) => {
      if (name === "net.ipv4.tcp_congestion_control") this.#congestion = value;
    });
  }

  codeValues(fd: number): CodeValues {
    const values = new Map<string, number>();
    const info = this.#option(fd, IPPROTO_TCP, TCP_INFO);
    if (info === null) {
      throw new NotApplicable("code about a socket that has no TCP_INFO");
    }
    addTcpInfo(values, info);
    const congestion = this.#option(fd, IPPROTO_TCP, TCP_CC_INFO);
    if (congestion !== null && congestion.length >= 20) {
      addCongestionInfo(values, congestion);
    }
    const memory = this.#option(fd, SOL_SOCKET, SO_MEMINFO);
    if (memory !== null) addMemoryInfo(values, memory);
    return values;
  }

  close(): void {
    this.#thread.stop();
  }

  #chooseCongestion(fd: number): void {
    if (this.#congestion === null) return;
    const memory = new NativeMemory(this.#library, 16);
    const { written: length } = new TextEncoder().encodeInto(
      this.#congestion,
      memory.bytes,
    );
    this.#library.setsockopt(
      fd,
      IPPROTO_TCP,
      TCP_CONGESTION,
      memory.address,
      length,
      0,
    );
    memory.free();
  }

  #option(fd: number, level: number, name: number): Uint8Array | null {
    const memory = new NativeMemory(this.#library, INFO_ROOM + 8);
    memory.view.setUint32(INFO_ROOM, INFO_ROOM, true);
    const result = this.#library.getsockopt(
      fd,
      level,
      name,
      memory.address,
      memory.address + INFO_ROOM,
      0,
    );
    const bytes = result < 0
      ? null
      : memory.bytes.slice(0, memory.view.getUint32(INFO_ROOM, true));
    memory.free();
    return bytes;
  }

  /** Sleeps until a packet or the end of a call, at most `usecs`. */
  #sleep(usecs: number): void {
    this.#poll.view.setBigInt64(16, BigInt(Math.floor(usecs / 1e6)), true);
    this.#poll.view.setBigInt64(
      24,
      BigInt(Math.floor(usecs % 1e6) * 1000),
      true,
    );
    this.#library.ppoll(
      this.#poll.address,
      2,
      this.#poll.address + 16,
      0,
      0,
      0,
    );
  }
}

/** BBR's and DCTCP's views share one union; a script knows which it asked for. */
function addCongestionInfo(
  values: Map<string, number>,
  bytes: Uint8Array,
): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const words = Array.from(
    { length: 5 },
    (_, i) => view.getUint32(4 * i, true),
  );
  values.set("bbr_bw_lo", words[0]);
  values.set("bbr_bw_hi", words[1]);
  values.set("bbr_bw", words[0] + words[1] * 2 ** 32);
  values.set("bbr_min_rtt", words[2]);
  values.set("bbr_pacing_gain", words[3]);
  values.set("bbr_cwnd_gain", words[4]);
  values.set("dctcp_enabled", view.getUint16(0, true));
  values.set("dctcp_ce_state", view.getUint16(2, true));
  values.set("dctcp_alpha", words[1]);
  values.set("dctcp_ab_ecn", words[2]);
  values.set("dctcp_ab_tot", words[3]);
}
