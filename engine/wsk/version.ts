/**
 * Which versions of the interface are spoken.
 *
 * @module
 */
import { MAKE_WSK_VERSION } from "./constants.ts";

/** The lowest version. */
export const LOWEST_VERSION: number = MAKE_WSK_VERSION(1, 0);
/** The highest version. */
export const HIGHEST_VERSION: number = MAKE_WSK_VERSION(1, 0);
