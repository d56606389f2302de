/**
 * SIO_TCP_INFO and TCP_ICMP_ERROR_INFO: what TCP can tell about a connection.
 *
 * Version 0 of TCP_INFO is answered; versions 1 and 2 add counters that the
 * engine does not keep, so they are not supported rather than answered with
 * zeros.
 *
 * @module
 */
import { readUlong } from "./c_types.ts";
import {
  AF_INET,
  AF_INET6,
  IPPROTO_ICMP,
  IPPROTO_ICMPV6,
} from "./constants.ts";
import type { ControlRequest } from "./control_request.ts";
import { sockaddrOf } from "./sockaddr.ts";
import {
  type NTSTATUS,
  STATUS_BUFFER_TOO_SMALL,
  STATUS_INVALID_DEVICE_STATE,
  STATUS_INVALID_PARAMETER,
  STATUS_NOT_FOUND,
  STATUS_NOT_SUPPORTED,
  STATUS_SUCCESS,
} from "./status.ts";
import { ICMP_ERROR_INFO, TCP_INFO_v0 } from "./structures.ts";
import { TransportInfo } from "./transport.ts";

/** SIO_TCP_INFO: input the version, output a TCP_INFO_v0. */
export function fillTcpInfo(request: ControlRequest): NTSTATUS {
  const { socket, input, inputSize, output, outputSize } = request;
  if (!(input instanceof Uint8Array)) return STATUS_INVALID_PARAMETER;
  if (inputSize < 4 || input.length < 4) return STATUS_BUFFER_TOO_SMALL;
  if (readUlong(input, 4) !== 0) return STATUS_NOT_SUPPORTED;
  const { connection } = socket;
  if (connection === null) return STATUS_INVALID_DEVICE_STATE;
  if (!(output instanceof TCP_INFO_v0)) return STATUS_INVALID_PARAMETER;
  request.returned = output.cSize;
  if (outputSize < output.cSize) return STATUS_BUFFER_TOO_SMALL;
  const info = new TransportInfo();
  connection.transport.fillInfo(info);
  translate(info, output);
  return STATUS_SUCCESS;
}

/** TCP_ICMP_ERROR_INFO: STATUS_NOT_FOUND when no ICMP error ended the last attempt. */
export function getIcmpError(request: ControlRequest): NTSTATUS {
  const { socket, output, outputSize } = request;
  const error = socket.lastIcmpError;
  if (error === null) return STATUS_NOT_FOUND;
  if (!(output instanceof ICMP_ERROR_INFO)) return STATUS_INVALID_PARAMETER;
  request.returned = output.cSize;
  if (outputSize < output.cSize) return STATUS_BUFFER_TOO_SMALL;
  const isV4 = error.source.family === 4;
  output.srcaddress = sockaddrOf(
    { address: error.source, port: 0 },
    isV4 ? AF_INET : AF_INET6,
  );
  output.protocol = isV4 ? IPPROTO_ICMP : IPPROTO_ICMPV6;
  output.type = error.type;
  output.code = error.code;
  return STATUS_SUCCESS;
}

function translate(info: TransportInfo, out: TCP_INFO_v0): void {
  out.State = info.state;
  out.Mss = info.mss;
  out.ConnectionTimeMs = Math.floor(info.connectedTime / 1000);
  out.TimestampsEnabled = info.timestamps;
  out.RttUs = Math.round(info.rtt);
  out.MinRttUs = Math.round(info.minRtt);
  out.BytesInFlight = info.bytesInFlight;
  out.Cwnd = info.cwnd;
  out.SndWnd = info.sndWnd;
  out.RcvWnd = info.rcvWnd;
  out.RcvBuf = info.receiveCapacity;
  out.BytesOut = info.bytesOut;
  out.BytesIn = info.bytesIn;
  out.BytesReordered = info.bytesReordered;
  out.BytesRetrans = info.bytesRetransmitted;
  out.FastRetrans = info.fastRetransmits;
  out.DupAcksIn = info.dupAcksIn;
  out.TimeoutEpisodes = info.timeoutEpisodes;
  out.SynRetrans = info.synRetransmits;
}
