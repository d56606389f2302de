/**
 * Nanoseconds a segment and collections a million segments, in memory.
 *
 * Each figure comes from a child of its own, so that one scenario's shapes do
 * not slow down the next one's code.
 *
 * @module
 */
const PROGRAM = new URL("./programs/segment_cost.ts", import.meta.url);
const SEGMENTS = 2_000_000;

/** What one scenario cost. */
export interface SegmentCost {
  /** Scenario: bare acknowledgements or segments of 1,448 bytes. */
  readonly mode: string;
  /** Connections the segments were spread over. */
  readonly connections: number;
  /** Nanoseconds a segment: device to application and the answer back, and the making of the segment. */
  readonly nsPerSegment: number;
  /** Garbage collections of any kind a million segments. */
  readonly collectionsPerMillion: number;
  /** Bytes of V8 heap an idle connection holds; meaningful for many connections only. */
  readonly heapPerConnection: number;
}

/** Runs the scenarios one after the other. */
export async function measureSegmentCosts(): Promise<SegmentCost[]> {
  const costs: SegmentCost[] = [];
  for (
    const [mode, connections] of [
      ["ack", 1],
      ["data", 1],
      ["ack", 1_000],
      ["ack", 100_000],
    ] as const
  ) costs.push(await measure(mode, connections));
  return costs;
}

/**
 * The collector's lines and the program's own come by different buffers, so
 * their order says nothing: two runs of different length tell what the
 * segments between them collected.
 */
async function measure(
  mode: string,
  connections: number,
): Promise<SegmentCost> {
  const short = await run(mode, connections, SEGMENTS);
  const long = await run(mode, connections, 2 * SEGMENTS);
  return {
    mode,
    connections,
    nsPerSegment: long.nsPerSegment,
    collectionsPerMillion: Math.max(0, long.collections - short.collections) *
      1e6 / SEGMENTS,
    heapPerConnection: long.heapPerConnection,
  };
}

async function run(
  mode: string,
  connections: number,
  segments: number,
): Promise<
  { nsPerSegment: number; heapPerConnection: number; collections: number }
> {
  const { stdout, success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "--no-prompt",
      "--v8-flags=--trace-gc",
      PROGRAM.pathname,
      mode,
      `--connections=${connections}`,
      `--segments=${segments}`,
    ],
    stderr: "inherit",
  }).output();
  const text = new TextDecoder().decode(stdout);
  const found = /\{"mode".*\}/.exec(text);
  if (!success || found === null) {
    throw new Error(`segment_cost.ts ${mode} ${connections} failed:\n${text}`);
  }
  const collections = text.match(/ ms: (Scavenge|Mark)/g)?.length ?? 0;
  return { ...JSON.parse(found[0]), collections };
}

/** One line a scenario. */
export function formatSegmentCosts(costs: readonly SegmentCost[]): string {
  return costs.map((cost) =>
    [
      `${cost.mode === "ack" ? "header-only" : "1,448 B"} segment`,
      `${cost.connections.toLocaleString("en")} connection(s)`,
      `${cost.nsPerSegment.toFixed(0)} ns`,
      `${cost.collectionsPerMillion.toFixed(1)} collections/million`,
      cost.connections > 1
        ? `${cost.heapPerConnection.toLocaleString("en")} B heap/connection`
        : "",
    ].filter((part) => part !== "").join("  ")
  ).join("\n");
}
