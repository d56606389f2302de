/**
 * The programs people have, against the servers among the examples.
 *
 * @module
 */
import { createHash } from "node:crypto";
import { assertEquals, assertMatch } from "@std/assert";
import { exampleCommand, startExample } from "./example_program.ts";
import { Namespace } from "./harness.ts";

const SOURCE = new URL("./programs/source.ts", import.meta.url);
const LENGTH = 1_000_000;
const BODY = "0123456789abcde\n".repeat(LENGTH / 16);
const BODY_HASH = createHash("sha256").update(BODY).digest("hex");

for (const host of ["10.0.0.2", "[fd00::2]"]) {
  Deno.test(`curl fetches a megabyte from http_server at ${host}`, async () => {
    await using namespace = await Namespace.create(["curl"]);
    const server = startExample(namespace, "http_server", ["8080"]);
    await server.waitFor(/listening/);
    const url = `http://${host}:8080/${LENGTH}`;
    const body = await namespace.run("curl", "-sS", "--fail", url);
    assertEquals(createHash("sha256").update(body).digest("hex"), BODY_HASH);
    await server.waitFor(new RegExp(`GET /${LENGTH}: ${LENGTH} bytes`));
  });
}

Deno.test("curl fetches a megabyte from http_server over a link that loses and damages packets", async () => {
  await using namespace = await Namespace.create(["curl"]);
  const faults = ["--drop", "0.02", "--corrupt", "0.01", "--seed", "2"];
  const server = startExample(namespace, "http_server", [...faults, "80"]);
  await server.waitFor(/listening/);
  const url = `http://10.0.0.2/${LENGTH}`;
  const { code, stdout } = await namespace.spawn(["curl", "-sS", "--fail", url])
    .result;
  assertEquals(code, 0);
  assertEquals(createHash("sha256").update(stdout).digest("hex"), BODY_HASH);
});

Deno.test("python3 fetches a page from http_server", async () => {
  await using namespace = await Namespace.create(["python3"]);
  const server = startExample(namespace, "http_server", ["80"]);
  await server.waitFor(/listening/);
  const program =
    'import urllib.request as u; print(u.urlopen("http://10.0.0.2/").read())';
  assertMatch(
    await namespace.run("python3", "-c", program),
    /hello from a TCP in user space/,
  );
});

Deno.test("ncat gets back from echo_server what it sent", async () => {
  await using namespace = await Namespace.create(["ncat"]);
  const server = startExample(namespace, "echo_server", ["7"]);
  await server.waitFor(/listening on 10\.0\.0\.2\/24, fd00::2\/64 port 7/);
  const text = "there and back\n".repeat(1_000);
  const input = new TextEncoder().encode(text);
  const argv = ["ncat", "--no-shutdown", "fd00::2", "7"];
  const client = namespace.spawn(argv, input);
  await client.waitFor(/(there and back\n){1000}/);
  client.kill("SIGTERM");
  await client.result;
});

Deno.test("a kernel client learns that echo_server has no such port", async () => {
  await using namespace = await Namespace.create();
  const server = startExample(namespace, "echo_server", ["7"]);
  await server.waitFor(/listening/);
  const args = ["--connect", "10.0.0.2", "--port", "8", "--bytes", "1"];
  const source = namespace.deno(SOURCE, ...args);
  assertEquals((await source.nextJson()).code, "ECONNREFUSED");
});

Deno.test("http_get fetches a page from a web server of the kernel's", async () => {
  await using namespace = await Namespace.create(["python3"]);
  const folder = await Deno.makeTempDir();
  try {
    await Deno.writeTextFile(`${folder}/page.txt`, BODY);
    const serve = ["python3", "-um", "http.server", "8080"];
    const server = namespace.spawn([...serve, "--directory", folder]);
    await server.waitFor(/Serving HTTP/);
    const url = "http://10.0.0.1:8080/page.txt";
    const get = startExample(namespace, "http_get", [url]);
    const { stdout } = await get.succeeded();
    const [head, body] = stdout.split("\r\n\r\n");
    assertMatch(head, /^HTTP\/1\.[01] 200/);
    assertEquals(createHash("sha256").update(body).digest("hex"), BODY_HASH);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

Deno.test("two_stacks needs no permission and says the same each time", async () => {
  await using namespace = await Namespace.create();
  const run = async (): Promise<string> =>
    await namespace.run(...exampleCommand("two_stacks", [], []));
  const stdout = await run();
  assertMatch(stdout, /^1000000 bytes in \d\.\d+ s of the stacks' time/m);
  assertEquals(await run(), stdout);
});
