import { assert, assertEquals } from "@std/assert";
import * as codes from "../../../engine/wire/codes.ts";

Deno.test("wireCodeName() has words of its own for every code", () => {
  const values = Object.values(codes).filter((v) => typeof v === "number");
  const names = values.map(codes.wireCodeName);
  assertEquals(new Set(names).size, values.length);
  assert(names.every((name) => !name.startsWith("code ")));
  assertEquals(codes.wireCodeName(-99), "code -99");
  assertEquals(codes.wireCodeName(7), "code 7");
});
