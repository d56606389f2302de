/**
 * Deno-shaped sockets over the stack: connections, listeners, streams.
 *
 * @module
 */
export * from "./datagram_conn.ts";
export * from "./errors.ts";
export * from "./info.ts";
export * from "./network.ts";
export * from "./tcp_conn.ts";
export * from "./tcp_listener.ts";
export * from "./tcp_options.ts";
