/**
 * One TCP stream of the kernel over a veth pair: the figure to stand beside.
 *
 * Measured with the same sink and source programs as the engine is, and once
 * with iperf3: where both agree, the programs are not what limits the figure.
 * The rate is always the receiver's, without the warm-up.
 *
 * @module
 */
import { joinByVeth, Namespace } from "../netns/harness.ts";

/** The sink program; see there for its flags. */
export const SINK_PROGRAM: URL = new URL(
  "../netns/programs/sink.ts",
  import.meta.url,
);

/** The source program; see there for its flags. */
export const SOURCE_PROGRAM: URL = new URL(
  "../netns/programs/source.ts",
  import.meta.url,
);

/** Seconds at the beginning of each stream that are not counted: slow start, and code being compiled. */
export const WARMUP_SECONDS = 1;

/**
 * Congestion control of the kernel's sockets.
 *
 * What a machine prefers differs (CUBIC, BBR), and the figures with it: BBR
 * paces, and over a cable without delay it sends at what it once measured.
 */
export const CONGESTION_CONTROL = "cubic";

const CLIENT_ADDRESSES = ["10.9.0.1/24", "fd09::1/64"];
const SERVER_ADDRESSES = ["10.9.0.2/24", "fd09::2/64"];
const SERVER = "10.9.0.2";
const PORT = "5001";

/** Two namespaces on a veth pair. */
export class KernelBench implements AsyncDisposable {
  readonly #client: Namespace;
  readonly #server: Namespace;

  private constructor(client: Namespace, server: Namespace) {
    this.#client = client;
    this.#server = server;
  }

  /** Makes the namespaces and the cable. */
  static async create(): Promise<KernelBench> {
    const client = await Namespace.create(["iperf3"]);
    const server = await Namespace.create();
    await joinByVeth(
      { namespace: client, addresses: CLIENT_ADDRESSES },
      { namespace: server, addresses: SERVER_ADDRESSES },
    );
    return new KernelBench(client, server);
  }

  /** Gbit/s from the source program to the sink program. */
  async measure(seconds: number): Promise<number> {
    const warmup = ["--warmup", String(WARMUP_SECONDS)];
    const duration = ["--seconds", String(seconds + WARMUP_SECONDS)];
    await using sink = this.#server.deno(
      SINK_PROGRAM,
      ...["--port", PORT, ...warmup],
    );
    await sink.nextJson();
    await using _ = this.#client.deno(
      SOURCE_PROGRAM,
      ...["--connect", SERVER, "--port", PORT, ...duration],
      ...["--congestion", CONGESTION_CONTROL],
    );
    return gigabitsOf(await sink.nextJson());
  }

  /** Gbit/s as iperf3 sees them. */
  async measureIperf(seconds: number): Promise<number> {
    await using server = this.#server.spawn([
      ...["iperf3", "--server", "--one-off", "--forceflush"],
    ]);
    await server.waitFor(/Server listening/);
    const json = await this.#client.run(
      ...["iperf3", "--client", SERVER, "--json", "-C", CONGESTION_CONTROL],
      ...["--time", String(seconds), "--omit", String(WARMUP_SECONDS)],
    );
    return JSON.parse(json).end.sum_received.bits_per_second / 1e9;
  }

  /** Deletes the namespaces. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#client[Symbol.asyncDispose]();
    await this.#server[Symbol.asyncDispose]();
  }
}

/** The rate in a sink's or source's report, in Gbit/s. Throws when the program reports a failure. */
export function gigabitsOf(report: Readonly<Record<string, unknown>>): number {
  if (typeof report.bitsPerSecond === "number") {
    return report.bitsPerSecond / 1e9;
  }
  throw new Error(`The stream failed: ${JSON.stringify(report)}`);
}
