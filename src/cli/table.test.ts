import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type Column, headerLine, layOut, naturalWidths, rowLine } from "./table.ts";
import { textWidth } from "./text-width.ts";

interface Row {
  readonly event: string;
  readonly who: string;
  readonly resource: string;
}

const COLUMNS: readonly Column<Row>[] = [
  { title: "EVENT", cell: (row) => row.event, widthTypical: 20, widthMin: 6, rank: 0 },
  { title: "WHO", cell: (row) => row.who, widthTypical: 10, widthMin: 5, rank: 0 },
  { title: "RESOURCE", cell: (row) => row.resource, cut: "middle", widthTypical: 20, widthMin: 8, rank: 1 },
];

const MARY: Row = { event: "CreateUser", who: "John", resource: "user/Mary" };

function lines(rows: readonly Row[], width: number | undefined): readonly string[] {
  const layout = layOut(COLUMNS, naturalWidths(COLUMNS, rows), width);
  return [headerLine(layout), ...rows.map((row) => rowLine(layout, row))];
}

describe("layOut()", () => {
  test.each<[string, number | undefined, readonly Row[], readonly string[]]>([
    ["aligns what fits", 80, [MARY], ["EVENT       WHO   RESOURCE", "CreateUser  John  user/Mary"]],
    [
      "takes from the widest first",
      30,
      [{ ...MARY, resource: "user/a/very/long/path/to/Mary" }],
      ["EVENT       WHO   RESOURCE", "CreateUser  John  user/a…/Mary"],
    ],
    [
      "leaves a column out when all would be too narrow",
      20,
      [{ event: "CreateUserWithManyWords", who: "John", resource: "user/Mary" }],
      ["EVENT           WHO", "CreateUserWit…  John"],
    ],
    ["squeezes what cannot be left out", 8, [MARY], ["EV…  WHO", "Cr…  Jo…"]],
    [
      "counts wide characters twice",
      80,
      [MARY, { event: "GetUser", who: "東京太郎", resource: "x" }],
      ["EVENT       WHO       RESOURCE", "CreateUser  John      user/Mary", "GetUser     東京太郎  x"],
    ],
    [
      "cuts nothing without a terminal, and pads a long text's column no further than 60",
      undefined,
      [MARY, { ...MARY, who: "x".repeat(100) }],
      [
        `EVENT       WHO${" ".repeat(57)}  RESOURCE`,
        `CreateUser  John${" ".repeat(56)}  user/Mary`,
        `CreateUser  ${"x".repeat(100)}  user/Mary`,
      ],
    ],
  ])("%s", (_, width, rows, expected) => expect(lines(rows, width)).toEqual(expected));

  test("never makes a line wider than a terminal that has room for one letter a column", () => {
    const text = fc.string({ unit: "binary", maxLength: 300 });
    const rows = fc.array(fc.record<Row>({ event: text, who: text, resource: text }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(rows, fc.integer({ min: 6, max: 200 }), (some, width) => {
        for (const line of lines(some, width)) {
          expect(textWidth(line)).toBeLessThanOrEqual(width);
          expect(line).not.toMatch(/[\p{Cc}\p{Cf}]/u);
        }
      }),
    );
  });
});

describe("rowLine()", () => {
  test("paints a cell once it is cut and padded", () => {
    const painted = COLUMNS.map((column) => ({ ...column, paint: (text: string) => `<${text}>` }));
    const layout = layOut(painted, [6, 6, 8], 30);
    expect(rowLine(layout, MARY)).toBe("<Creat…>  <John  >  <user…ary>");
  });
});

describe("naturalWidths()", () => {
  test("never falls below what was known before", () => {
    expect(naturalWidths(COLUMNS, [MARY], [20, 2, 3])).toEqual([20, 4, 9]);
  });
});
