/**
 * Ten thousand sockets over a lossy link, with cancels, aborts and closes at
 * random moments: every IRP completes exactly once and nothing is left.
 */
import { assert, assertEquals } from "@std/assert";
import { SeededRandom } from "../../../engine/base/seeded_random.ts";
import { FaultInjector } from "../../../engine/link/fault_injector.ts";
import * as W from "../../../engine/wsk/mod.ts";
import { connection, stream } from "../../tools/wsk_bench.ts";
import {
  call,
  type Node,
  openSocket,
  type Outcome,
  World,
} from "../../tools/wsk_world.ts";

const SOCKETS = 10_000;
const AT_ONCE = 250;
const SEED = 7;

/** What a run is made of. */
class Soak {
  readonly world: World;
  readonly random = new SeededRandom(SEED);
  readonly calls: Outcome[] = [];
  readonly open = new Set<W.WSK_SOCKET>();
  readonly statuses = new Map<string, number>();
  made = 0;

  constructor(world: World) {
    this.world = world;
  }

  /** A number in [0, n). */
  below(n: number): number {
    return (this.random.int32() >>> 0) % n;
  }

  submit(submit: (irp: W.IRP) => W.NTSTATUS): Outcome {
    const outcome = call(submit);
    this.calls.push(outcome);
    return outcome;
  }

  /** Frees the IRPs of what has completed, and counts how it ended. */
  collect(): void {
    for (let i = this.calls.length - 1; i >= 0; i--) {
      const outcome = this.calls[i];
      if (outcome.completions === 0) continue;
      assertEquals(outcome.completions, 1);
      if (outcome.returned !== W.STATUS_PENDING) {
        assertEquals(outcome.status, outcome.returned);
      }
      const name = W.statusName(outcome.status);
      this.statuses.set(name, (this.statuses.get(name) ?? 0) + 1);
      W.IoFreeIrp(outcome.irp);
      this.calls.splice(i, 1);
    }
  }

  close(socket: W.WSK_SOCKET): void {
    this.open.delete(socket);
    this.submit((irp) => socket.Dispatch.WskCloseSocket(socket, irp));
  }

  /** Some operation on a socket, legal or not. */
  act(socket: W.WSK_SOCKET): void {
    const { WskSend, WskReceive, WskDisconnect } = connection(socket);
    const buffer = W.bufOf(new Uint8Array(1 + this.below(20_000)));
    switch (this.below(8)) {
      case 0:
      case 1:
      case 2:
        this.submit((irp) =>
          WskSend(socket, buffer, this.below(2) * W.WSK_FLAG_NODELAY, irp)
        );
        break;
      case 3:
      case 4:
        this.submit((irp) =>
          WskReceive(socket, buffer, this.below(2) * W.WSK_FLAG_WAITALL, irp)
        );
        break;
      case 5:
        this.submit((irp) => WskDisconnect(socket, null, this.below(2), irp));
        break;
      case 6:
        this.close(socket);
        break;
      case 7: {
        const victim = this.calls[this.below(this.calls.length || 1)];
        if (victim !== undefined) W.IoCancelIrp(victim.irp);
        break;
      }
    }
  }
}

/** A client socket, bound and on its way to the listener. */
function launch(soak: Soak, node: Node): void {
  soak.made++;
  const made = openSocket(
    node,
    soak.below(2) === 0
      ? W.WSK_FLAG_CONNECTION_SOCKET
      : W.WSK_FLAG_STREAM_SOCKET,
  );
  soak.calls.push(made);
  // The socket is there as soon as its IRP completes, a round later.
  soak.world.run(0);
  const socket = made.information as W.WSK_SOCKET;
  soak.open.add(socket);
  const local = W.sockaddr("0.0.0.0", 0);
  soak.submit((irp) => stream(socket).WskBind(socket, local, 0, irp));
  const port = soak.below(10) === 0 ? 81 : 80;
  const remote = W.sockaddr("10.0.0.2", port);
  const data = W.bufOf(new Uint8Array(soak.below(4000)));
  soak.submit((irp) =>
    connection(socket).WskConnectEx(socket, remote, data, 0, irp)
  );
}

Deno.test(`${SOCKETS} sockets over a lossy link leave no IRP, socket, slot or buffer behind (seed ${SEED})`, async () => {
  const world = await World.open({
    seed: SEED,
    tcp: {
      timeWaitTimeout: 1_000_000,
      synRetries: 3,
      retries2: 4,
      orphanRetries: 2,
    },
    wrap: (device, seed) =>
      new FaultInjector(device, {
        random: new SeededRandom(seed),
        tx: { drop: 0.05, corrupt: 0.01, duplicate: 0.02, reorder: 0.02 },
      }),
  });
  const [a, b] = world.nodes;
  const soak = new Soak(world);
  const listening = openSocket(b, W.WSK_FLAG_LISTEN_SOCKET);
  world.run(0);
  const listener = listening.information as W.WSK_SOCKET;
  soak.calls.push(listening);
  const any = W.sockaddr("0.0.0.0", 80);
  soak.submit((irp) => stream(listener).WskBind(listener, any, 0, irp));
  const memory = world.nodes.map(({ stack }) => stack.memoryUsed);
  const accepts: Outcome[] = [];
  while (soak.made < SOCKETS || soak.open.size > 0) {
    while (soak.made < SOCKETS && soak.open.size < AT_ONCE) launch(soak, a);
    while (accepts.length < 20) {
      const accept = soak.submit((irp) =>
        stream(listener).WskAccept(listener, 0, null, null, null, null, irp)
      );
      accepts.push(accept);
    }
    world.run(2_000);
    for (let i = accepts.length - 1; i >= 0; i--) {
      const { completions, information } = accepts[i];
      if (completions === 0) continue;
      if (typeof information !== "number") soak.open.add(information);
      accepts.splice(i, 1);
    }
    soak.collect();
    const sockets = [...soak.open];
    const ending = soak.made >= SOCKETS;
    for (let i = 0; i < 100 && sockets.length > 0; i++) {
      const socket = sockets[soak.below(sockets.length)];
      if (!soak.open.has(socket)) continue;
      if (ending) soak.close(socket);
      else soak.act(socket);
    }
  }
  soak.close(listener);
  world.runUntil(() => soak.calls.every((c) => c.completions > 0), 1e9);
  soak.collect();
  for (const accept of accepts) {
    const { information } = accept;
    if (typeof information !== "number") soak.close(information);
  }
  world.run(400_000_000);
  soak.collect();
  assertEquals(soak.calls.length, 0);
  world.nodes.forEach(({ stack, subsystem }, i) => {
    assertEquals(subsystem.usage, { clients: 1, sockets: 0, addresses: 0 });
    assertEquals(stack.connectionCount, 0);
    assertEquals(stack.memoryUsed, memory[i]);
  });
  // The run is no use unless it saw these.
  for (
    const status of [
      "SUCCESS",
      "CANCELLED",
      "CONNECTION_RESET",
      "CONNECTION_REFUSED",
      "CONNECTION_ABORTED",
      "INVALID_DEVICE_STATE",
    ]
  ) {
    assert(soak.statuses.has(`STATUS_${status}`), status);
  }
});
