import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { decodeCbor } from "./cbor-reader.ts";
import { Float, encodeCbor } from "./cbor-writer.ts";
import { DEPTH_MAX, Malformed } from "./scalars.ts";

const VECTORS = new URL("../../../../shared/data/aws-protocol-tests/cbor/", import.meta.url);
const present = existsSync(VECTORS);
const note = present ? "" : " (skipped: ../shared/data/aws-protocol-tests is absent)";

interface Vector {
  readonly description: string;
  readonly input: string;
  readonly expect: Expectation;
}

interface Expectation {
  readonly uint?: number | bigint;
  readonly negint?: number | bigint;
  readonly bool?: boolean;
  readonly null?: object;
  readonly float32?: number | bigint;
  readonly float64?: number | bigint;
  readonly string?: string;
  readonly bytestring?: readonly number[];
  readonly list?: readonly Expectation[];
  readonly map?: Readonly<Record<string, Expectation>>;
  readonly tag?: { readonly id: number; readonly value: Expectation };
}

function vectors(file: string): Vector[] {
  return present ? (JSON.parse(readFileSync(new URL(file, VECTORS), "utf8"), exactly) as Vector[]) : [];
}

function exactly(this: unknown, _key: string, value: unknown, context?: { readonly source?: string }): unknown {
  return typeof value === "number" && !Number.isSafeInteger(value) ? BigInt(context?.source ?? "") : value;
}

/** Floats are told by their bits; a tag that means nothing here is looked through. */
function valueOf(expected: Expectation): unknown {
  const view = new DataView(new ArrayBuffer(8));
  if (expected.float32 !== undefined) {
    view.setUint32(0, Number(expected.float32));
    return view.getFloat32(0);
  }
  if (expected.float64 !== undefined) {
    view.setBigUint64(0, BigInt(expected.float64));
    return view.getFloat64(0);
  }
  if (expected.null !== undefined) return null;
  if (expected.bytestring !== undefined) return Uint8Array.from(expected.bytestring);
  if (expected.list !== undefined) return expected.list.map(valueOf);
  if (expected.tag !== undefined) return valueOf(expected.tag.value);
  if (expected.map !== undefined) {
    return Object.fromEntries(Object.entries(expected.map).map(([key, part]) => [key, valueOf(part)]));
  }
  return expected.uint ?? expected.negint ?? expected.bool ?? expected.string;
}

const good = vectors("decode-success-tests.json");
const bad = vectors("decode-error-tests.json");

test.skipIf(!present)(`the CBOR vectors are all there${note}`, () => {
  expect([good.length, bad.length]).toEqual([151, 56]);
});

describe.skipIf(!present)(`decodeCbor() follows the vectors${note}`, () => {
  test.each(good)("$description", ({ input, expect: expected }) => {
    expect(decodeCbor(Buffer.from(input, "hex"))).toEqual(valueOf(expected));
  });
  test.each(bad)("and refuses $description", ({ input }) => {
    expect(() => decodeCbor(Buffer.from(input, "hex"))).toThrow(Malformed);
  });
});

test.each([
  ["bytes after the item", "0000"],
  ["an empty body", ""],
  ["a reserved length", "1c"],
  ["an unknown simple value", "e0"],
  ["a break outside", "ff"],
  ["a number as a key", "a10000"],
  ["text that is not UTF-8", "61ff"],
  ["a character that straddles two chunks", "7f61c361a4ff"],
  ["a list that claims four thousand million items", "9affffffff"],
  ["a timestamp that is text", "c16130"],
  ["a timestamp in the year 10000", "c11b0000003afff44180"],
  ["a big integer of 17 bytes", "c25100000000000000000000000000000000ff"],
])("decodeCbor() refuses %s", (_, input) => {
  expect(() => decodeCbor(Buffer.from(input, "hex"))).toThrow(Malformed);
});

test.each([
  ["as deep as allowed", DEPTH_MAX, false],
  ["one deeper", DEPTH_MAX + 1, true],
  ["a hundred thousand levels", 100_000, true],
])("decodeCbor() looks at the depth: %s", (_, depth, refused) => {
  const bytes = Buffer.concat([Buffer.alloc(depth - 1, 0x81), Buffer.from([0x80])]);
  const decode = (): unknown => decodeCbor(bytes);
  expect(attempt(decode)).toBe(refused ? "Malformed" : "fine");
});

function attempt(run: () => unknown): string {
  try {
    run();
    return "fine";
  } catch (thrown) {
    return thrown instanceof Malformed ? "Malformed" : String(thrown);
  }
}

test("decodeCbor() makes __proto__ a key like any other", () => {
  const decoded = decodeCbor(encodeCbor(JSON.parse('{"__proto__":{"polluted":true}}'))) as Record<string, unknown>;
  expect(Object.keys(decoded)).toEqual(["__proto__"]);
  expect(decoded["polluted"]).toBeUndefined();
});

test("decodeCbor() shares no memory with its input", () => {
  const input = Buffer.from("43010203", "hex");
  const decoded = decodeCbor(input);
  input.fill(0);
  expect(decoded).toEqual(Uint8Array.of(1, 2, 3));
});

test.each([
  [0, "00"],
  [23, "17"],
  [24, "1818"],
  [255, "18ff"],
  [256, "190100"],
  [65_536, "1a00010000"],
  [4_294_967_296, "1b0000000100000000"],
  [-1, "20"],
  [-257, "390100"],
  [2n ** 64n - 1n, "1bffffffffffffffff"],
  [-(2n ** 63n), "3b7fffffffffffffff"],
  [1.5, "fa3fc00000"],
  [1.1, "fb3ff199999999999a"],
  [new Float(2), "fa40000000"],
  ["ä", "62c3a4"],
  [Uint8Array.of(1), "4101"],
  [[true, false, null, undefined], "84f5f4f6f6"],
  [{ a: 1 }, "a1616101"],
  [new Date(1000), "c101"],
  [new Date(1500), "c1fa3fc00000"],
])("encodeCbor() writes %s in its shortest form", (value, hex) => {
  expect(Buffer.from(encodeCbor(value)).toString("hex")).toBe(hex);
});

test("encodeCbor() grows with what it writes", () => {
  const value = Array.from({ length: 5000 }, (_, index) => ({ index, text: "é".repeat(index % 50) }));
  expect(decodeCbor(encodeCbor(value))).toEqual(value);
});
