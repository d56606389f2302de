import { assert, assertEquals, assertThrows } from "@std/assert";
import documented from "../../../engine/tcp/states.md" with { type: "text" };
import * as state from "../../../engine/tcp/state.ts";

const ALL = Object.entries(state)
  .filter(([name]) => /^STATE_[A-Z0-9_]+$/.test(name) && name !== "STATE_NAMES")
  .map(([name, number]) => [name, number as number] as const);

Deno.test("stateDiagram() is the diagram in the documentation", () => {
  const drawn = /```mermaid\n([^`]+)```/.exec(documented)?.[1];
  assertEquals(drawn, state.stateDiagram());
});

Deno.test("STATE_NAMES has a name for each state, spelled as the constant", () => {
  assertEquals(ALL.length, 11);
  for (const [name, number] of ALL) {
    const spelled = state.STATE_NAMES[number].replaceAll("-", "_");
    assertEquals(`STATE_${spelled}`, name);
  }
});

Deno.test("transition() makes every legal move and refuses every other", () => {
  for (const [, from] of ALL) {
    for (const [, next] of ALL) {
      const tcb = { state: from };
      if (state.LEGAL[from] & 1 << next) {
        state.transition(tcb, next);
        assertEquals(tcb.state, next);
      } else {
        assertThrows(() => state.transition(tcb, next), TypeError);
        assertEquals(tcb.state, from);
      }
    }
  }
});

Deno.test("LEGAL lets every state end, and no state follow itself", () => {
  for (const [name, from] of ALL) {
    if (from !== state.STATE_CLOSED) {
      assert(state.LEGAL[from] & 1 << state.STATE_CLOSED, name);
    }
    assert((state.LEGAL[from] & 1 << from) === 0, name);
  }
});

Deno.test("LEGAL reaches every state from CLOSED", () => {
  let seen = 1 << state.STATE_CLOSED;
  for (let i = 0; i < ALL.length; i++) {
    for (const [, from] of ALL) if (seen & 1 << from) seen |= state.LEGAL[from];
  }
  for (const [name, number] of ALL) assert(seen & 1 << number, name);
});

Deno.test("the masks say of each state what RFC 9293 says", () => {
  const inMask = (mask: number): string[] =>
    ALL.filter(([, n]) => state.stateIn(n, mask)).map(([name]) => name.slice(6))
      .sort();
  assertEquals(inMask(state.SYNCHRONIZED), [
    "CLOSE_WAIT",
    "CLOSING",
    "ESTABLISHED",
    "FIN_WAIT_1",
    "FIN_WAIT_2",
    "LAST_ACK",
    "TIME_WAIT",
  ]);
  assertEquals(inMask(state.PEER_CLOSED), [
    "CLOSE_WAIT",
    "CLOSING",
    "LAST_ACK",
    "TIME_WAIT",
  ]);
  assertEquals(inMask(state.MAY_RECEIVE), [
    "ESTABLISHED",
    "FIN_WAIT_1",
    "FIN_WAIT_2",
    "SYN_RECEIVED",
  ]);
  assertEquals(inMask(state.MAY_SEND), [
    "CLOSE_WAIT",
    "ESTABLISHED",
    "SYN_RECEIVED",
    "SYN_SENT",
  ]);
});
