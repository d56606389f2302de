/**
 * What the network tests need of the machine, said at once and in full.
 *
 * A test that skips itself where root or a TAP is missing is a test that is
 * green and has not run. Every test therefore fails here, with one message that
 * lists all that is missing and what to do, not only the first of it.
 *
 * @module
 */

const TOOL_PACKAGES: Readonly<Record<string, string>> = {
  ip: "iproute2",
  iptables: "iptables",
  ip6tables: "iptables",
  sysctl: "procps",
  tcpdump: "tcpdump",
  tshark: "tshark",
  curl: "curl",
  ncat: "ncat",
  iperf3: "iperf3",
  python3: "python3",
  ping: "iputils-ping",
};

/** Throws an error that lists what is missing of root, /dev/net/tun and `tools`. */
export function requireMachine(tools: readonly string[] = ["ip"]): void {
  const missing: string[] = [];
  if (Deno.uid() !== 0) {
    missing.push("root: run as root or under unshare -Urn");
  }
  const tun = tunProblem();
  if (tun !== null) missing.push(tun);
  for (const tool of tools) {
    if (isInstalled(tool)) continue;
    const name = TOOL_PACKAGES[tool] ?? tool;
    missing.push(`${tool}: apt-get install ${name}`);
  }
  if (missing.length > 0) {
    const list = missing.map((item) => `\n  - ${item}`).join("");
    throw new Error(`Cannot run the network tests, missing:${list}`);
  }
}

function tunProblem(): string | null {
  try {
    Deno.openSync("/dev/net/tun", { read: true, write: true }).close();
    return null;
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return `/dev/net/tun (${reason}): modprobe tun, or give the container the device`;
  }
}

function isInstalled(tool: string): boolean {
  for (const folder of (Deno.env.get("PATH") ?? "").split(":")) {
    try {
      if (Deno.statSync(`${folder}/${tool}`).isFile) return true;
    } catch {
      // not in this folder: look in the next
    }
  }
  return false;
}
