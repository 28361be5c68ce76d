import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { matchFields, namedFields, parseFieldsFilter } from "./fields-filter.ts";
import { splitFields } from "./split-fields.ts";

const value = fc.constantFrom("a", "ab", "b", "404", "40", "[a b]", '"a 4"', "4x");
const bare = (written: string) => written.replace(/^[["]|[\]"]$/g, "");

type Holds = (field: string) => boolean;
const number = (field: string) => (/^\d+$/.test(field) ? Number(field) : Number.NaN);
const CONDITIONS: readonly (readonly [written: string, holds: Holds])[] = [
  ["= a*", (field) => field.startsWith("a")],
  ["= *b", (field) => field.endsWith("b")],
  ["!= 404", (field) => field !== "404"],
  ["= 4*", (field) => field.startsWith("4")],
  ['= "a b"', (field) => field === "a b"],
  ["> 100", (field) => number(field) > 100],
  ["<= 40", (field) => number(field) <= 40],
  ["= %^[ab]+$%", (field) => /^[ab]+$/.test(field)],
];

interface Column {
  readonly written: string;
  readonly holds: Holds;
}

const condition = fc.constantFrom(...CONDITIONS);
const column: fc.Arbitrary<(name: string) => Column> = fc.oneof(
  fc.constant((name: string) => ({ written: name, holds: () => true })),
  condition.map(([written, holds]) => (name: string) => ({ written: `${name} ${written}`, holds })),
  fc.tuple(condition, fc.constantFrom("&&", "||"), condition).map(([[left, one], joint, [right, two]]) => {
    const holds: Holds = (field) => (joint === "&&" ? one(field) && two(field) : one(field) || two(field));
    return (name: string) => ({ written: `${name} ${left} ${joint} ${name} ${right}`, holds });
  }),
);
const columns = fc.array(column, { maxLength: 3 }).map((makers) => makers.map((make, at) => make(`f${at}`)));

describe("matchFields()", () => {
  test("agrees with a naive evaluation of columns", () => {
    fc.assert(
      fc.property(columns, fc.nat(3), fc.boolean(), fc.array(value, { maxLength: 5 }), (all, cut, open, values) => {
        const at = Math.min(cut, all.length);
        const parts = all.map(({ written }) => written);
        if (open || all.length === 0) parts.splice(at, 0, "...");
        // A pattern may have two regular expressions.
        fc.pre((parts.join().match(/%/g) ?? []).length <= 4);
        const filter = parseFieldsFilter(`[${parts.join(", ")}]`);
        const fields = splitFields(values.join(" "));
        expect(fields).toEqual(values.map(bare));
        expect(matchFields(filter, fields)).toBe(naively(all, at, parts.includes("..."), fields));
      }),
      { numRuns: 500 },
    );
  });

  test("namedFields() gives a name that stands twice to the last of its fields", () => {
    const filter = parseFieldsFilter("[a, ..., a]");
    expect(Object.fromEntries(namedFields(filter, ["1", "2", "3"]))).toEqual({ $a: "3", $2: "2" });
  });
});

function naively(all: readonly Column[], cut: number, open: boolean, fields: readonly string[]): boolean {
  if (open ? fields.length < all.length : fields.length !== all.length) return false;
  const skipped = fields.length - all.length;
  return all.every(({ holds }, at) => holds(fields[at < cut ? at : at + skipped] ?? ""));
}
