import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Failure, systemRandom } from "../core/index.ts";
import { SecretBox } from "./index.ts";

const key = new Uint8Array(32).fill(7);
const box = new SecretBox(key, systemRandom);

describe("SecretBox", () => {
  test("SecretBox opens whatever it sealed", () => {
    fc.assert(
      fc.property(fc.string({ unit: "grapheme" }), fc.string(), (plain, purpose) => {
        expect(box.open(box.seal(plain, purpose), purpose)).toBe(plain);
      }),
    );
  });

  test("SecretBox seals the same text differently each time, and does not show it", () => {
    const [one, two] = [box.seal("secret secret secret", "test"), box.seal("secret secret secret", "test")];
    expect(one).not.toEqual(two);
    expect(Buffer.from(one).includes("secret")).toBe(false);
  });

  test("SecretBox refuses a value with any bit flipped, or cut anywhere", () => {
    const sealed = box.seal("wJalrXUtnFEMI", "test");
    for (let bit = 0; bit < sealed.length * 8; bit++) {
      const changed = Uint8Array.from(sealed, (byte, at) => (at === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
      expect(() => box.open(changed, "test")).toThrow(Failure);
    }
    for (let length = 0; length < sealed.length; length++) {
      expect(() => box.open(sealed.subarray(0, length), "test")).toThrow(Failure);
    }
  });

  test("SecretBox refuses a value that was sealed for another purpose, naming the purpose and not the value", () => {
    const sealed = box.seal("wJalrXUtnFEMI", "access-key:AKIA1");
    expect(() => box.open(sealed, "access-key:AKIA2")).toThrow(/^decrypt a secret \(access-key:AKIA2\): /);
  });

  test("SecretBox refuses a value that was sealed with another key", () => {
    const other = new SecretBox(new Uint8Array(32).fill(8), systemRandom);
    expect(() => other.open(box.seal("text", "test"), "test")).toThrow(Failure);
  });
});
