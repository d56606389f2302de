/**
 * How an example ends: with a status, and when it cannot do its work, with one
 * line that says why. Only a bug prints a stack trace.
 *
 * @module
 */
import { LibraryError, SystemError } from "../../mod.ts";
import { HelpRequest, UsageError } from "./flags.ts";

/** Runs `main` and exits with the status it resolves to; 1 when it fails. */
export async function runProgram(
  name: string,
  main: () => Promise<number>,
): Promise<never> {
  try {
    Deno.exit(await main());
  } catch (error) {
    if (error instanceof HelpRequest) {
      console.log(error.message);
      Deno.exit(0);
    }
    if (!isExplained(error)) throw error;
    printFailure(name, error);
    Deno.exit(1);
  }
}

/** Prints the one line. */
export function printFailure(name: string, error: Error): void {
  console.error(`${name}: ${oneLine(error.message)}`);
}

/** Whether the message is meant for the user: an error of the command line, the operating system or the network. */
export function isExplained(error: unknown): error is Error {
  return error instanceof UsageError || error instanceof SystemError ||
    error instanceof LibraryError || error instanceof DOMException ||
    error instanceof Error && error.constructor.name in Deno.errors;
}

function oneLine(text: string): string {
  return text.replaceAll(/\s*\n\s*/g, " ");
}
