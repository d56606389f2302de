/**
 * The option list of a TCP header in tcpdump's words.
 *
 * @module
 */
import {
  TCP_EXPERIMENT_FAST_OPEN,
  TCP_OPTION_AO,
  TCP_OPTION_END,
  TCP_OPTION_EXPERIMENT_2,
  TCP_OPTION_FAST_OPEN,
  TCP_OPTION_MD5,
  TCP_OPTION_MSS,
  TCP_OPTION_NOP,
  TCP_OPTION_SACK,
  TCP_OPTION_SACK_PERMITTED,
  TCP_OPTION_TIMESTAMPS,
  TCP_OPTION_WINDOW_SCALE,
} from "./tcp_options.ts";

/**
 * The option list. tcpdump reads a known kind's value at its proper length
 * whatever the length octet says, and remarks on the difference afterwards.
 */
export class OptionPrinter {
  /** What has been printed so far. */
  text = "";
  readonly #view: DataView;
  readonly #end: number;
  #at: number;

  /** Prepares to print what begins at `at`; nothing at or behind `end` is read. */
  constructor(view: DataView, at: number, end: number) {
    this.#view = view;
    this.#at = at;
    this.#end = end;
  }

  /** Prints the options in the next `length` bytes. Whether they were sound; else `text` says how not. */
  print(length: number): boolean {
    const limit = this.#at + length;
    for (let separator = ""; this.#at < limit; separator = ",") {
      this.text += separator;
      if (this.#at >= this.#end) return this.#cut();
      const kind = this.#view.getUint8(this.#at);
      if (kind === TCP_OPTION_END) {
        this.text += "eol";
        return true;
      }
      if (kind === TCP_OPTION_NOP) {
        this.text += "nop";
        this.#at++;
        continue;
      }
      if (this.#at + 1 >= this.#end) return this.#cut();
      const optionLength = this.#view.getUint8(this.#at + 1);
      const room = limit - this.#at;
      if (optionLength < 2 || optionLength > room) {
        return this.#bad(separator);
      }
      this.#at += 2;
      const value = valueLength(kind, optionLength);
      if (value > room - 2) return this.#bad(separator, optionName(kind));
      if (this.#at + value > this.#end) return this.#cut(optionName(kind));
      this.text += optionName(kind) +
        prettyValue(this.#view, this.#at, kind, value);
      this.#at += value;
      if (value + 2 !== optionLength) this.text += `[len ${optionLength}]`;
    }
    return true;
  }

  #cut(name = ""): boolean {
    this.text += `${name} [|tcp]`;
    return false;
  }

  #bad(separator: string, name = ""): boolean {
    this.text += `${name}[bad opt]${separator === "" ? "" : "]"}`;
    return false;
  }
}

const OPTION_NAMES: Readonly<Record<number, string>> = {
  [TCP_OPTION_MSS]: "mss",
  [TCP_OPTION_WINDOW_SCALE]: "wscale",
  [TCP_OPTION_SACK_PERMITTED]: "sackOK",
  [TCP_OPTION_SACK]: "sack",
  [TCP_OPTION_TIMESTAMPS]: "TS",
  [TCP_OPTION_MD5]: "md5",
  [TCP_OPTION_AO]: "tcp-ao",
  [TCP_OPTION_FAST_OPEN]: "tfo",
  [TCP_OPTION_EXPERIMENT_2]: "exp",
};

function optionName(kind: number): string {
  return OPTION_NAMES[kind] ?? `unknown-${kind}`;
}

/** Bytes of a kind's value: its own where it has one, else what the length octet leaves. */
function valueLength(kind: number, optionLength: number): number {
  switch (kind) {
    case TCP_OPTION_MSS:
      return 2;
    case TCP_OPTION_WINDOW_SCALE:
      return 1;
    case TCP_OPTION_SACK_PERMITTED:
      return 0;
    case TCP_OPTION_TIMESTAMPS:
      return 8;
    case TCP_OPTION_MD5:
      return 16;
    default:
      return optionLength - 2;
  }
}

function prettyValue(
  view: DataView,
  at: number,
  kind: number,
  length: number,
): string {
  switch (kind) {
    case TCP_OPTION_MSS:
      return ` ${view.getUint16(at)}`;
    case TCP_OPTION_WINDOW_SCALE:
      return ` ${view.getUint8(at)}`;
    case TCP_OPTION_SACK_PERMITTED:
      return "";
    case TCP_OPTION_SACK:
      return prettySack(view, at, length);
    case TCP_OPTION_TIMESTAMPS:
      return ` val ${view.getUint32(at)} ecr ${view.getUint32(at + 4)}`;
    case TCP_OPTION_MD5:
      return ` ${hexBytes(view, at, length)}`;
    case TCP_OPTION_AO:
      return prettyAo(view, at, length);
    case TCP_OPTION_FAST_OPEN:
      return ` ${prettyCookie(view, at, length)}`;
    case TCP_OPTION_EXPERIMENT_2:
      return prettyExperiment(view, at, length);
    default:
      return length === 0 ? "" : ` 0x${hexBytes(view, at, length)}`;
  }
}

function prettySack(view: DataView, at: number, length: number): string {
  if (length % 8 !== 0) return " invalid sack";
  let text = ` ${length / 8} `;
  for (let i = 0; i < length; i += 8) {
    text += `{${view.getUint32(at + i)}:${view.getUint32(at + i + 4)}}`;
  }
  return text;
}

function prettyAo(view: DataView, at: number, length: number): string {
  if (length < 2) return " (invalid)";
  const keys = ` keyid ${view.getUint8(at)} rnextkeyid ${
    view.getUint8(at + 1)
  }`;
  return length === 2
    ? keys
    : `${keys} mac 0x${hexBytes(view, at + 2, length - 2)}`;
}

function prettyExperiment(view: DataView, at: number, length: number): string {
  if (length < 2) return " (invalid)";
  const magic = view.getUint16(at);
  return magic === TCP_EXPERIMENT_FAST_OPEN
    ? `-tfo${prettyCookie(view, at + 2, length - 2)}`
    : `-${magic.toString(16).padStart(4, "0")}`;
}

function prettyCookie(view: DataView, at: number, length: number): string {
  if (length === 0) return " cookiereq";
  if (length % 2 !== 0 || length < 4 || length > 16) return " (invalid)";
  return ` cookie ${hexBytes(view, at, length)}`;
}

function hexBytes(view: DataView, at: number, length: number): string {
  let text = "";
  for (let i = 0; i < length; i++) {
    text += view.getUint8(at + i).toString(16).padStart(2, "0");
  }
  return text;
}
