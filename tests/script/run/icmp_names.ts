/**
 * ICMP types and codes by the names scripts use (RFC 792, RFC 4443).
 *
 * @module
 */

type Codes = Readonly<Record<string, number>>;
type Types = Readonly<Record<string, readonly [type: number, codes: Codes]>>;

const IPV4: Types = {
  echo_reply: [0, {}],
  unreachable: [3, {
    net_unreachable: 0,
    host_unreachable: 1,
    protocol_unreachable: 2,
    port_unreachable: 3,
    frag_needed: 4,
    source_route_failed: 5,
    net_unknown: 6,
    host_unknown: 7,
    source_host_isolated: 8,
    net_prohibited: 9,
    host_prohibited: 10,
    net_unreachable_for_tos: 11,
    host_unreachable_for_tos: 12,
    packet_filtered: 13,
    precedence_violation: 14,
    precedence_cutoff: 15,
  }],
  source_quench: [4, {}],
  redirect: [5, {}],
  echo_request: [8, {}],
  time_exceeded: [11, {}],
  parameter_problem: [12, {}],
  timestamp_request: [13, {}],
  timestamp_reply: [14, {}],
  information_request: [15, {}],
  information_reply: [16, {}],
  address_mask_request: [17, {}],
  address_mask_reply: [18, {}],
};

const IPV6: Types = {
  unreachable: [1, {
    net_unreachable: 0,
    no_route: 0,
    admin_prohibited: 1,
    not_neighbour: 2,
    address_unreachable: 3,
    port_unreachable: 4,
  }],
  packet_too_big: [2, {}],
  time_exceeded: [3, { exceeded_hop_limit: 0, exceeded_frag_time: 1 }],
  parameter_problem: [4, {
    header_field: 0,
    unknown_next_header: 1,
    unknown_option: 2,
  }],
  echo_request: [128, {}],
  echo_reply: [129, {}],
};

/** Type and code octets of the names, or null when the family has no such message. `type_N` and `code_N` are numbers. */
export function icmpNumbers(
  version: 4 | 6,
  type: string,
  code: string | null,
): readonly [number, number] | null {
  const entry = (version === 4 ? IPV4 : IPV6)[type];
  const typeNumber = entry?.[0] ?? numberAfter(type, "type_");
  const codeNumber = code === null
    ? 0
    : entry?.[1][code] ?? numberAfter(code, "code_");
  return typeNumber === null || codeNumber === null
    ? null
    : [typeNumber, codeNumber];
}

/** The names of a type and code, for printing. */
export function icmpNames(version: 4 | 6, type: number, code: number): string {
  for (
    const [name, [number, codes]] of Object.entries(version === 4 ? IPV4 : IPV6)
  ) {
    if (number !== type) continue;
    const codeName = Object.entries(codes).find(([, value]) => value === code)
      ?.[0];
    return codeName !== undefined
      ? `${name} ${codeName}`
      : code === 0
      ? name
      : `${name} code_${code}`;
  }
  return `type_${type} code_${code}`;
}

function numberAfter(text: string, prefix: string): number | null {
  const match = new RegExp(`^${prefix}(\\d+)$`).exec(text);
  const value = Number(match?.[1] ?? NaN);
  return value <= 0xff ? value : null;
}
