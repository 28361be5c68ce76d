import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { prettyJson } from "./json-text.ts";
import { styleFor } from "./style.ts";

const plain = styleFor({ write: () => true }, { env: {} }, {});
const colours = styleFor({ write: () => true, isTTY: true }, { env: {} }, {});

describe("prettyJson()", () => {
  test("is what JSON.stringify() makes with two spaces, for any value without hidden characters", () => {
    const value = fc.jsonValue({ stringUnit: fc.constantFrom("a", "é", '"', "\\", "{", ":", ",", "]", " ", "東") });
    fc.assert(
      fc.property(value, (some) => {
        expect(prettyJson(JSON.stringify(some), plain)).toBe(JSON.stringify(some, undefined, 2));
      }),
    );
  });

  test("keeps the spelling of numbers and strings, and the order and repetition of keys", () => {
    const json = '{"b":89.0,"a":1e3,"a":"\\u003cx\\u003e","big":12345678901234567890}';
    expect(prettyJson(json, plain)).toBe(
      '{\n  "b": 89.0,\n  "a": 1e3,\n  "a": "\\u003cx\\u003e",\n  "big": 12345678901234567890\n}',
    );
  });

  test("lets no terminal sequence through, and means the same", () => {
    const value = { "\u202ekey": "\u009b2J\u200b\u{e0041}" };
    const text = prettyJson(JSON.stringify(value), plain);
    expect(text).not.toMatch(/[\p{Cf}\x7f-\x9f]/u);
    expect(JSON.parse(text)).toEqual(value);
  });

  test("tells keys, strings and numbers apart by colour", () => {
    expect(prettyJson('{"a":"b","n":[1,true]}', colours)).toBe(
      '{\n  \u001b[36m"a"\u001b[39m: \u001b[32m"b"\u001b[39m,\n  \u001b[36m"n"\u001b[39m: [\n    \u001b[33m1\u001b[39m,\n    \u001b[33mtrue\u001b[39m\n  ]\n}',
    );
  });

  test("withstands any depth", () => {
    const depth = 50_000;
    const text = prettyJson("[".repeat(depth) + "]".repeat(depth), { ...plain });
    expect(text).toContain("[]");
  });
});
