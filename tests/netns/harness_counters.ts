/**
 * The kernel's protocol counters as one flat record, named as `nstat` names them.
 *
 * `/proc/net/netstat` and `/proc/net/snmp` write two lines a group, names and
 * values, and each name counts only with its group: `TcpExt: … TCPFastOpenPassive`
 * is `TcpExtTCPFastOpenPassive`. `/proc/net/snmp6` has one full name a line.
 *
 * @module
 */

/** Counter values by name; a counter the kernel does not have is absent. */
export type Counters = Readonly<Record<string, number>>;

/** Reads the text of `/proc/net/netstat`, `snmp` and `snmp6`, in any order. */
export function parseCounters(text: string): Counters {
  const counters: Record<string, number> = {};
  const groups = new Map<string, readonly string[]>();
  for (const line of text.split("\n")) {
    const words = line.trim().split(/\s+/);
    if (words.length < 2) continue;
    if (!words[0].endsWith(":")) {
      counters[words[0]] = Number(words[1]);
      continue;
    }
    const group = words[0].slice(0, -1);
    const names = groups.get(group);
    if (names === undefined) {
      groups.set(group, words);
      continue;
    }
    for (let i = 1; i < words.length; i++) {
      counters[group + names[i]] = Number(words[i]);
    }
  }
  return counters;
}

/** Counters that moved from `before` to `after`, and by how much. */
export function countersMoved(before: Counters, after: Counters): Counters {
  const moved: Record<string, number> = {};
  for (const [name, value] of Object.entries(after)) {
    const by = value - (before[name] ?? 0);
    if (by !== 0) moved[name] = by;
  }
  return moved;
}
