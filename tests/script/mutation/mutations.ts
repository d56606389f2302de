/**
 * One change to one expectation: every script must notice each.
 *
 * A script proves something only if it would fail were the packet another one.
 * For each outbound line this lists the ways it could be another one: flags,
 * numbers, window, options, marks, time.
 *
 * What a script is free to choose cannot be noticed and is not changed: the
 * initial sequence number and the first timestamp of each flow, which only
 * name an origin.
 *
 * @module
 */
import type {
  EventTime,
  PacketAction,
  Script,
  ScriptEvent,
  TcpOption,
  TcpSpec,
} from "../lang/ast.ts";

/** A script with one expectation changed. */
export interface Mutation {
  /** What was changed, such as `ack + 1`. */
  readonly name: string;
  /** Line of the expectation. */
  readonly line: number;
  /** The changed script. */
  readonly script: Script;
}

/** Far outside every tolerance, µs. */
const TIME_SHIFT = 2_000_000;
const PSH = 0x08;
const SYN = 0x02;
const CHANGED_ECN: readonly number[] = [2, 3, 3, 0];

type PacketChange = readonly [name: string, action: PacketAction];

/** Every mutation of `script`. @param comparesTimestamps whether the run compares TSval and TSecr */
export function mutationsOf(
  script: Script,
  comparesTimestamps: boolean,
): Mutation[] {
  const mutations: Mutation[] = [];
  let hasSeenTimestamp = false;
  script.events.forEach((event, index) => {
    const { action } = event;
    if (action.kind !== "packet" || action.direction !== "outbound") return;
    const add = (name: string, changed: ScriptEvent) => {
      const events = script.events.with(index, changed);
      mutations.push({
        name,
        line: event.position.line,
        script: { ...script, events },
      });
    };
    for (
      const [name, changed] of packetChanges(
        action,
        comparesTimestamps,
        !hasSeenTimestamp,
      )
    ) {
      add(name, { ...event, action: changed });
    }
    const later = shiftTime(event.time);
    if (later !== null) add("time + 2 s", { ...event, time: later });
    hasSeenTimestamp ||= carriesTimestamp(action);
  });
  return mutations;
}

function carriesTimestamp(action: PacketAction): boolean {
  return action.transport.kind === "tcp" &&
    action.transport.options?.some(({ kind }) => kind === "TS") === true;
}

function packetChanges(
  action: PacketAction,
  comparesTimestamps: boolean,
  isFirstTimestamp: boolean,
): PacketChange[] {
  const changes: PacketChange[] = [];
  const { transport, ip } = action;
  if (typeof ip.ecn === "number") {
    changes.push(["ECN", {
      ...action,
      ip: { ...ip, ecn: CHANGED_ECN[ip.ecn] },
    }]);
  }
  if (transport.kind === "udp") {
    changes.push(["length + 1", {
      ...action,
      transport: { ...transport, length: transport.length + 1 },
    }]);
  }
  if (transport.kind !== "tcp") return changes;
  for (const [name, spec] of tcpChanges(transport)) {
    changes.push([name, { ...action, transport: spec }]);
  }
  for (
    const [name, options] of optionChanges(
      transport.options,
      comparesTimestamps,
      isFirstTimestamp,
    )
  ) {
    changes.push([name, { ...action, transport: { ...transport, options } }]);
  }
  return changes;
}

function tcpChanges(tcp: TcpSpec): [string, TcpSpec][] {
  const changes: [string, TcpSpec][] = [["flags", {
    ...tcp,
    flags: tcp.flags ^ PSH,
  }]];
  if ((tcp.flags & SYN) === 0) {
    changes.push(["seq + 1", { ...tcp, seq: (tcp.seq + 1) % 2 ** 32 }]);
  }
  changes.push(["length + 1", { ...tcp, length: tcp.length + 1 }]);
  if (tcp.length > 0) {
    changes.push(["length - 1", { ...tcp, length: tcp.length - 1 }]);
  }
  changes.push(["ack + 1", { ...tcp, ack: tcp.ack + 1 }]);
  if (tcp.window !== null) {
    changes.push(["win + 1", { ...tcp, window: (tcp.window + 1) % 0x10000 }]);
  }
  changes.push(["urg + 1", { ...tcp, urgent: tcp.urgent + 1 }]);
  return changes;
}

function optionChanges(
  options: readonly TcpOption[] | null,
  comparesTimestamps: boolean,
  isFirstTimestamp: boolean,
): [string, readonly TcpOption[]][] {
  if (options === null) return [];
  const changes: [string, readonly TcpOption[]][] = [["an option more", [
    ...options,
    { kind: "nop" },
  ]]];
  if (options.length > 0) {
    changes.push(["an option less", options.slice(0, -1)]);
  }
  options.forEach((option, i) => {
    for (
      const [name, changed] of valueChanges(
        option,
        comparesTimestamps,
        isFirstTimestamp,
      )
    ) {
      changes.push([name, options.with(i, changed)]);
    }
  });
  return changes;
}

function valueChanges(
  option: TcpOption,
  comparesTimestamps: boolean,
  isFirstTimestamp: boolean,
): [string, TcpOption][] {
  switch (option.kind) {
    case "mss":
      return [["mss + 1", { ...option, value: option.value + 1 }]];
    case "wscale":
      return option.value === null
        ? []
        : [["wscale + 1", { ...option, value: option.value + 1 }]];
    case "sack":
      return option.edges.map((
        edge,
        i,
      ) => [`sack edge ${i} + 1`, {
        ...option,
        edges: option.edges.with(i, edge + 1),
      }]);
    case "FO":
      return option.cookie.length === 0 ? [] : [["cookie", {
        ...option,
        cookie: option.cookie.with(0, option.cookie[0] ^ 1),
      }]];
    case "TS": {
      if (!comparesTimestamps) return [];
      const echo: [string, TcpOption] = ["TS ecr + 1", {
        ...option,
        ecr: option.ecr + 1,
      }];
      return isFirstTimestamp
        ? [echo]
        : [echo, ["TS val + 5000", { ...option, val: option.val + 5_000 }]];
    }
    default:
      return [];
  }
}

function shiftTime(time: EventTime): EventTime | null {
  switch (time.kind) {
    case "absolute":
      return { ...time, at: time.at + TIME_SHIFT };
    case "relative":
      return { ...time, after: time.after + TIME_SHIFT };
    case "any":
      return null;
    default:
      return {
        ...time,
        from: time.to + TIME_SHIFT,
        to: time.to + 2 * TIME_SHIFT,
      };
  }
}
