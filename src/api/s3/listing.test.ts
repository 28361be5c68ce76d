import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { keyWriter } from "./listing.ts";

describe("keyWriter()", () => {
  test("writes keys as they are unless it is told otherwise", () => {
    expect(keyWriter(undefined)("a b&ü")).toBe("a b&ü");
  });

  test.each([
    ["a/b.c-d_e", "a/b.c-d_e"],
    ["a b+c", "a+b%2Bc"],
    ["ü&<>", "%C3%BC%26%3C%3E"],
    ["(~!')*", "%28%7E%21%27%29*"],
    ["\u0001\n", "%01%0A"],
  ])("writes %j for url as %s", (key, text) => {
    expect(keyWriter("url")(key)).toBe(text);
  });

  test("writes for url what forms are read back from", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), (key) => {
        const [[read] = []] = new URLSearchParams(`${keyWriter("url")(key)}=1`);
        expect(read).toBe(key);
      }),
    );
  });

  test("refuses other encodings", () => {
    expect(() => keyWriter("base64")).toThrow("Invalid Encoding Method");
  });
});
