import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { compatibilityPage } from "../../tools/compatibility.ts";

test("docs/compatibility.md says what the tables of operations say", () => {
  expect(readFileSync("docs/compatibility.md", "utf8")).toBe(compatibilityPage());
});
