/**
 * IP addresses as people write them: RFC 4291 §2.2 read strictly, RFC 5952 written.
 *
 * Words in, words out; the class and its errors are in ip_address.ts.
 *
 *     text                 words
 *     10.0.0.1             0         0  0000ffff  0a000001
 *     ::ffff:10.0.0.1      the same: an IPv4-mapped address is an IPv4 address
 *     2001:db8::1          20010db8  0  0         00000001
 *
 * Strictly: four decimal octets without leading zeros (`010` is 8 to some
 * readers and 10 to others, so it is nothing here), groups of one to four
 * hexadecimal digits, at most one `::`, which stands for at least one group,
 * a dotted quad only at the end. Zone identifiers (`%eth0`) are not part of
 * an address.
 *
 * @module
 */

/** The third word of every IPv4-mapped address, as in ip_address.ts. */
const MAPPED = 0x0000ffff;

/** The four words of an address of either family, or null when `text` is none. */
export function parseIpWords(
  text: string,
): readonly [number, number, number, number] | null {
  if (!text.includes(":")) {
    const word = parseIpv4Word(text);
    return word === null ? null : [0, 0, MAPPED, word];
  }
  const halves = text.split("::");
  if (halves.length > 2) return null;
  const isWhole = halves.length === 1;
  const head = parseGroups(halves[0], isWhole ? 1 : 0);
  const tail = isWhole ? [] : parseGroups(halves[1], 1);
  if (head === null || tail === null) return null;
  const missing = 8 - head.length - tail.length;
  if (isWhole ? missing !== 0 : missing < 1) return null;
  const groups = [...head, ...new Array<number>(missing).fill(0), ...tail];
  const word = (i: number): number => groups[2 * i] << 16 | groups[2 * i + 1];
  return [word(0), word(1), word(2), word(3)];
}

/** The word of a dotted quad, or null when `text` is none. */
export function parseIpv4Word(text: string): number | null {
  const octets = text.split(".");
  if (octets.length !== 4) return null;
  let word = 0;
  for (const octet of octets) {
    if (!/^(?:0|[1-9][0-9]{0,2})$/.test(octet) || Number(octet) > 255) {
      return null;
    }
    word = word << 8 | Number(octet);
  }
  return word;
}

/** The address in its one canonical spelling, RFC 5952 §4; IPv4-mapped words as a dotted quad. */
export function formatIpWords(
  w0: number,
  w1: number,
  w2: number,
  w3: number,
): string {
  if (w0 === 0 && w1 === 0 && w2 === MAPPED) return formatIpv4Word(w3);
  const groups = [w0, w1, w2, w3].flatMap((w) => [w >>> 16, w & 0xffff]);
  const [start, length] = longestZeroRun(groups);
  const hex = groups.map((group) => group.toString(16));
  // RFC 5952 §4.2.2: `::` never stands for a single group.
  if (length < 2) return hex.join(":");
  return hex.slice(0, start).join(":") + "::" +
    hex.slice(start + length).join(":");
}

/** A dotted quad. */
export function formatIpv4Word(word: number): string {
  return `${word >>> 24}.${word >>> 16 & 255}.${word >>> 8 & 255}.${
    word & 255
  }`;
}

/** The 16-bit groups between colons; a dotted quad counts as two, where one may end the address (`maxQuads` 1). */
function parseGroups(text: string, maxQuads: number): number[] | null {
  if (text === "") return [];
  const groups: number[] = [];
  const parts = text.split(":");
  for (const [i, part] of parts.entries()) {
    if (/^[0-9a-fA-F]{1,4}$/.test(part)) {
      groups.push(parseInt(part, 16));
    } else {
      const quad = maxQuads > 0 && i === parts.length - 1
        ? parseIpv4Word(part)
        : null;
      if (quad === null) return null;
      groups.push(quad >>> 16, quad & 0xffff);
    }
  }
  return groups;
}

/** First and length of the longest run of zero groups, the first of equals (RFC 5952 §4.2.3). */
function longestZeroRun(groups: readonly number[]): [number, number] {
  let best = 0, bestLength = 0, length = 0;
  for (const [i, group] of groups.entries()) {
    length = group === 0 ? length + 1 : 0;
    if (length > bestLength) {
      bestLength = length;
      best = i + 1 - length;
    }
  }
  return [best, bestLength];
}
