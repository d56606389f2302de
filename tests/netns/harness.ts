/**
 * Network namespaces in which the kernel's TCP is the other side of a test.
 *
 *     namespace A                         namespace B
 *     kernel TCP -- veth0 ======= veth0 -- kernel TCP        joinByVeth(a, b)
 *     kernel TCP -- tap0  ======= the engine under test
 *
 * A namespace belongs to the test that made it: its name holds the process id,
 * and when the test is over its programs are killed, by id, and it is deleted.
 * What a crashed run left behind is swept away by the next, which knows it by
 * the id of a process that is no more.
 *
 * The engine reaches a TAP in the namespace in one of two ways: the test
 * process enters it by {@linkcode Namespace.path} while it opens the device,
 * or a child program is started inside with {@linkcode Namespace.deno}.
 *
 * @module
 */
import { Capture } from "./harness_capture.ts";
import { type Counters, parseCounters } from "./harness_counters.ts";
import { Program } from "./harness_program.ts";
import { requireMachine } from "./harness_requirements.ts";

const NAME_PREFIX = "synload";
const COUNTER_FILES = ["netstat", "snmp", "snmp6"];

let nextNumber = 0;

/** One end of a cable between two namespaces. */
export interface CableEnd {
  /** The namespace that this end is in. */
  readonly namespace: Namespace;
  /** Addresses with prefix lengths, of either family. */
  readonly addresses: readonly string[];
}

/** A network namespace that lasts as long as one test. */
export class Namespace implements AsyncDisposable {
  /** Its name, as `ip netns` knows it. */
  readonly name: string;
  readonly #programs: Program[] = [];

  private constructor(name: string) {
    this.name = name;
  }

  /**
   * Makes a namespace with its loopback up, Fast Open on for every socket and IPv6 usable at once.
   *
   * Throws when the machine lacks root, /dev/net/tun or one of `tools`.
   */
  static async create(tools: readonly string[] = []): Promise<Namespace> {
    requireMachine(["ip", "sysctl", ...tools]);
    await sweep();
    const name = `${NAME_PREFIX}-${Deno.pid}-${nextNumber++}`;
    await command(["ip", "netns", "add", name]);
    const namespace = new Namespace(name);
    await using onFailure = new AsyncDisposableStack();
    onFailure.use(namespace);
    await namespace.setSysctls({
      "net.ipv4.tcp_fastopen": "0x403", // client, server, listeners that did not ask
      // The larger of the two values rules; with detection on, a new address is unusable for a second.
      "net.ipv6.conf.all.accept_dad": "0",
      "net.ipv6.conf.default.accept_dad": "0",
    });
    await namespace.ip("link", "set", "lo", "up");
    onFailure.move();
    return namespace;
  }

  /** The file by which another thread can enter the namespace. */
  get path(): string {
    return `/run/netns/${this.name}`;
  }

  /** Runs an `ip` command inside and returns what it printed. */
  async ip(...args: readonly string[]): Promise<string> {
    return await command(["ip", "-n", this.name, ...args]);
  }

  /** Runs a program inside to its end and returns its standard output; fails when it does. */
  async run(...argv: readonly string[]): Promise<string> {
    return (await this.spawn(argv).succeeded()).stdout;
  }

  /** Starts a program inside; it is killed with the namespace at the latest. */
  spawn(
    argv: readonly string[],
    stdin: Uint8Array<ArrayBuffer> | null = null,
  ): Program {
    const program = new Program(
      ["ip", "netns", "exec", this.name, ...argv],
      stdin,
    );
    this.#programs.push(program);
    return program;
  }

  /** Starts a Deno program inside, with all permissions. */
  deno(module: URL, ...args: readonly string[]): Program {
    const run = ["run", "--quiet", "--no-check", "--allow-all"];
    return this.spawn([Deno.execPath(), ...run, module.pathname, ...args]);
  }

  /** Sets kernel parameters, each by its dotted name. */
  async setSysctls(values: Readonly<Record<string, string>>): Promise<void> {
    const settings = Object.entries(values).map(([k, v]) => `${k}=${v}`);
    await this.run("sysctl", "-q", "-w", ...settings);
  }

  /** A kernel parameter's value. */
  async sysctl(name: string): Promise<string> {
    return (await this.run("sysctl", "-n", name)).trim();
  }

  /** The protocol counters of the kernel's stack in here. */
  async counters(): Promise<Counters> {
    const files = COUNTER_FILES.map((file) => `/proc/net/${file}`);
    return parseCounters(await this.run("cat", ...files));
  }

  /** Runs an `iptables` command inside. */
  async iptables(...args: readonly string[]): Promise<void> {
    await this.run("iptables", "-w", ...args);
  }

  /** Runs an `ip6tables` command inside. */
  async ip6tables(...args: readonly string[]): Promise<void> {
    await this.run("ip6tables", "-w", ...args);
  }

  /** Captures what passes an interface, `any` for all of them, that matches the filter; returns once it does. */
  async capture(interfaceName: string, filter = ""): Promise<Capture> {
    requireMachine(["tcpdump", "tshark"]);
    const path = await Deno.makeTempFile({
      prefix: NAME_PREFIX,
      suffix: ".pcap",
    });
    const argv = ["ip", "netns", "exec", this.name, "tcpdump"];
    // Immediate and unbuffered, or the last packets are still in the kernel when it stops.
    argv.push("-i", interfaceName, "-w", path, "-U", "--immediate-mode");
    argv.push("-n", "-Z", "root");
    if (filter !== "") argv.push(filter);
    return await Capture.start(path, argv);
  }

  /** Kills what was started inside and deletes the namespace with its interfaces. */
  async [Symbol.asyncDispose](): Promise<void> {
    for (const program of this.#programs) await program[Symbol.asyncDispose]();
    await command(["ip", "netns", "del", this.name]);
  }
}

/** Joins two namespaces by a veth pair, `veth0` on either side, up and addressed. */
export async function joinByVeth(
  one: CableEnd,
  other: CableEnd,
): Promise<void> {
  const veth = ["type", "veth", "peer", "name", "veth0"];
  await one.namespace.ip(
    ...["link", "add", "veth0", ...veth, "netns", other.namespace.name],
  );
  for (const { namespace, addresses } of [one, other]) {
    for (const address of addresses) {
      await namespace.ip("addr", "add", address, "dev", "veth0");
    }
    await namespace.ip("link", "set", "veth0", "up");
  }
}

async function command(argv: readonly string[]): Promise<string> {
  return (await new Program(argv, null).succeeded()).stdout;
}

/** Deletes namespaces of test processes that are no more. */
async function sweep(): Promise<void> {
  for (const line of (await command(["ip", "netns", "list"])).split("\n")) {
    const match = /^(synload-(\d+)-\d+)\b/.exec(line);
    if (match === null || isAlive(Number(match[2]))) continue;
    // Another run may sweep at the same time: what is gone is gone.
    await new Program(["ip", "netns", "del", match[1]], null).ended();
  }
}

function isAlive(pid: number): boolean {
  try {
    Deno.statSync(`/proc/${pid}`);
    return true;
  } catch {
    return false;
  }
}
