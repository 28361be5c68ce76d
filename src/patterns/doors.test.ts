import { expect, test } from "vitest";
import { Doors } from "./doors.ts";

test("Doors ask a matcher for no more values once it wants one", () => {
  const doors = new Doors<string>();
  doors.add([{ kind: "exists", exists: true }], "there");
  doors.add([{ kind: "anything-but", none: [{ kind: "equals", value: "x" }] }], "another");
  const opened: string[] = [];
  const values = ["x", ...Array.from({ length: 1000 }, (_, index) => `y${index}`)];
  doors.openAll(values, values.length, (items) => opened.push(...items));
  expect(opened).toEqual(["there", "another"]);
  opened.length = 0;
  doors.openAll(values, 1, (items) => opened.push(...items));
  expect(opened).toEqual(["there"]);
});
