/**
 * WskGetAddressInfo, WskFreeAddressInfo and WskGetNameInfo.
 *
 * Both lookups always pend. A name that does not resolve completes with
 * STATUS_NOT_FOUND, as Windows does, not with the STATUS_NO_MATCH of its
 * documentation, and Information stays 0.
 *
 * @module
 */
import type { IpAddress } from "../wire/ip_address.ts";
import type { ADDRINFOEXW } from "./address_info.ts";
import { BAD_POOL_CALLER, requireKernel } from "./bug_check.ts";
import type { Client } from "./client.ts";
import { requestOnClient, settleOnClient } from "./client_request.ts";
import {
  AF_INET,
  AF_INET6,
  AF_UNSPEC,
  AI_CANONNAME,
  AI_NUMERICHOST,
  AI_PASSIVE,
  NI_NAMEREQD,
  NI_NOFQDN,
  NI_NUMERICHOST,
  NI_NUMERICSERV,
} from "./constants.ts";
import type { POINTER, UNICODE_STRING } from "./c_types.ts";
import type { WSK_CLIENT } from "./dispatch.ts";
import type { IRP } from "./irp.ts";
import { defaultAddresses, portOf, serviceOf, textOf } from "./names.ts";
import {
  type Endpoint,
  endpointOf,
  familyOf,
  type SOCKADDR,
  sockaddrOf,
  sockaddrSize,
} from "./sockaddr.ts";
import {
  type NTSTATUS,
  STATUS_BUFFER_TOO_SMALL,
  STATUS_CANCELLED,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_FOUND,
  STATUS_PENDING,
  STATUS_SUCCESS,
  STATUS_UNEXPECTED_NETWORK_ERROR,
} from "./status.ts";
import type { PEPROCESS, PETHREAD } from "./structures.ts";
import { tryParseIpAddress } from "../wire/ip_address.ts";

const allocated = new WeakSet<ADDRINFOEXW>();

/** Resolves `NodeName`, `ServiceName` or both; `Result` is the first of a list, to be freed by WskFreeAddressInfo. */
export function WskGetAddressInfo(
  Client: WSK_CLIENT,
  NodeName: UNICODE_STRING | null,
  ServiceName: UNICODE_STRING | null,
  _NameSpace: number,
  _Provider: string | null,
  Hints: ADDRINFOEXW | null,
  Result: POINTER<ADDRINFOEXW | null>,
  _OwningProcess: PEPROCESS | null,
  _OwningThread: PETHREAD | null,
  Irp: IRP,
): NTSTATUS {
  return requestOnClient(Client, Irp, (client) => {
    const node = NodeName?.Buffer ?? null;
    const service = ServiceName?.Buffer ?? null;
    if ((!node && !service) || !Result) return STATUS_INVALID_PARAMETER;
    const port = service ? portOf(service) : 0;
    return lookUp(client, Irp, async () => {
      const found = port < 0 ? [] : await addressesOf(client, node, Hints);
      const family = Hints?.ai_family ?? AF_UNSPEC;
      const list = listOf(found, port, family, node, Hints);
      if (list === null) return () => STATUS_NOT_FOUND;
      return () => {
        allocated.add(list);
        Result.value = list;
        return STATUS_SUCCESS;
      };
    });
  });
}

/** Frees what WskGetAddressInfo returned; throws the second time, and for anything else. */
export function WskFreeAddressInfo(
  _Client: WSK_CLIENT,
  AddrInfo: ADDRINFOEXW,
): void {
  requireKernel(
    allocated.delete(AddrInfo),
    BAD_POOL_CALLER,
    "Cannot free ADDRINFOEXW: it is not the first of a list WskGetAddressInfo returned, or it is freed already",
  );
}

/** Names an address and its port; the strings' MaximumLength must leave room for a NUL. */
export function WskGetNameInfo(
  Client: WSK_CLIENT,
  SockAddr: SOCKADDR,
  SockAddrLength: number,
  NodeName: UNICODE_STRING | null,
  ServiceName: UNICODE_STRING | null,
  Flags: number,
  _OwningProcess: PEPROCESS | null,
  _OwningThread: PETHREAD | null,
  Irp: IRP,
): NTSTATUS {
  return requestOnClient(Client, Irp, (client) => {
    const endpoint = SockAddr && endpointOf(SockAddr, familyOf(SockAddr));
    if ((!NodeName && !ServiceName) || !endpoint) {
      return STATUS_INVALID_PARAMETER;
    }
    const least = sockaddrSize(familyOf(SockAddr));
    if (SockAddrLength < least || SockAddrLength > 128) {
      return STATUS_INVALID_PARAMETER;
    }
    return lookUp(client, Irp, async () => {
      const node = NodeName && await nodeNameOf(client, endpoint, Flags);
      if (NodeName && node === null) return () => STATUS_NOT_FOUND;
      const service = (Flags & NI_NUMERICSERV) !== 0
        ? String(endpoint.port)
        : serviceOf(endpoint.port);
      return () =>
        fill(NodeName, node ?? "") && fill(ServiceName, service)
          ? STATUS_SUCCESS
          : STATUS_BUFFER_TOO_SMALL;
    });
  });
}

/** Runs a lookup; its result is stored and the IRP settled unless it was cancelled meanwhile. */
function lookUp(
  client: Client,
  irp: IRP,
  find: () => Promise<() => NTSTATUS>,
): NTSTATUS {
  let over = false;
  const settle = (store: () => NTSTATUS): void => {
    if (over) return;
    over = true;
    settleOnClient(client, irp, store(), 0);
  };
  client.begin();
  irp.onCancel(() => settle(() => STATUS_CANCELLED));
  find().then(settle, () => settle(() => STATUS_UNEXPECTED_NETWORK_ERROR));
  return STATUS_PENDING;
}

async function addressesOf(
  client: Client,
  node: string | null,
  hints: ADDRINFOEXW | null,
): Promise<readonly IpAddress[]> {
  const flags = hints?.ai_flags ?? 0;
  if (!node) {
    return defaultAddresses((flags & AI_PASSIVE) !== 0 ? "listen" : "connect");
  }
  if ((flags & AI_NUMERICHOST) !== 0) {
    const literal = tryParseIpAddress(node);
    return literal === null ? [] : [literal];
  }
  return await client.provider.names.addressesOf(node);
}

function listOf(
  addresses: readonly IpAddress[],
  port: number,
  family: number,
  node: string | null,
  hints: ADDRINFOEXW | null,
): ADDRINFOEXW | null {
  const wantsName = ((hints?.ai_flags ?? 0) & AI_CANONNAME) !== 0;
  let first: ADDRINFOEXW | null = null;
  for (const address of addresses.toReversed()) {
    const ai_family = address.family === 4 ? AF_INET : AF_INET6;
    if (family !== AF_UNSPEC && family !== ai_family) continue;
    first = {
      ai_flags: 0,
      ai_family,
      ai_socktype: hints?.ai_socktype ?? 0,
      ai_protocol: hints?.ai_protocol ?? 0,
      ai_addrlen: sockaddrSize(ai_family),
      ai_canonname: null,
      ai_addr: sockaddrOf({ address, port }, ai_family),
      ai_blob: null,
      ai_bloblen: 0,
      ai_provider: null,
      ai_next: first,
    };
  }
  if (first !== null && wantsName) first.ai_canonname = node;
  return first;
}

async function nodeNameOf(
  client: Client,
  { address }: Endpoint,
  flags: number,
): Promise<string | null> {
  if ((flags & NI_NUMERICHOST) !== 0) return textOf(address);
  const name = await client.provider.names.nameOf(address);
  if (name === null) {
    return (flags & NI_NAMEREQD) !== 0 ? null : textOf(address);
  }
  return (flags & NI_NOFQDN) !== 0 ? name.split(".")[0] : name;
}

/** Whether the text and its NUL fitted. */
function fill(out: UNICODE_STRING | null, text: string): boolean {
  if (out === null) return true;
  if (2 * text.length + 2 > out.MaximumLength) return false;
  out.Buffer = text;
  return true;
}
