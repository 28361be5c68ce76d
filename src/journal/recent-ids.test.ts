import { expect, test } from "vitest";
import { RecentIds } from "./recent-ids.ts";

const WINDOW = 100_000;

test("get() knows every one of the last ids, and forgets old ones in the end", () => {
  const recent = new RecentIds(WINDOW);
  const unknown: number[] = [];
  for (let sequence = 0; sequence < 400_000; sequence++) {
    recent.add(`id-${sequence}`, sequence);
    const oldest = Math.max(0, sequence - WINDOW + 1);
    if (recent.get(`id-${oldest}`) !== oldest) unknown.push(oldest);
  }
  expect(unknown).toEqual([]);
  expect(recent.get("id-0")).toBeUndefined();
  expect(recent.get("id-100000")).toBeUndefined();
});
