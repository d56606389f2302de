/**
 * A hundred megabytes by HTTP through a link that loses one packet in a
 * hundred: curl from our web server, and our client from the web servers that
 * everybody uses. The hash decides.
 *
 * @module
 */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { createHash } from "node:crypto";
import { ADDRESSES, EngineLab, FAMILIES, until } from "./engine_lab.ts";
import { readHash } from "./engine_stream.ts";
import { startExample } from "./example_program.ts";
import { Namespace } from "./harness.ts";
import { makePattern, patternChunk, patternHash } from "./programs/pattern.ts";

const LENGTH = 100_000_000;
const CHECKSUM = patternHash(5, LENGTH);
const LOSSY = ["--drop", "0.01", "--seed", "7"];

/** SHA-256 of the first `length` bytes that examples/http_server.ts makes up. */
function bodyHash(length: number): string {
  const hash = createHash("sha256");
  const line = "0123456789abcde\n";
  const block = line.repeat(65_536);
  for (let left = length; left > 0; left -= block.length) {
    hash.update(block.slice(0, left));
  }
  return hash.digest("hex");
}

for (const host of ["10.0.0.2", "[fd00::2]"]) {
  Deno.test(`curl fetches 100 MB from http_server at ${host} through 1 % loss`, async () => {
    await using namespace = await Namespace.create(["curl"]);
    const server = startExample(namespace, "http_server", [...LOSSY, "80"]);
    await server.waitFor(/listening/);
    const url = `http://${host}/${LENGTH}`;
    const command = `curl -sf --max-time 60 ${url} | sha256sum`;
    const { stdout } = await namespace.spawn(["sh", "-c", command]).succeeded();
    assertMatch(stdout, new RegExp(`^${bodyHash(LENGTH)} `));
  });
}

Deno.test("sixteen curls at once fetch from http_server through 1 % loss", async () => {
  await using namespace = await Namespace.create(["curl"]);
  const server = startExample(namespace, "http_server", [...LOSSY, "80"]);
  await server.waitFor(/listening/);
  const length = 1_000_000;
  const expected = bodyHash(length);
  await Promise.all(Array.from({ length: 16 }, async () => {
    const command =
      `curl -sf --max-time 60 http://10.0.0.2/${length} | sha256sum`;
    const { stdout } = await namespace.spawn(["sh", "-c", command]).succeeded();
    assertMatch(stdout, new RegExp(`^${expected} `));
  }));
});

/** A folder with a file of the pattern in it, and how to serve it from 8080. */
type ServerCommand = (folder: string) => readonly string[];

const NGINX: ServerCommand = (folder) => {
  const configuration = `daemon off;
master_process off;
pid ${folder}/pid;
error_log stderr;
events {}
http {
  access_log off;
  client_body_temp_path ${folder};
  proxy_temp_path ${folder};
  fastcgi_temp_path ${folder};
  uwsgi_temp_path ${folder};
  scgi_temp_path ${folder};
  server { listen 8080; listen [::]:8080; root ${folder}; }
}
user root;
`;
  Deno.writeTextFileSync(`${folder}/nginx.conf`, configuration);
  return ["nginx", "-p", folder, "-c", `${folder}/nginx.conf`];
};

const PYTHON: ServerCommand = (folder) => [
  ...["python3", "-m", "http.server", "8080"],
  ...["--bind", "::", "--directory", folder],
];

for (
  const [name, command] of [["nginx", NGINX], ["python3", PYTHON]] as const
) {
  Deno.test(`our client fetches 100 MB from ${name} through 1 % loss`, async () => {
    const folder = await Deno.makeTempDir();
    try {
      writePatternFile(`${folder}/file`);
      await using lab = await EngineLab.create({
        tools: [name],
        faults: { drop: 0.01 },
      });
      lab.namespace.spawn(command(folder));
      await until("it listens", async () => {
        const sockets = await lab.namespace.run("ss", "-Htln");
        return sockets.includes(":8080");
      });
      for (const family of FAMILIES) {
        const sha256 = await fetchHash(lab, family, "/file");
        assertEquals(sha256, CHECKSUM);
      }
      assert(lab.link!.rxCounters.get("dropped") > 1_000);
    } finally {
      await Deno.remove(folder, { recursive: true });
    }
  });
}

function writePatternFile(path: string): void {
  const pattern = makePattern(5);
  using file = Deno.openSync(path, { write: true, create: true });
  for (let position = 0; position < LENGTH;) {
    const wanted = LENGTH - position;
    position += file.writeSync(patternChunk(pattern, position, wanted));
  }
}

/** Fetches `path` and returns the SHA-256 of the body. */
async function fetchHash(
  lab: EngineLab,
  family: 4 | 6,
  path: string,
): Promise<string> {
  const hostname = ADDRESSES[family].kernel;
  const request = `GET ${path} HTTP/1.0\r\nHost: server\r\n\r\n`;
  await using conn = await lab.net.connect({
    hostname,
    port: 8080,
    fastOpen: new TextEncoder().encode(request),
  });
  const head = await readHead(conn);
  assertMatch(head, /^HTTP\/1\.[01] 200 /);
  assert(head.toLowerCase().includes(`content-length: ${LENGTH}`), head);
  const { bytes, sha256 } = await readHash(conn, LENGTH);
  assertEquals(bytes, LENGTH);
  return sha256;
}

/** Reads the header and no byte of the body. */
async function readHead(
  conn: { read(target: Uint8Array): Promise<number | null> },
): Promise<string> {
  const byte = new Uint8Array(1);
  let head = "";
  while (!head.endsWith("\r\n\r\n")) {
    if (await conn.read(byte) === null) return head;
    head += String.fromCharCode(byte[0]);
  }
  return head;
}
