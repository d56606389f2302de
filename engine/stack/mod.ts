/**
 * The stack and what its verbs and events speak of.
 *
 * @module
 */
export { POLL_BLOCKED, POLL_IDLE, POLL_MORE, Stack } from "./stack.ts";
export type { StackOptions, StackTask } from "./stack.ts";
export type { ConnectOptions, ListenOptions } from "./tcp_layer.ts";
export type { DatagramOptions } from "./udp_layer.ts";
export * from "../udp/codes.ts";
export type { UdpContext } from "../udp/context.ts";
export type { DatagramError } from "../udp/errors.ts";
export {
  DATAGRAM_BROADCAST,
  DATAGRAM_MULTICAST,
  DatagramInfo,
} from "../udp/received.ts";
export type { DatagramTarget } from "../udp/received.ts";
export type { SendQueue } from "../udp/send_queue.ts";
export { DatagramSocket } from "../udp/socket.ts";
export type {
  DatagramFamily,
  DatagramOwner,
  DatagramSink,
} from "../udp/socket.ts";
export { IpLayer } from "../ip/layer.ts";
export type { InterfaceOptions } from "../ip/layer.ts";
export type { RouteEntry } from "../ip/routes.ts";
export { Connection } from "../tcp/connection.ts";
export type { ConnectionOwner, EventSink } from "../tcp/connection.ts";
export { Listener } from "../tcp/listener.ts";
export type { ListenerSink, SynInspector } from "../tcp/listener.ts";
export type { ConnectionOptions } from "../tcp/options.ts";
export * from "../tcp/codes.ts";
export { defaultTcpConfig } from "../tcp/config.ts";
export type { BufferSizes, TcpConfig } from "../tcp/config.ts";
export { TcpContext } from "../tcp/context.ts";
export { MemoryQueue } from "../tcp/memory.ts";
export { Tcb } from "../tcp/tcb.ts";
export { tcpTraceText } from "../tcp/trace_text.ts";
export * from "../tcp/state.ts";
export * from "../tcp/congestion/by_name.ts";
export * from "../tcp/congestion/control.ts";
export * from "../tcp/congestion/cubic.ts";
export * from "../tcp/congestion/new_reno.ts";
export * from "../tcp/fast_open_attempt.ts";
export * from "../tcp/fast_open_blackhole.ts";
export * from "../tcp/fast_open_cache.ts";
export * from "../tcp/fast_open_client.ts";
export * from "../tcp/fast_open_cookie.ts";
export * from "../tcp/fast_open_queue.ts";
export type { HostAddress } from "../ip/addresses.ts";
export type { IpInterface } from "../ip/interface.ts";
export type { IpPacketIn } from "../ip/packet.ts";
export type { Route } from "../ip/route.ts";
export type { IcmpError } from "../tcp/icmp.ts";
export type { IsnGenerator } from "../tcp/isn.ts";
export type { RttEstimator } from "../tcp/rtt.ts";
export type {
  SentQueue,
  SentRecord,
  SentRecordPool,
} from "../tcp/sent_queue.ts";
export type { Timers } from "../tcp/timers.ts";
export type { EgressQueue } from "../ip/egress.ts";
export type { Neighbour } from "../ip/neighbours.ts";
export type { StoredPacket } from "../ip/packet_store.ts";
export type { SynCookies } from "../tcp/syn_cookie.ts";
