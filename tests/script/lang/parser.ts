/**
 * Tokens into a {@linkcode Script}: options, times and the choice of action.
 *
 *     script  := option* [command] event+ [command]
 *     event   := time action
 *     time    := T | +T | * | T~T | +T~+T
 *     action  := packet | [...T] call | command | code
 *
 * Packets are in parse_packet.ts, calls in parse_call.ts.
 *
 * @module
 */
import type {
  CommandAction,
  EventTime,
  Script,
  ScriptEvent,
  ScriptOption,
} from "./ast.ts";
import { tokenize } from "./lexer.ts";
import { parseCall } from "./parse_call.ts";
import { parsePacket } from "./parse_packet.ts";
import { TokenStream } from "./token_stream.ts";

/**
 * Reads a script.
 *
 * @param defines values of `-D NAME=value`; the file's own `--define` lines yield to them
 * @throws ScriptError naming file, line and column
 */
export function parseScript(
  path: string,
  source: string,
  defines: ReadonlyMap<string, string> = new Map(),
): Script {
  const draft = new TokenStream(path, source, tokenize(path, source, defines));
  const all = new Map(definitionsOf(parseOptions(draft)));
  for (const [name, value] of defines) all.set(name, value);

  const stream = new TokenStream(path, source, tokenize(path, source, all));
  const options = parseOptions(stream);
  const init = takeCommand(stream);
  const events: ScriptEvent[] = [];
  while (isTimeAhead(stream)) events.push(parseEvent(stream));
  if (events.length === 0) stream.fail("expected an event");
  const cleanup = takeCommand(stream);
  if (stream.peek().kind !== "end") stream.fail("expected an event's time");
  return { path, source, options, init, events, cleanup };
}

function parseOptions(stream: TokenStream): ScriptOption[] {
  const options: ScriptOption[] = [];
  while (stream.peek().kind === "option") {
    const token = stream.next();
    const value = stream.takeSign("=") ? takeGluedText(stream) : null;
    options.push({ name: token.text, value, position: token.position });
  }
  return options;
}

/** The value of an option: whatever stands there without a blank. */
function takeGluedText(stream: TokenStream): string {
  let text = "";
  do {
    const token = stream.next();
    if (token.kind === "end") stream.fail("expected the option's value");
    const quote = token.kind === "string"
      ? '"'
      : token.kind === "command"
      ? "`"
      : "";
    text += quote + token.text + quote;
  } while (stream.peek().isGlued);
  return /^"[^"]*"$/.test(text) ? text.slice(1, -1) : text;
}

function definitionsOf(options: readonly ScriptOption[]): [string, string][] {
  return options
    .filter((option) =>
      option.name === "define" && option.value?.includes("=") === true
    )
    .map((option) => {
      const text = option.value ?? "";
      const equals = text.indexOf("=");
      return [text.slice(0, equals), text.slice(equals + 1)];
    });
}

function takeCommand(stream: TokenStream): CommandAction | null {
  if (stream.peek().kind !== "command") return null;
  const token = stream.next();
  return { kind: "command", text: token.text, position: token.position };
}

function isTimeAhead(stream: TokenStream): boolean {
  const kind = stream.peek().kind;
  return kind === "integer" || kind === "float" || stream.isSign("+") ||
    stream.isSign("*");
}

function parseEvent(stream: TokenStream): ScriptEvent {
  const position = stream.peek().position;
  const time = parseTime(stream);
  const token = stream.peek();
  let action: ScriptEvent["action"];
  if (stream.isSign("<") || stream.isSign(">")) action = parsePacket(stream);
  else if (token.kind === "command") {
    action = {
      kind: "command",
      text: stream.next().text,
      position: token.position,
    };
  } else if (token.kind === "code") {
    action = {
      kind: "code",
      text: stream.next().text,
      position: token.position,
    };
  } else if (token.kind === "ellipsis") {
    stream.next();
    action = parseCall(stream, takeTime(stream));
  } else if (token.kind === "word") action = parseCall(stream, null);
  else stream.fail("expected a packet, a system call, a command or code");

  const isExpectation = action.kind === "packet" &&
    action.direction === "outbound";
  if (
    !isExpectation &&
    (time.kind === "any" || time.kind === "absoluteRange" ||
      time.kind === "relativeRange")
  ) {
    stream.failAt(
      position,
      `a time of the form "${
        time.kind === "any" ? "*" : "T~T"
      }" is for outbound packets only`,
    );
  }
  return { time, action, position };
}

function parseTime(stream: TokenStream): EventTime {
  if (stream.takeSign("*")) return { kind: "any" };
  const position = stream.peek().position;
  const isRelative = stream.takeSign("+");
  const from = takeTime(stream);
  if (!stream.takeSign("~")) {
    return isRelative
      ? { kind: "relative", after: from }
      : { kind: "absolute", at: from };
  }
  if (isRelative) stream.expectSign("+");
  const to = takeTime(stream);
  if (to < from) {
    stream.failAt(
      position,
      `time range is backwards: ${from / 1e6}~${to / 1e6}`,
    );
  }
  return { kind: isRelative ? "relativeRange" : "absoluteRange", from, to };
}

/** Seconds, as written, in µs. */
function takeTime(stream: TokenStream): number {
  const token = stream.peek();
  if (token.kind !== "integer" && token.kind !== "float") {
    stream.fail("expected a time in seconds");
  }
  const seconds = Number(token.text);
  if (seconds < 0) stream.fail("expected a time that is not negative");
  stream.next();
  return Math.round(seconds * 1e6);
}
