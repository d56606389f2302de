/**
 * The dispatch table of the client object, frozen, in the order of wsk.h.
 *
 * @module
 */
import { WskControlClient } from "./client_control.ts";
import {
  WskFreeAddressInfo,
  WskGetAddressInfo,
  WskGetNameInfo,
} from "./client_names.ts";
import { WskSocket, WskSocketConnect } from "./client_socket.ts";
import type { WSK_PROVIDER_DISPATCH } from "./dispatch.ts";
import { HIGHEST_VERSION } from "./version.ts";

/** The provider's functions. */
export const PROVIDER_DISPATCH: WSK_PROVIDER_DISPATCH = Object.freeze({
  Version: HIGHEST_VERSION,
  Reserved: 0,
  WskSocket,
  WskSocketConnect,
  WskControlClient,
  WskGetAddressInfo,
  WskFreeAddressInfo,
  WskGetNameInfo,
});
