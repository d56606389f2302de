/**
 * Deno-shaped sockets over the stack.
 *
 * @module
 */
export {};
