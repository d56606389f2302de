/**
 * Several streams of the kernel at once: `send ADDRESS PORT COUNT` or `receive PORT COUNT WARMUP SECONDS`.
 *
 * The congestion control is the route's (`ip route … congctl`), so that Deno's
 * own sockets will do.
 *
 * @module
 */
import { report } from "../../netns/programs/flags.ts";
import { type FlowConn, receiveFlows, sendFlows } from "../flows.ts";

const [role, ...rest] = Deno.args;
if (role === "send") await send(rest[0], Number(rest[1]), Number(rest[2]));
else await receive(rest.map(Number));

async function send(
  hostname: string,
  port: number,
  count: number,
): Promise<void> {
  const conns: FlowConn[] = [];
  while (conns.length < count) {
    conns.push(await Deno.connect({ hostname, port }));
  }
  await sendFlows(conns);
}

async function receive(numbers: readonly number[]): Promise<void> {
  const [port, count, warmupSeconds, seconds] = numbers;
  using listener = Deno.listen({ hostname: "::", port });
  report({ event: "listening", port });
  const bitsPerSecond = await receiveFlows(
    () => listener.accept(),
    count,
    { warmupSeconds, seconds },
  );
  report({ event: "received", bitsPerSecond });
}
