/**
 * Both ends of Fast Open beside the kernel: its counters and ours, its clients
 * and servers (python3, which has MSG_FASTOPEN and TCP_FASTOPEN), and a server
 * of ours that answers before the handshake ends.
 *
 * @module
 */
import type { FastOpenListenOptions, TcpConn } from "../../engine/mod.ts";
import { ADDRESSES, EngineLab } from "./engine_lab.ts";
import type { LabOptions } from "./engine_lab.ts";
import type { Namespace } from "./harness.ts";
import { countersMoved } from "./harness_counters.ts";
import type { Counters } from "./harness_counters.ts";
import type { Program } from "./harness_program.ts";

/** Where servers listen. */
export const PORT = 8_080;
/** What clients ask. */
export const ASKED = "a request of thirty-two bytes...";
/** What servers answer: `re: ` and what was asked. */
export const ANSWERED: string = `re: ${ASKED}`;

/** Connects with MSG_FASTOPEN, prints `{"answer":…,"synData":…,"fail":…}` from what came and tcp_info. */
export const KERNEL_CLIENT = `
import json, signal, socket, sys
host, port, data = sys.argv[1], int(sys.argv[2]), sys.argv[3].encode()
s = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
signal.alarm(15)
s.sendto(data, 0x20000000, (host, port))
answer = b""
while len(answer) < len(data) + 4:
    chunk = s.recv(65536)
    if not chunk: break
    answer += chunk
info = s.getsockopt(socket.IPPROTO_TCP, 11, 192)
print(json.dumps({
  "answer": answer.decode(),
  "synData": bool(info[5] & 0x20),
  "fail": info[7] >> 1 & 3,
}), flush=True)
s.close()
`;

/** Listens with TCP_FASTOPEN of the given queue length (0: none) and answers each connection; prints a line for each. */
export const KERNEL_SERVER = `
import json, socket, sys, threading
port, queue = int(sys.argv[1]), int(sys.argv[2])
s = socket.socket(socket.AF_INET6)
s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
s.bind(("::", port))
if queue: s.setsockopt(socket.IPPROTO_TCP, 23, queue)
s.listen(64)
print(json.dumps({"event": "listening"}), flush=True)
def serve(c):
  try:
    data = c.recv(65536)
    while data:
      c.sendall(b"re: " + data)
      data = c.recv(65536)
  except OSError: pass
  c.close()
while True:
  c, _ = s.accept()
  threading.Thread(target=serve, args=(c,), daemon=True).start()
`;

/** What a client of the kernel found. */
export interface KernelVisit {
  /** What came back. */
  readonly answer: string;
  /** The SYN-ACK acknowledged data of the SYN: TCPI_OPT_SYN_DATA. */
  readonly synData: boolean;
  /** `tcpi_fastopen_client_fail`. */
  readonly fail: number;
}

/** Counters of Fast Open on either side since the last look. */
export interface Moves {
  /** The kernel's, without `TcpExtTCPFastOpen`. */
  readonly kernel: Counters;
  /** Ours. */
  readonly engine: Counters;
}

const PREFIX = "TcpExtTCPFastOpen";

/** An engine and a kernel that do Fast Open with each other. */
export class FastOpenSide implements AsyncDisposable {
  /** The wire between them. */
  readonly lab: EngineLab;
  #kernelBefore: Counters = {};
  #engineBefore: Counters = {};

  private constructor(lab: EngineLab) {
    this.lab = lab;
  }

  /** Makes both; `fastopen` is the kernel's `net.ipv4.tcp_fastopen`, client and server that asked by default. */
  static async create(
    options: LabOptions = {},
    fastopen = "0x3",
  ): Promise<FastOpenSide> {
    const tools = ["python3", "iptables", "ip6tables", ...options.tools ?? []];
    const lab = await EngineLab.create({ ...options, tools });
    await lab.namespace.setSysctls({ "net.ipv4.tcp_fastopen": fastopen });
    const side = new FastOpenSide(lab);
    await side.moves();
    return side;
  }

  /** The namespace of the kernel. */
  get namespace(): Namespace {
    return this.lab.namespace;
  }

  /** Our server: answers every chunk. */
  serve(fastOpen: FastOpenListenOptions | null = { queueLimit: 16 }): void {
    const listener = this.lab.net.listen({
      port: PORT,
      ...(fastOpen === null ? {} : { fastOpen }),
    });
    void (async () => {
      for await (const conn of listener) void answer(conn);
    })();
  }

  /** A server of the kernel's; resolves once it listens. */
  async kernelServes(queueLength = 16): Promise<Program> {
    const server = this.namespace.spawn([
      ...["python3", "-c", KERNEL_SERVER, `${PORT}`, `${queueLength}`],
    ]);
    await server.nextJson();
    return server;
  }

  /** A client of the kernel's asks our server. */
  async kernelVisits(family: 4 | 6, asked = ASKED): Promise<KernelVisit> {
    const host = ADDRESSES[family].engine;
    const program = this.kernelAsks(host, asked);
    const line = await program.nextJson();
    await program.succeeded();
    return line as unknown as KernelVisit;
  }

  /** Starts a client of the kernel's. */
  kernelAsks(host: string, asked = ASKED, port = PORT): Program {
    return this.namespace.spawn([
      ...["python3", "-c", KERNEL_CLIENT, host, `${port}`, asked],
    ]);
  }

  /** Our client asks the kernel's server: the answer, and the connection, still open. */
  async visits(
    family: 4 | 6,
    asked = ASKED,
    fastOpenCookie: "required" | "none" = "required",
  ): Promise<{ answer: string; conn: TcpConn }> {
    const conn = await this.lab.net.connect({
      hostname: ADDRESSES[family].kernel,
      port: PORT,
      fastOpen: new TextEncoder().encode(asked),
      fastOpenCookie,
    });
    return { answer: await readText(conn, asked.length + 4), conn };
  }

  /** What moved on either side since the last call. */
  async moves(): Promise<Moves> {
    const kernel = fastOpenOnly(await this.namespace.counters());
    const engine = fastOpenOnly(this.lab.net.stack.tcpCounters.toObject());
    const moves = {
      kernel: countersMoved(this.#kernelBefore, kernel),
      engine: countersMoved(this.#engineBefore, engine),
    };
    this.#kernelBefore = kernel;
    this.#engineBefore = engine;
    return moves;
  }

  /** Closes the engine, then the namespace. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.lab[Symbol.asyncDispose]();
  }
}

/** Reads `length` bytes as text, fewer at the end of the stream. */
export async function readText(conn: TcpConn, length: number): Promise<string> {
  const bytes = new Uint8Array(length);
  let filled = 0;
  while (filled < length) {
    const n = await conn.read(bytes.subarray(filled));
    if (n === null) break;
    filled += n;
  }
  return new TextDecoder().decode(bytes.subarray(0, filled));
}

/** Answers every chunk until the connection ends, in whatever way. */
export async function answer(conn: TcpConn): Promise<void> {
  const buffer = new Uint8Array(65_536);
  const prefix = new TextEncoder().encode("re: ");
  try {
    for (;;) {
      const n = await conn.read(buffer);
      if (n === null) break;
      await conn.writeAll(
        Uint8Array.from([...prefix, ...buffer.subarray(0, n)]),
      );
    }
  } catch (error) {
    // A peer that resets is part of some scenes; the end of a scene aborts.
    const isOver = error instanceof Deno.errors.ConnectionReset ||
      error instanceof Deno.errors.ConnectionAborted;
    if (!isOver) throw error;
  } finally {
    conn.close();
  }
}

function fastOpenOnly(counters: Readonly<Record<string, number>>): Counters {
  return Object.fromEntries(
    Object.entries(counters)
      .filter(([name]) => name.startsWith(PREFIX))
      .map(([name, value]) => [name.slice(PREFIX.length), value]),
  );
}
