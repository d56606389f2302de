import { assert, assertEquals } from "@std/assert";
import * as W from "../../../engine/wsk/mod.ts";
import * as S from "../../../engine/wsk/status.ts";

/** The severity macros by the two top bits, as ntdef.h defines them. */
Deno.test("NT_SUCCESS() and its kin go by severity", () => {
  const rows: [number, boolean, boolean, boolean, boolean][] = [
    [W.STATUS_SUCCESS, true, false, false, false],
    [W.STATUS_PENDING, true, false, false, false],
    [W.STATUS_TIMEOUT, true, false, false, false],
    [W.STATUS_EVENT_PENDING, true, true, false, false],
    [W.STATUS_BUFFER_OVERFLOW, false, false, true, false],
    [W.STATUS_CANCELLED, false, false, false, true],
    [-1073741536, false, false, false, true],
  ];
  for (const [status, success, information, warning, error] of rows) {
    assertEquals(W.NT_SUCCESS(status), success);
    assertEquals(W.NT_INFORMATION(status), information);
    assertEquals(W.NT_WARNING(status), warning);
    assertEquals(W.NT_ERROR(status), error);
  }
});

Deno.test("statuses are distinct unsigned numbers with names", () => {
  const all = Object.entries(S).filter(([name]) => name.startsWith("STATUS_"));
  assertEquals(new Set(all.map(([, value]) => value)).size, all.length);
  for (const [name, value] of all) {
    assert(typeof value === "number" && value === value >>> 0);
    assertEquals(W.statusName(value), name);
  }
  assertEquals(W.statusName(0xc0000099), "0xC0000099");
});

Deno.test("the numbers of ntstatus.h that clients compare with", () => {
  assertEquals(W.STATUS_PENDING, 0x103);
  assertEquals(W.STATUS_MORE_PROCESSING_REQUIRED, 0xc0000016);
  assertEquals(W.STATUS_FILE_FORCED_CLOSED, 0xc00000b6);
  assertEquals(W.STATUS_CANCELLED, 0xc0000120);
  assertEquals(W.STATUS_INVALID_DEVICE_STATE, 0xc0000184);
  assertEquals(W.STATUS_CONNECTION_REFUSED, 0xc0000236);
  assertEquals(W.STATUS_BUFFER_OVERFLOW, 0x80000005);
});

Deno.test("winsockErrorName() translates as Microsoft's Berkeley layer does", () => {
  assertEquals(W.winsockErrorName(W.STATUS_CONNECTION_RESET), "WSAECONNRESET");
  assertEquals(W.winsockErrorName(W.STATUS_IO_TIMEOUT), "WSAETIMEDOUT");
  assertEquals(W.winsockErrorName(W.STATUS_INVALID_DEVICE_STATE), "WSAEINVAL");
  assertEquals(W.winsockErrorName(W.STATUS_SUCCESS), "");
});

Deno.test("byte order and sizes are C's", () => {
  assertEquals(W.htons(80), 0x5000);
  assertEquals(W.ntohs(0x5000), 80);
  assertEquals(W.htonl(0x7f000001), 0x0100007f);
  assertEquals(W.ntohl(0xff000000), 0xff);
  assertEquals(W.sizeof(new W.SOCKADDR_IN()), 16);
  assertEquals(W.sizeof(new W.SOCKADDR_IN6()), 28);
  assertEquals(W.sizeof(new W.SOCKADDR_INET()), 128);
  assertEquals(W.sizeof(W.u32(1)), 4);
  assertEquals(W.readUlong(W.u32(0xfedcba98)), 0xfedcba98);
  const string = new W.UNICODE_STRING("abc");
  assertEquals([string.Length, string.MaximumLength], [6, 8]);
});
