/**
 * The Winsock Kernel (WSK) over this engine: names, order and statuses of `wsk.h`.
 *
 * A driver's WSK code is carried over by changing C's syntax: `Socket->Dispatch`
 * becomes `Socket.Dispatch`, a cast becomes `as`, the address of a variable
 * becomes `variable(0)`, and a structure that WSK fills becomes `new` of the
 * class of its name.
 *
 * ```ts
 * const Dispatch = Socket.Dispatch as WSK_PROVIDER_CONNECTION_DISPATCH;
 * const Irp = IoAllocateIrp(1, FALSE);
 * IoSetCompletionRoutine(Irp, ConnectComplete, Socket, TRUE, TRUE, TRUE);
 * const Status = Dispatch.WskConnect(Socket, RemoteAddress, 0, Irp);
 * ```
 *
 * Functions return an NTSTATUS and never throw for what happens at run time.
 * An IRP that was taken completes exactly once, with the status that was
 * returned or, after STATUS_PENDING, with the one it ends in; completion
 * routines and event callbacks run from the stack's delivery step, never
 * inside the call. What would stop a Windows machine throws a
 * `BugCheckError`. `completion(irp)` turns an IRP into a promise.
 *
 * ## Where each name of wsk.h stands
 *
 * | name | stands |
 * |---|---|
 * | WskRegister, WskDeregister, WskCaptureProviderNPI, WskReleaseProviderNPI, WskQueryProviderCharacteristics | members of {@linkcode WskSubsystem}; capturing and deregistering are awaited |
 * | WSK_REGISTRATION, WSK_CLIENT_NPI, WSK_PROVIDER_NPI, WSK_PROVIDER_CHARACTERISTICS | as in C; versions 1.0 to 1.0 |
 * | WSK_CLIENT_DISPATCH, PFN_WSK_CLIENT_EVENT | taken; never called, no event types exist |
 * | WSK_PROVIDER_DISPATCH | complete, in order |
 * | WskSocket | all five categories; raw datagrams: STATUS_NOT_SUPPORTED |
 * | WskSocketConnect | complete |
 * | WskControlClient | all seven codes; the TDI ones are accepted and do nothing |
 * | WskGetAddressInfo, WskFreeAddressInfo, WskGetNameInfo | literals, the subsystem's hosts table, its resolver |
 * | WSK_PROVIDER_BASIC_DISPATCH, _LISTEN_, _DATAGRAM_, _CONNECTION_, _STREAM_ | complete, in order, frozen, one of each; the Basic part is flattened |
 * | WskControlSocket | options: tables in control_options.ts; ioctls: control_ioctls.ts; the rest STATUS_NOT_SUPPORTED |
 * | WskCloseSocket, WskBind, WskListen, WskConnect, WskConnectEx, WskDisconnect | complete |
 * | WskAccept, WskInspectComplete | complete |
 * | WskSend, WskReceive | complete but for WSK_FLAG_OOB: STATUS_NOT_SUPPORTED |
 * | WskSendEx, WskReceiveEx | as WskSend and WskReceive; TCP has no control information |
 * | WskRelease | complete, for data and for datagrams |
 * | WskGetLocalAddress, WskGetRemoteAddress | complete |
 * | WskSendTo, WskReceiveFrom, WskSendMessages | complete; control information: IP_PKTINFO, IPV6_PKTINFO, hop limit, traffic class |
 * | WSK_CLIENT_LISTEN_DISPATCH: WskAcceptEvent, WskInspectEvent, WskAbortEvent | complete |
 * | WSK_CLIENT_CONNECTION_DISPATCH: WskReceiveEvent, WskDisconnectEvent, WskSendBacklogEvent | complete |
 * | WSK_CLIENT_DATAGRAM_DISPATCH: WskReceiveFromEvent | complete, one datagram a call |
 * | WSK_CLIENT_STREAM_DISPATCH | complete |
 * | PFN_WSK_RECEIVE_EX_EVENT | by SIO_WSK_SET_RECEIVE_EX_CALLBACK |
 * | SO_WSK_EVENT_CALLBACK, WSK_SET_STATIC_EVENT_CALLBACKS, WSK_EVENT_CALLBACK_CONTROL | complete |
 * | SO_WSK_SECURITY, WSK_CACHE_SD, WSK_RELEASE_SD | a descriptor says only whether it allows sharing |
 * | SIO_WSK_SET_REMOTE_ADDRESS, SIO_WSK_SET_SENDTO_ADDRESS | complete |
 * | SIO_WSK_QUERY_IDEAL_SEND_BACKLOG, SIO_WSK_QUERY_RECEIVE_BACKLOG, SIO_WSK_QUERY_INSPECT_ID, SIO_WSK_SET_TCP_SILENT_MODE | complete |
 * | SIO_WSK_REGISTER_EXTENSION, WSK_EXTENSION_CONTROL_IN, _OUT | STATUS_NOT_SUPPORTED: there are no extensions |
 * | WSK_BUF, WSK_BUF_LIST, WSK_DATA_INDICATION, WSK_DATAGRAM_INDICATION, WSK_INSPECT_ID, WSK_TRANSPORT, WSK_TDI_MAP, WSK_TDI_MAP_INFO | as in C |
 * | WSK_FLAG_AT_DISPATCH_LEVEL | never set: there is no IRQL |
 *
 * Around them: NTSTATUS codes, IRPs, MDLs, events and socket addresses, as far
 * as a WSK client touches them.
 *
 * @module
 */
export * from "./address_info.ts";
export {
  BAD_POOL_CALLER,
  BugCheckError,
  DRIVER_VERIFIER_IOMANAGER_VIOLATION,
  MULTIPLE_IRP_COMPLETE_REQUESTS,
  NO_MORE_IRP_STACK_LOCATIONS,
  PAGE_FAULT_IN_NONPAGED_AREA,
  PFN_LIST_CORRUPT,
} from "./bug_check.ts";
export * from "./c_types.ts";
export * from "./cmsg.ts";
export { completion } from "./completion.ts";
export * from "./constants.ts";
export * from "./dispatch.ts";
export * from "./irp.ts";
export * from "./kevent.ts";
export {
  IoAllocateMdl,
  IoFreeMdl,
  IoModifyAccess,
  IoReadAccess,
  IoWriteAccess,
  KernelMode,
  MDL,
  MDL_PAGES_LOCKED,
  MDL_SOURCE_IS_NONPAGED_POOL,
  mdlOf,
  MmBuildMdlForNonPagedPool,
  MmGetMdlByteCount,
  MmGetMdlByteOffset,
  MmGetSystemAddressForMdlSafe,
  MmProbeAndLockPages,
  MmUnlockPages,
  NormalPagePriority,
  UserMode,
} from "./mdl.ts";
export type { HostsTable, WskResolver } from "./names.ts";
export * from "./options.ts";
export * from "./pointers.ts";
export {
  WSK_PROVIDER_CHARACTERISTICS,
  WSK_PROVIDER_NPI,
  WSK_REGISTRATION,
} from "./registration.ts";
export type { WSK_CLIENT_NPI } from "./registration.ts";
export {
  IN6_ADDR,
  IN_ADDR,
  INADDR_ANY,
  INADDR_LOOPBACK,
  sockaddr,
  SOCKADDR_IN,
  SOCKADDR_IN6,
  SOCKADDR_INET,
} from "./sockaddr.ts";
export type { Endpoint, SOCKADDR } from "./sockaddr.ts";
export * from "./status.ts";
export { statusName, winsockErrorName } from "./status_text.ts";
export * from "./structures.ts";
export { StackTransport } from "./stack_transport.ts";
export { WskSubsystem } from "./subsystem.ts";
export type { WskSubsystemOptions, WskUsage } from "./subsystem.ts";
export * from "./transport.ts";
export { IpAddress } from "../wire/ip_address.ts";
export type { Micros } from "../base/units.ts";
export { bufOf, bytesOfBuf } from "./wsk_buf.ts";
export type { WSK_BUF, WSK_BUF_LIST } from "./wsk_buf.ts";
