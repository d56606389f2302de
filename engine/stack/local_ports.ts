/**
 * Choosing a local port: RFC 6056.
 *
 * @module
 */
import type { Route } from "../ip/route.ts";
import type { TcpCore } from "./tcp_core.ts";

/** Draws ports for one TCP layer. */
export class LocalPorts {
  readonly #core: TcpCore;
  #counter = 0;

  /** Ports that neither the book nor the connections of `core` use. */
  constructor(core: TcpCore) {
    this.#core = core;
  }

  /** A port for a connection to `remotePort` over `route`, by algorithm 3 (§3.3.3): a keyed offset per destination, and a counter. 0: none is free. */
  forConnection(route: Route, remotePort: number): number {
    const { context, table } = this.#core;
    const { ephemeralFirst, ephemeralLast } = context.config;
    const count = ephemeralLast - ephemeralFirst + 1;
    const offset = context.isn.portOffset(
      route.local,
      route.remote,
      remotePort,
    );
    for (let i = 0; i < count; i++) {
      const port = ephemeralFirst + (offset + this.#counter++) % count;
      if (this.#core.ports.isTaken(port)) continue;
      if (!table.has(route.local, port, route.remote, remotePort)) return port;
    }
    return 0;
  }

  /** A port for a listener that left the choice to us. 0: none is free. */
  forListener(): number {
    const { context } = this.#core;
    const { ephemeralFirst, ephemeralLast } = context.config;
    const count = ephemeralLast - ephemeralFirst + 1;
    const offset = context.random.int32() >>> 0;
    for (let i = 0; i < count; i++) {
      const port = ephemeralFirst + (offset + i) % count;
      if (!this.#core.ports.isTaken(port)) return port;
    }
    return 0;
  }
}
