/**
 * Fetches a page; the request travels in the SYN when a cookie is known.
 *
 *     deno run --allow-ffi examples/http_get.ts http://10.0.0.1:8080/
 *
 * Run it as root or under `unshare -Urn`, with a web server on this machine,
 * for instance `python3 -m http.server 8080`. The answer, headers and all, goes
 * to standard output. GET may be repeated without harm, which is what RFC 7413
 * §6.1 asks of data in a SYN.
 *
 * @module
 */
import { LINK_FLAGS, LINK_HELP } from "./support/flags.ts";
import { readAddress, readArguments, readLink } from "./support/flags.ts";
import { UsageError } from "./support/flags.ts";
import { openNetwork } from "./support/network.ts";
import { runProgram } from "./support/program.ts";
import { drain } from "./support/stream.ts";

const HELP = `deno run --allow-ffi examples/http_get.ts [flags] URL

Prints what a web server answers. The host in URL is an address.

${LINK_HELP}`;
const IDLE_TIMEOUT_MS = 30_000;

async function main(): Promise<number> {
  const { values, positionals } = readArguments({
    options: LINK_FLAGS,
    allowPositionals: true,
  }, HELP);
  const url = readUrl(positionals[0] ?? "");
  // An IPv6 address stands in brackets in a URL.
  const hostname = readAddress("host", url.hostname.replace(/^\[|\]$/g, ""));
  const settings = readLink(values);
  await using net = await openNetwork(settings);
  const request =
    `GET ${url.pathname}${url.search} HTTP/1.0\r\nHost: ${url.host}\r\n\r\n`;
  await using conn = await net.connect({
    hostname,
    port: url.port === "" ? 80 : Number(url.port),
    fastOpen: new TextEncoder().encode(request),
  });
  await drain(conn, IDLE_TIMEOUT_MS, (chunk) => {
    for (let at = 0; at < chunk.length;) {
      at += Deno.stdout.writeSync(chunk.subarray(at));
    }
  });
  return 0;
}

function readUrl(text: string): URL {
  const url = URL.parse(text);
  if (url !== null && url.protocol === "http:") return url;
  throw new UsageError(
    `Cannot fetch "${text}": give a URL like http://10.0.0.1:8080/`,
  );
}

await runProgram("http_get", main);
