/**
 * SIO_ADDRESS_LIST_QUERY, _CHANGE and _SORT.
 *
 * @module
 */
import type { ControlRequest } from "./control_request.ts";
import { AF_INET } from "./constants.ts";
import {
  endpointOf,
  familyOf,
  type SOCKADDR,
  sockaddrOf,
  sockaddrSize,
} from "./sockaddr.ts";
import {
  type NTSTATUS,
  STATUS_BUFFER_OVERFLOW,
  STATUS_INVALID_PARAMETER,
  STATUS_PENDING,
  STATUS_SUCCESS,
} from "./status.ts";
import { SOCKET_ADDRESS_LIST } from "./structures.ts";

/** Fills a SOCKET_ADDRESS_LIST with the local addresses of the socket's family. */
export function queryAddressList(request: ControlRequest): NTSTATUS {
  const { socket, output, outputSize } = request;
  const { family } = socket.kind;
  const wanted = family === AF_INET ? 4 : 6;
  const addresses = socket.client.provider.transport.addresses()
    .filter((address) => address.family === wanted);
  // INT count and padding, then per address a pointer, a length and the address itself.
  request.returned = 8 + addresses.length * (16 + sockaddrSize(family));
  if (outputSize < request.returned) return STATUS_BUFFER_OVERFLOW;
  if (!(output instanceof SOCKET_ADDRESS_LIST)) return STATUS_INVALID_PARAMETER;
  output.Address = addresses.map((address) => ({
    lpSockaddr: sockaddrOf({ address, port: 0 }, family),
    iSockaddrLength: sockaddrSize(family),
  }));
  output.iAddressCount = output.Address.length;
  return STATUS_SUCCESS;
}

/** Completes when a local address comes or goes. */
export function changeAddressList({ socket, irp }: ControlRequest): NTSTATUS {
  if (irp === null) return STATUS_INVALID_PARAMETER;
  const { provider } = socket.client;
  provider.transport.watchAddresses();
  provider.watch(socket.watching, irp);
  return STATUS_PENDING;
}

/** Sorts destinations: those a route leads to first, otherwise as they came. */
export function sortAddressList(request: ControlRequest): NTSTATUS {
  const { input, output, outputSize, inputSize } = request;
  if (!(input instanceof SOCKET_ADDRESS_LIST)) return STATUS_INVALID_PARAMETER;
  request.returned = inputSize;
  if (outputSize < inputSize) return STATUS_BUFFER_OVERFLOW;
  if (!(output instanceof SOCKET_ADDRESS_LIST)) return STATUS_INVALID_PARAMETER;
  const { transport } = request.socket.client.provider;
  const rank = (address: SOCKADDR): number => {
    const endpoint = endpointOf(address, familyOf(address));
    return endpoint && transport.sourceFor(endpoint.address) ? 0 : 1;
  };
  output.Address = input.Address
    .map((entry) => ({ entry, rank: rank(entry.lpSockaddr) }))
    .sort((a, b) => a.rank - b.rank)
    .map(({ entry }) => entry);
  output.iAddressCount = output.Address.length;
  return STATUS_SUCCESS;
}
