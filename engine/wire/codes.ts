/**
 * What a parser answers: the packet is whole, or why it is not.
 *
 * Every `check*` and `parse*` of this layer returns {@linkcode WIRE_OK} or one
 * of the negative codes below; the caller counts the code and drops the packet
 * or answers with the ICMP error its RFC asks for. Nothing here throws because
 * of a packet.
 *
 * @module
 */

/** The packet is whole: no accessor of its layer reads outside it. */
export const WIRE_OK = 0;
/** Fewer bytes than the header needs. */
export const WIRE_TRUNCATED: number = -1;
/** The version field names another protocol. */
export const WIRE_BAD_VERSION: number = -2;
/** A header length below the minimum or beyond the packet. */
export const WIRE_BAD_HEADER_LENGTH: number = -3;
/** A length field that says more than has come, or less than the header. */
export const WIRE_BAD_LENGTH: number = -4;
/** A checksum that does not match. */
export const WIRE_BAD_CHECKSUM: number = -5;
/** A field whose value its RFC forbids. */
export const WIRE_BAD_FIELD: number = -6;
/** An option that is malformed, or does not fit. */
export const WIRE_BAD_OPTION: number = -7;
/** A well-formed packet of a kind this stack does not speak. */
export const WIRE_UNSUPPORTED: number = -8;
/** An IPv6 option that must be understood and is not, RFC 8200 §4.2. */
export const WIRE_UNKNOWN_OPTION: number = -9;
/** A next header that may not occur at its place, RFC 8200 §4. */
export const WIRE_UNKNOWN_NEXT_HEADER: number = -10;
/** A first fragment without the whole header chain, RFC 8200 §4.5. */
export const WIRE_INCOMPLETE_CHAIN: number = -11;

const NAMES: readonly string[] = [
  "ok",
  "truncated",
  "bad version",
  "bad header length",
  "bad length",
  "bad checksum",
  "bad field",
  "bad option",
  "unsupported",
  "unknown option",
  "unknown next header",
  "incomplete header chain",
];

/** The words for a code, for printing; `"code -99"` when there are none. */
export function wireCodeName(code: number): string {
  return NAMES[-code] ?? `code ${code}`;
}
