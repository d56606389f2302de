/**
 * A program that runs beside a test, and what it has said so far.
 *
 * Its output is collected as it comes, so that a test may wait for a line, see
 * all of it in the message when the line never comes, and never lose the end.
 * Waits are bounded only to turn a hang into a failure that says what was
 * waited for; nothing is decided by how long something took.
 *
 * @module
 */

/** How long a wait may take before it fails, in milliseconds. */
export const WAIT_TIMEOUT_MS = 20_000;

/** How a program ended. */
export interface ProgramResult {
  /** Exit status; 128 and the signal's number when it was killed. */
  readonly code: number;
  /** All of its standard output. */
  readonly stdout: string;
  /** All of its standard error. */
  readonly stderr: string;
}

/** A started program. Disposing of it kills it and waits for its end. */
export class Program implements AsyncDisposable {
  /** The command line, for messages. */
  readonly commandLine: string;
  /** Settles when the program has ended and its output has been read to the end. */
  readonly result: Promise<ProgramResult>;
  readonly #child: Deno.ChildProcess;
  readonly #texts = { stdout: "", stderr: "" };
  #changed = Promise.withResolvers<void>();
  #ended = false;
  #jsonOffset = 0;

  /** Starts `argv`; the first word is the program. `stdin` is its whole input. */
  constructor(argv: readonly string[], stdin: Uint8Array<ArrayBuffer> | null) {
    this.commandLine = argv.join(" ");
    this.#child = new Deno.Command(argv[0], {
      args: argv.slice(1),
      stdin: stdin === null ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.result = this.#run(stdin);
  }

  /** The process id. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Standard output so far. */
  get stdout(): string {
    return this.#texts.stdout;
  }

  /** Standard error so far. */
  get stderr(): string {
    return this.#texts.stderr;
  }

  /** Waits until standard output or error contains a match and returns it; fails if the program ends before. */
  async waitFor(pattern: RegExp): Promise<RegExpExecArray> {
    return await this.#wait(
      `output matching ${pattern}`,
      () => pattern.exec(this.stdout) ?? pattern.exec(this.stderr),
    );
  }

  /** The next line of standard output, parsed as JSON; lines that are not JSON objects are passed over. */
  async nextJson(): Promise<Record<string, unknown>> {
    return await this.#wait("a line of JSON", () => this.#takeJson());
  }

  /** Waits for the end and returns the result; fails with all output when the exit status is not 0. */
  async succeeded(): Promise<ProgramResult> {
    const result = await this.ended();
    if (result.code === 0) return result;
    throw new Error(
      `${this.commandLine} ended with status ${result.code}\n${result.stdout}${result.stderr}`,
    );
  }

  /** Waits for the end and returns the result, whatever the exit status. */
  async ended(): Promise<ProgramResult> {
    await this.#wait("its end", () => this.#ended ? true : null);
    return await this.result;
  }

  /** Sends a signal; a program that has already ended is left alone. */
  kill(signal: Deno.Signal): void {
    if (this.#ended) return;
    try {
      this.#child.kill(signal);
    } catch (error) {
      // It ended, and that has not been noticed here yet.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Kills the program and waits for its end. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.kill("SIGKILL");
    await this.result;
  }

  async #run(stdin: Uint8Array<ArrayBuffer> | null): Promise<ProgramResult> {
    const fed = stdin === null ? null : feed(this.#child.stdin, stdin);
    const [status] = await Promise.all([
      this.#child.status,
      this.#collect("stdout"),
      this.#collect("stderr"),
      fed,
    ]);
    this.#ended = true;
    this.#changed.resolve();
    return { code: status.code, ...this.#texts };
  }

  async #collect(name: "stdout" | "stderr"): Promise<void> {
    const decoder = new TextDecoder();
    for await (const chunk of this.#child[name]) {
      this.#texts[name] += decoder.decode(chunk, { stream: true });
      this.#changed.resolve();
    }
  }

  #takeJson(): Record<string, unknown> | null {
    while (true) {
      const end = this.stdout.indexOf("\n", this.#jsonOffset);
      if (end < 0) return null;
      const line = this.stdout.slice(this.#jsonOffset, end);
      this.#jsonOffset = end + 1;
      if (line.startsWith("{")) return JSON.parse(line);
    }
  }

  async #wait<T>(what: string, look: () => T | null): Promise<T> {
    const timeout = Promise.withResolvers<"timeout">();
    const timer = setTimeout(() => timeout.resolve("timeout"), WAIT_TIMEOUT_MS);
    try {
      while (true) {
        const changed = this.#changed.promise;
        const found = look();
        if (found !== null) return found;
        if (this.#ended) throw this.#missed("ended without", what);
        const woken = await Promise.race([changed, timeout.promise]);
        if (woken === "timeout") throw this.#missed("still lacks", what);
        this.#changed = Promise.withResolvers<void>();
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #missed(verb: string, what: string): Error {
    return new Error(
      `${this.commandLine} ${verb} ${what}\n${this.stdout}${this.stderr}`,
    );
  }
}

async function feed(
  stdin: WritableStream<Uint8Array<ArrayBuffer>>,
  bytes: Uint8Array<ArrayBuffer>,
): Promise<void> {
  const writer = stdin.getWriter();
  try {
    await writer.write(bytes);
    await writer.close();
  } catch (error) {
    // A program may end without having read all of its input.
    if (!(error instanceof Deno.errors.BrokenPipe)) throw error;
  }
}
