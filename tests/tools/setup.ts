/**
 * What the network tests need of the machine, and how it gets there.
 *
 * As root on a machine with apt-get the missing packages are installed, and
 * the services some of them bring are kept from starting by a policy-rc.d
 * (invoke-rc.d asks it before it starts anything; status 101 forbids). On any
 * other machine the exact command is printed: nothing is skipped in silence.
 *
 * @module
 */

/** A Debian package, with a program or library it is needed for. */
interface Need {
  readonly debian: string;
  readonly program?: string;
  readonly library?: string;
}

const NEEDS: readonly Need[] = [
  { debian: "libpcap0.8", library: "libpcap.so.0.8" },
  { debian: "iproute2", program: "ip" },
  { debian: "iptables", program: "iptables" },
  { debian: "procps", program: "sysctl" },
  { debian: "tcpdump", program: "tcpdump" },
  { debian: "tshark", program: "tshark" },
  { debian: "curl", program: "curl" },
  { debian: "ncat", program: "ncat" },
  { debian: "iperf3", program: "iperf3" },
  { debian: "python3", program: "python3" },
  { debian: "nginx", program: "nginx" },
  { debian: "iputils-ping", program: "ping" },
];

const PROGRAM_FOLDERS = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
const LIBRARY_FOLDERS = ["/usr/lib", "/usr/lib64", "/lib", "/usr/local/lib"];
const POLICY = "/usr/sbin/policy-rc.d";
const TUN = "/dev/net/tun";

function exists(path: string): boolean {
  try {
    Deno.statSync(path);
    return true;
  } catch {
    return false;
  }
}

function hasProgram(name: string): boolean {
  const folders = (Deno.env.get("PATH") ?? "").split(":");
  return [...folders, ...PROGRAM_FOLDERS].some((f) => exists(`${f}/${name}`));
}

function hasLibrary(name: string): boolean {
  const triplet = `${Deno.build.arch}-linux-gnu`;
  return LIBRARY_FOLDERS.some((folder) =>
    exists(`${folder}/${name}`) || exists(`${folder}/${triplet}/${name}`)
  );
}

/** The Debian packages that are missing here. */
function missingPackages(): string[] {
  return NEEDS.filter((need) =>
    (need.program !== undefined && !hasProgram(need.program)) ||
    (need.library !== undefined && !hasLibrary(need.library))
  ).map((need) => need.debian);
}

/** Runs a command in silence; what it wrote is shown when it fails. */
function run(command: string, args: readonly string[]): boolean {
  const { success, stdout, stderr } = new Deno.Command(command, {
    args: [...args],
    env: { DEBIAN_FRONTEND: "noninteractive" },
    stdin: "null",
  }).outputSync();
  if (!success) {
    console.log(`failed: ${command} ${args.join(" ")}`);
    Deno.stdout.writeSync(stdout);
    Deno.stdout.writeSync(stderr);
  }
  return success;
}

/** Installs the packages without starting the services they bring. */
function install(packages: readonly string[]): boolean {
  console.log(`installing ${packages.join(" ")}`);
  const ownPolicy = !exists(POLICY);
  if (ownPolicy) {
    Deno.writeTextFileSync(POLICY, "#!/bin/sh\nexit 101\n", { mode: 0o755 });
  }
  try {
    const flags = ["install", "-y", "-qq", "--no-install-recommends"];
    return run("apt-get", ["update", "-qq"]) &&
      run("apt-get", [...flags, ...packages]);
  } finally {
    if (ownPolicy) Deno.removeSync(POLICY);
  }
}

/** Makes the TUN device's node where the kernel has the driver but nobody made the node. */
function makeTun(): void {
  if (hasProgram("modprobe")) {
    new Deno.Command("modprobe", { args: ["tun"] }).outputSync();
  }
  if (exists(TUN)) return;
  Deno.mkdirSync("/dev/net", { recursive: true });
  run("mknod", [TUN, "c", "10", "200"]);
}

/**
 * Makes the machine ready for the network tests.
 *
 * @returns what is in the way and what to do about it, one line each; empty when nothing is
 */
export function setUp(): string[] {
  if (Deno.build.os !== "linux") {
    return ["The network tests need Linux: run them in a virtual machine."];
  }
  const isRoot = Deno.uid() === 0;
  const missing = missingPackages();
  const command = "apt-get update && apt-get install -y " +
    `--no-install-recommends ${missing.join(" ")}`;
  const complaints: string[] = [];
  if (missing.length > 0) {
    const installed = isRoot && hasProgram("apt-get") && install(missing);
    if (!installed || missingPackages().length > 0) {
      complaints.push(`Missing packages. Install them: ${command}`);
    }
  }
  if (!isRoot) {
    complaints.push(
      `The network tests need root: sudo ${Deno.execPath()} task test`,
    );
  } else if (!exists(TUN)) {
    makeTun();
    if (!exists(TUN)) {
      complaints.push(`${TUN} is missing. Load the driver: modprobe tun`);
    }
  }
  return complaints;
}
