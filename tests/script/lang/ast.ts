/**
 * What a packet script says, as data.
 *
 * The language is packetdrill's: option lines, an optional first command, a
 * list of timed events, an optional last command. Each event is a packet, a
 * system call, a shell command or a piece of Python. The tree keeps what was
 * written and decides nothing: names of constants, of ICMP types and of
 * options stay words here, because what they mean depends on the executor and
 * on the address family.
 *
 * @module
 */

/** Where something was written; both count from 1. */
export interface Position {
  /** Line in the file. */
  readonly line: number;
  /** Column in the line. */
  readonly column: number;
}

/** A whole script. */
export interface Script {
  /** File name, as given. */
  readonly path: string;
  /** Its text, for quoting in messages. */
  readonly source: string;
  /** `--name=value` lines at the head. */
  readonly options: readonly ScriptOption[];
  /** The command before the first event, which sets up. */
  readonly init: CommandAction | null;
  /** The timed events, in order. */
  readonly events: readonly ScriptEvent[];
  /** The command after the last event, which cleans up. */
  readonly cleanup: CommandAction | null;
}

/** `--name=value`, or `--name` with a null value. */
export interface ScriptOption {
  /** Name without the dashes. */
  readonly name: string;
  /** Text after the equals sign. */
  readonly value: string | null;
  /** Where the option begins. */
  readonly position: Position;
}

/** When an event is due; all numbers in µs. */
export type EventTime =
  | { readonly kind: "absolute"; readonly at: number }
  | { readonly kind: "relative"; readonly after: number }
  | { readonly kind: "any" }
  | {
    readonly kind: "absoluteRange";
    readonly from: number;
    readonly to: number;
  }
  | {
    readonly kind: "relativeRange";
    readonly from: number;
    readonly to: number;
  };

/** One timed line. */
export interface ScriptEvent {
  /** When. */
  readonly time: EventTime;
  /** What. */
  readonly action: Action;
  /** Where its time was written. */
  readonly position: Position;
}

/** What an event does or expects. */
export type Action = PacketAction | CallAction | CommandAction | CodeAction;

/** A shell command in backticks. */
export interface CommandAction {
  /** Discriminant. */
  readonly kind: "command";
  /** The command line without its backticks. */
  readonly text: string;
  /** Where it begins. */
  readonly position: Position;
}

/** Python between `%{` and `}%`. */
export interface CodeAction {
  /** Discriminant. */
  readonly kind: "code";
  /** The statements, outer blanks removed. */
  readonly text: string;
  /** Where it begins. */
  readonly position: Position;
}

/** A packet: `inbound` ones (`<`) are injected, outbound ones (`>`) are expected. */
export interface PacketAction {
  /** Discriminant. */
  readonly kind: "packet";
  /** Seen from the system under test. */
  readonly direction: "inbound" | "outbound";
  /** What was written about the IP header. */
  readonly ip: IpSpec;
  /** Names of outer headers (IPv4-in-IPv4, GRE, MPLS), outermost first; nothing here can run them. */
  readonly encapsulation: readonly string[];
  /** Ports, when written; 0 means "the flow's own". */
  readonly sourcePort: number;
  /** The other port. */
  readonly destinationPort: number;
  /** The transport part. */
  readonly transport: TransportSpec;
  /** The packet asks for mutation (`{mut …}`), which nothing here does. */
  readonly mutated: boolean;
  /** Where its direction sign is. */
  readonly position: Position;
}

/** The IP header's written parts; null fields were not written. */
export interface IpSpec {
  /** ECN field 0..3, `"ect01"` for either ECT, or null. */
  readonly ecn: number | "ect01" | null;
  /** Whole TOS or traffic class octet, or null. */
  readonly trafficClass: number | null;
  /** IPv6 flow label, or null. */
  readonly flowLabel: number | null;
  /** TTL or hop limit, or null. */
  readonly hopLimit: number | null;
}

/** The transport part of a packet. */
export type TransportSpec = TcpSpec | UdpSpec | IcmpSpec;

/** A TCP segment in script sequence space. */
export interface TcpSpec {
  /** Discriminant. */
  readonly kind: "tcp";
  /** `TCP_*` bits of engine/wire; 0x100 is the AE bit. */
  readonly flags: number;
  /** The flags gave the three ECN bits as one count (`.5`). */
  readonly isAceCount: boolean;
  /** First sequence number, 0..2^32 - 1. */
  readonly seq: number;
  /** Payload bytes. */
  readonly length: number;
  /** Acknowledgment number, 0 when not written. */
  readonly ack: number;
  /** Window field 0..65535, or null when not written (outbound only: not compared). */
  readonly window: number | null;
  /** Urgent pointer. */
  readonly urgent: number;
  /** Options in order; null for `<...>` (not compared). */
  readonly options: readonly TcpOption[] | null;
}

/** One TCP option as written. */
export type TcpOption =
  | { readonly kind: "nop" }
  | { readonly kind: "eol" }
  | { readonly kind: "mss"; readonly value: number }
  | {
    readonly kind: "wscale"; /** null is `wscale *`: any. */
    readonly value: number | null;
  }
  | { readonly kind: "sackOK" }
  | {
    readonly kind: "sack"; /** Left and right edges in turn. */
    readonly edges: readonly number[];
  }
  | { readonly kind: "TS"; readonly val: number; readonly ecr: number }
  | {
    readonly kind: "FO";
    readonly cookie: Uint8Array;
    readonly experimental: boolean;
  }
  | { readonly kind: "md5"; readonly digest: Uint8Array }
  | {
    readonly kind: "ECN"; /** Counter names in order with their values. */
    readonly counters: readonly AccurateEcnCounter[];
  }
  | {
    readonly kind: "raw";
    readonly optionKind: number;
    readonly data: Uint8Array;
  }
  | { readonly kind: "unsupported"; readonly text: string };

/** One 24-bit counter of an Accurate ECN option. */
export interface AccurateEcnCounter {
  /** Which codepoint it counts. */
  readonly name: "e0b" | "ceb" | "e1b";
  /** Bytes, modulo 2^24. */
  readonly value: number;
}

/** A UDP datagram. */
export interface UdpSpec {
  /** Discriminant. */
  readonly kind: "udp";
  /** Payload bytes. */
  readonly length: number;
}

/** An ICMP message. */
export interface IcmpSpec {
  /** Discriminant. */
  readonly kind: "icmp";
  /** Type by name, or `type_N`. */
  readonly type: string;
  /** Code by name, or `code_N`, or null. */
  readonly code: string | null;
  /** Reported MTU, or null. */
  readonly mtu: number | null;
  /** Echo identifier, or 0. */
  readonly echoId: number;
  /** What the message quotes. */
  readonly quoted: IcmpQuote;
}

/** The packet an ICMP message quotes. */
export interface IcmpQuote {
  /** Transport of the quoted packet; raw quotes nothing and pads. */
  readonly protocol: "tcp" | "udp" | "raw";
  /** First sequence number of a quoted segment. */
  readonly seq: number;
  /** Payload bytes of the quoted packet. */
  readonly length: number;
}

/** A system call with its expected result. */
export interface CallAction {
  /** Discriminant. */
  readonly kind: "call";
  /** Name, such as `setsockopt`. */
  readonly name: string;
  /** Arguments as written. */
  readonly args: readonly Expression[];
  /** Expected return value. */
  readonly result: Expression;
  /** Name of the expected error, or null. */
  readonly errno: string | null;
  /** When a blocking call is expected to return, µs on the same base as the event's time; null for a call that returns at once. */
  readonly end: number | null;
  /** Where the name is. */
  readonly position: Position;
}

/** An argument or a result. */
export type Expression =
  | { readonly kind: "ellipsis"; readonly position: Position }
  | {
    readonly kind: "integer";
    readonly value: number;
    readonly position: Position;
  }
  | {
    readonly kind: "word";
    readonly name: string;
    readonly position: Position;
  }
  | {
    readonly kind: "string";
    readonly bytes: Uint8Array;
    readonly position: Position;
  }
  | {
    readonly kind: "or";
    readonly left: Expression;
    readonly right: Expression;
    readonly position: Position;
  }
  | {
    readonly kind: "list";
    readonly items: readonly Expression[];
    readonly position: Position;
  }
  | {
    readonly kind:
      "record"; /** Members by name: `fd`, `msg_iov`, `sa_family`, … */
    readonly fields: ReadonlyMap<string, Expression>;
    readonly position: Position;
  }
  | {
    readonly kind:
      "braces"; /** `{...}` without names: an iovec or a list of values. */
    readonly items: readonly Expression[];
    readonly position: Position;
  }
  | {
    readonly kind: "call"; /** `htons(8080)`, `inet_addr("192.0.2.1")`. */
    readonly name: string;
    readonly args: readonly Expression[];
    readonly position: Position;
  };
