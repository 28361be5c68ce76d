import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeptKeys } from "./kept-keys.ts";

const KEY = { account: "123456789012" };

describe("KeptKeys", () => {
  test("forgets what was asked for longest ago", () => {
    const kept = new KeptKeys({ count: 2, characters: 1000 });
    kept.remember("a", KEY);
    kept.remember("b", undefined);
    kept.get("a");
    kept.remember("c", KEY);
    expect(["a", "b", "c"].map((name) => kept.get(name) !== undefined)).toEqual([true, false, true]);
  });

  test("tells a key that is known to be unknown from one that was not asked for", () => {
    const kept = new KeptKeys();
    kept.remember("a", undefined);
    expect(kept.get("a")).toMatchObject({ key: undefined });
    expect(kept.get("b")).toBeUndefined();
  });

  test("never holds more than its bounds, whatever happens", () => {
    const step = fc.tuple(fc.string({ maxLength: 3 }), fc.string({ maxLength: 40 }), fc.constantFrom("get", "put"));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const bounds = { count: 5, characters: 120 };
        const kept = new KeptKeys(bounds);
        const model = new Map<string, number>();
        for (const [name, account, what] of steps) {
          if (what === "get") {
            kept.get(name);
            continue;
          }
          kept.remember(name, { account });
          model.set(name, name.length + JSON.stringify({ account }).length);
        }
        const held = [...model].filter(([name]) => kept.get(name) !== undefined);
        expect(kept.size).toBe(held.length);
        expect(held.length).toBeLessThanOrEqual(bounds.count);
        expect(held.reduce((sum, [, size]) => sum + size, 0)).toBeLessThanOrEqual(bounds.characters);
      }),
    );
  });
});
