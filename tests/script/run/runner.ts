/**
 * Runs a script: event after event, against one executor.
 *
 *     wait for the time → do it (inject, call, command, code)   or
 *     wait for the packet → compare it → compare its time
 *
 * At most one blocking call is under way; the next call waits for it, and its
 * result and time of return are checked when it is done. The first thing that
 * differs ends the run.
 *
 * @module
 */
import type {
  CallAction,
  CodeAction,
  PacketAction,
  Script,
  ScriptEvent,
} from "../lang/ast.ts";
import type { Names } from "../code/expressions.ts";
import { UnknownName } from "../code/expressions.ts";
import { AssertionFailed, runCode } from "../code/statements.ts";
import { UnknownPython } from "../code/tokens.ts";
import { CallReader } from "./calls.ts";
import { CODE_CONSTANTS } from "./code_constants.ts";
import type { RunConfig } from "./config.ts";
import { evaluateNumber } from "./evaluate.ts";
import type { CallOutcome, CallRequest, Executor } from "./executor.ts";
import { NotApplicable, RunnerLate, ScriptFailure } from "./executor.ts";
import { makeInbound, toBytes } from "./injection.ts";
import { findOutcomeDifference, makesDescriptor } from "./outcome.ts";
import { OutboundWatch } from "./outbound.ts";
import { showPacket } from "./show.ts";
import { ScriptSockets } from "./sockets.ts";
import { type DueTime, findLateness, seconds, Timeline } from "./timeline.ts";

/** Where a run reports what it does, line by line. */
export type Narrator = (text: string) => void;

/** How long the next call waits for a blocking one, µs; packetdrill's own patience. */
const BLOCKED_PATIENCE = 1_000_000;
/** How long a call that should return at once may take before the script is called hung, µs. */
const CALL_PATIENCE = 3_000_000;

interface PendingCall {
  readonly action: CallAction;
  readonly request: CallRequest;
  readonly scriptFd: number | null;
  /** When it should return, script time; null when at once. */
  readonly end: number | null;
  /** When it began, script time. */
  readonly start: number;
}

/** One run of one script. */
export class ScriptRun {
  readonly #script: Script;
  readonly #config: RunConfig;
  readonly #executor: Executor;
  readonly #narrate: Narrator;
  readonly #timeline: Timeline;
  readonly #sockets: ScriptSockets;
  readonly #watch: OutboundWatch;
  readonly #names: Names = new Map(Object.entries(CODE_CONSTANTS));
  #base = 0;
  /** Script time at which the event before ended. */
  #now = 0;
  #pending: PendingCall | null = null;

  /** Prepares a run; nothing happens yet. */
  constructor(
    script: Script,
    config: RunConfig,
    executor: Executor,
    narrate: Narrator,
  ) {
    this.#script = script;
    this.#config = config;
    this.#executor = executor;
    this.#narrate = narrate;
    this.#timeline = new Timeline(config);
    this.#sockets = new ScriptSockets(config);
    this.#watch = new OutboundWatch(config, executor, this.#sockets);
  }

  /**
   * Runs to the end.
   *
   * @throws ScriptFailure, NotApplicable or RunnerLate when it does not pass
   */
  run(): void {
    this.#refuseWhatCannotRun();
    if (this.#script.init !== null) {
      this.#executor.command(this.#script.init.text);
    }
    // What the system under test needs to get ready is not the script's time.
    this.#executor.advance(this.#executor.now(), () => true);
    this.#base = this.#executor.now();
    this.#watch.base = this.#base;
    for (const event of this.#script.events) this.#runEvent(event);
    this.#finishPending(
      this.#pending === null || this.#pending.end === null
        ? 0
        : this.#pending.end - this.#now,
    );
    if (this.#script.cleanup !== null) {
      this.#executor.command(this.#script.cleanup.text);
    }
  }

  #refuseWhatCannotRun(): void {
    if (this.#config.refusal !== null) {
      throw new NotApplicable(this.#config.refusal);
    }
    const [first] = this.#script.events;
    if (
      first.time.kind === "absolute" && first.time.at !== 0 ||
      first.time.kind === "relative" && first.time.after !== 0
    ) {
      throw new ScriptFailure(
        first.position.line,
        "the first event must be at time 0",
      );
    }
    for (const { action } of this.#script.events) {
      if (action.kind === "packet") refusePacket(action);
    }
  }

  #runEvent(event: ScriptEvent): void {
    const due = this.#timeline.due(event, this.#now);
    const { action } = event;
    switch (action.kind) {
      case "packet":
        if (action.direction === "inbound") this.#inject(event, action, due);
        else {this.#now = Math.max(
            this.#now,
            this.#watch.expect(action, due, this.#narrate),
          );}
        break;
      case "call":
        this.#call(event, action, due);
        break;
      case "command":
        this.#waitFor(due, "command");
        this.#narrate(`${seconds(due.from)} \`${action.text}\``);
        this.#executor.command(action.text);
        this.#now = this.#scriptNow();
        break;
      case "code":
        this.#waitFor(due, "code");
        this.#runCode(action);
        this.#now = this.#scriptNow();
        break;
    }
    this.#checkPending();
  }

  #scriptNow(): number {
    return this.#executor.now() - this.#base;
  }

  /** Lets time pass until the event is due. */
  #waitFor(due: DueTime, what: string): void {
    this.#executor.advance(this.#base + due.from, () => false);
    const lateness = findLateness(due, this.#scriptNow(), what);
    if (lateness === null) return;
    if (this.#executor.isRealTime) throw new RunnerLate(lateness);
    // Virtual time stands still unless the script itself is behind: an earlier event came after this one was due.
    throw new ScriptFailure(0, lateness);
  }

  #inject(event: ScriptEvent, action: PacketAction, due: DueTime): void {
    const line = event.position.line;
    const flow = this.#sockets.flowForInbound(action);
    if (flow === null) {
      throw new ScriptFailure(line, "no socket for this packet");
    }
    this.#waitFor(due, "inbound packet");
    const { transport } = action;
    if (transport.kind === "tcp") {
      this.#sockets.noteInbound(flow, transport.flags, transport.seq);
    }
    const packet = makeInbound(action, flow, this.#config);
    if (typeof packet === "string") throw new ScriptFailure(line, packet);
    this.#narrate(`${seconds(this.#scriptNow())} < ${showPacket(packet)}`);
    this.#executor.inject(toBytes(packet));
    this.#now = this.#scriptNow();
  }

  #call(event: ScriptEvent, action: CallAction, due: DueTime): void {
    this.#finishPending(BLOCKED_PATIENCE);
    this.#waitFor(due, "system call");
    const request = new CallReader(
      action,
      this.#config,
      (fd) => this.#sockets.liveFd(fd),
    ).request();
    const scriptFd = "fd" in request ? evaluateNumber(action.args[0]) : null;
    this.#sockets.beforeCall(request, scriptFd);
    const start = this.#scriptNow();
    const end = action.end === null
      ? null
      : event.time.kind === "relative"
      ? due.offset + action.end
      : action.end;
    this.#pending = { action, request, scriptFd, end, start };
    this.#executor.begin(request);
    if (end === null) this.#finishPending(CALL_PATIENCE);
    this.#now = this.#scriptNow();
  }

  /** Waits for the call under way, at most `patience` µs. */
  #finishPending(patience: number): void {
    if (this.#pending === null) return;
    const { action } = this.#pending;
    const limit = this.#executor.now() + Math.max(patience, 0) +
      BLOCKED_PATIENCE;
    this.#executor.advance(limit, () => {
      this.#checkPending();
      return this.#pending === null;
    });
    if (this.#pending !== null) {
      throw new ScriptFailure(
        action.position.line,
        `${action.name}() has not returned`,
      );
    }
  }

  /** Checks the call under way if it has returned. */
  #checkPending(): void {
    const pending = this.#pending;
    if (pending === null) return;
    const outcome = this.#executor.takeOutcome();
    if (outcome === null) return;
    this.#pending = null;
    const { action, request } = pending;
    const line = action.position.line;
    const at = outcome.endedAt - this.#base;
    this.#narrate(`${seconds(at)} ${action.name}() = ${outcome.result}`);
    this.#checkOutcome(pending, outcome);
    if (pending.end !== null) this.#checkReturnTime(pending, pending.end, at);
    const scriptResult = makesDescriptor(request)
      ? evaluateNumber(action.result) ?? -1
      : 0;
    const impossible = this.#sockets.afterCall(
      request,
      pending.scriptFd,
      outcome.result,
      scriptResult,
    );
    if (impossible !== null) throw new ScriptFailure(line, impossible);
  }

  #checkOutcome(pending: PendingCall, outcome: CallOutcome): void {
    const difference = findOutcomeDifference(
      pending.action,
      pending.request,
      outcome,
      this.#base,
    );
    if (difference === null) return;
    const message = `${pending.action.name}(): ${difference}`;
    if (!this.#config.nonFatal.has("syscall")) {
      throw new ScriptFailure(pending.action.position.line, message);
    }
    this.#narrate(`warning: ${message}`);
  }

  #checkReturnTime(pending: PendingCall, end: number, at: number): void {
    const due: DueTime = {
      from: end,
      to: end,
      isAny: false,
      offset: 0,
      tolerance: this.#timeline.toleranceOfSpan(end - pending.start),
    };
    const lateness = findLateness(
      due,
      at,
      `return of ${pending.action.name}()`,
    );
    if (lateness !== null) {
      throw new ScriptFailure(pending.action.position.line, lateness);
    }
  }

  #runCode(action: CodeAction): void {
    const flow = this.#sockets.current;
    const line = action.position.line;
    if (flow === null || flow.liveFd < 0) {
      throw new ScriptFailure(line, "no socket for this code");
    }
    for (const [name, value] of this.#executor.codeValues(flow.liveFd)) {
      this.#names.set(name, value);
    }
    try {
      runCode(action.text, this.#names);
    } catch (error) {
      if (error instanceof AssertionFailed) {
        throw new ScriptFailure(line + error.line, error.message);
      }
      if (error instanceof UnknownPython) {
        throw new NotApplicable(`Python is not understood: ${error.message}`);
      }
      if (error instanceof UnknownName) {
        throw new NotApplicable(
          `code names ${error.variable}, which is not offered`,
        );
      }
      throw error;
    }
  }
}

function refusePacket(action: PacketAction): void {
  if (action.encapsulation.length > 0) {
    throw new NotApplicable(
      `packets inside ${action.encapsulation.join(", ")}`,
    );
  }
  if (action.mutated) throw new NotApplicable("mutated packets");
  if (action.transport.kind !== "tcp") return;
  for (const option of action.transport.options ?? []) {
    if (option.kind === "unsupported") {
      throw new NotApplicable(`the TCP option "${option.text}"`);
    }
  }
}
