/**
 * Opens or serves many short connections, one after the other.
 *
 *     deno run --allow-ffi churn.ts --port 7000 --connections 10000 [--connect ADDRESS]
 *
 * Connecting: sends a byte, closes its direction, reads to the end, closes.
 * Serving: reads to the end, closes. Prints `{"event":"done","connections":…,"bytes":…}`.
 *
 * @module
 */
import { parseFlags, report } from "./flags.ts";
import {
  acceptFrom,
  addressOf,
  close,
  connectTo,
  listenOn,
  receive,
  send,
  shutdownSend,
  SocketError,
} from "./kernel_socket.ts";

const flags = parseFlags(Deno.args);
const buffer = new Uint8Array(4_096);
const address = addressOf(buffer);
let bytes = 0;
let connections = 0;
try {
  const next = flags.connect === null ? server() : client(flags.connect);
  for (; connections < flags.connectionLimit; connections++) {
    const fd = next();
    for (let n = 1; n > 0; bytes += n) n = receive(fd, address, buffer.length);
    close(fd);
  }
  report({ event: "done", connections, bytes });
} catch (error) {
  if (!(error instanceof SocketError)) throw error;
  report({ event: "failed", code: error.code, connections });
}

function server(): () => number {
  const listener = listenOn(flags.port);
  report({ event: "listening", port: flags.port });
  return () => acceptFrom(listener);
}

function client(hostname: string): () => number {
  return () => {
    const fd = connectTo(hostname, flags.port);
    send(fd, address, 1);
    shutdownSend(fd);
    return fd;
  };
}
