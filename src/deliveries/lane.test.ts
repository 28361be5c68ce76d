import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Lane } from "./lane.ts";
import type { Waiting } from "./ledger.ts";

const waiting = (id: number, dueAt: number): Waiting => ({ id, dueAt, lane: "http 1 a", size: 1 });

/** What the table answers: all that waits there, soonest first. */
function fill(lane: Lane, table: readonly Waiting[]): void {
  const asked = lane.fillRows;
  const rows = table.toSorted((one, other) => one.dueAt - other.dueAt || one.id - other.id).slice(0, asked);
  lane.fill(rows, asked);
}

function takeAll(lane: Lane, now: number): number[] {
  const taken: number[] = [];
  for (let next = lane.take(now); next !== undefined; next = lane.take(now)) taken.push(next.id);
  return taken;
}

describe("Lane", () => {
  test("hands out what is due, soonest first", () => {
    const lane = new Lane("http 1 a");
    for (const each of [waiting(1, 30), waiting(2, 10), waiting(3, 20), waiting(4, 10)]) lane.admit(each);
    expect(takeAll(lane, 20)).toEqual([2, 4, 3]);
    expect(lane.dueAt).toBe(30);
  });

  test("hands out nothing twice while it is under way", () => {
    const lane = new Lane("http 1 a");
    lane.admit(waiting(1, 10));
    lane.admit(waiting(1, 10));
    expect(takeAll(lane, 10)).toEqual([1]);
    lane.admit(waiting(1, 10));
    expect(lane.needsFill).toBe(true);
    fill(lane, [waiting(1, 10)]);
    expect(takeAll(lane, 10)).toEqual([]);
    lane.settled(1);
    lane.admit(waiting(1, 50));
    expect(takeAll(lane, 50)).toEqual([1]);
  });

  test("has room for one more with each delivery that was taken, and for few at an endpoint that lets us wait", () => {
    const lane = new Lane("http 1 a");
    for (let id = 1; id <= 200; id++) lane.admit(waiting(id, 0));
    const startAll = (most: number): number => {
      while (lane.hasRoom(most)) lane.take(0);
      return lane.running;
    };
    const rounds = [1, 2, 3, 4].map(() => {
      const running = startAll(64);
      for (let ended = 0; ended < running; ended++) lane.ended(true, false);
      return running;
    });
    expect(rounds).toEqual([1, 2, 4, 8]);
    expect(startAll(10)).toBe(10);
    for (let ended = 0; ended < 10; ended++) lane.ended(true, true);
    expect(startAll(64)).toBe(8);
    for (let ended = 0; ended < 8; ended++) lane.ended(ended === 0, false);
    expect(startAll(64)).toBe(1);
  });

  test("finds everything in the table that it could not keep, each once and in order", () => {
    const step = fc.oneof(
      fc.record({ add: fc.integer({ min: 0, max: 200 }) }),
      fc.record({ pass: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ retryIn: fc.integer({ min: 0, max: 50 }) }),
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300, size: "max" }), (steps) => {
        const lane = new Lane("http 1 a");
        const table = new Map<number, Waiting>();
        const underWay = new Set<number>();
        let now = 0;
        let id = 0;
        const takeOne = (): Waiting | undefined => {
          if (lane.needsFill) fill(lane, [...table.values()]);
          const taken = lane.take(now);
          if (taken === undefined) return undefined;
          const free = [...table.values()].filter((each) => !underWay.has(each.id));
          expect(table.get(taken.id)).toEqual(taken);
          expect(underWay.has(taken.id)).toBe(false);
          expect(taken.dueAt).toBe(Math.min(...free.map(({ dueAt }) => dueAt)));
          underWay.add(taken.id);
          return taken;
        };
        for (const next of steps) {
          if ("pass" in next) now += next.pass;
          else if ("add" in next) {
            const added = waiting(++id, now + (next.add > 100 ? 0 : next.add));
            table.set(id, added);
            lane.admit(added);
          } else {
            const taken = takeOne();
            if (taken === undefined) continue;
            underWay.delete(taken.id);
            lane.settled(taken.id);
            table.delete(taken.id);
            if (next.retryIn % 2 === 0) continue;
            const again = waiting(taken.id, now + next.retryIn);
            table.set(again.id, again);
            lane.admit(again);
          }
        }
        now = Number.MAX_SAFE_INTEGER;
        for (let taken = takeOne(); taken !== undefined; taken = takeOne()) {
          table.delete(taken.id);
          underWay.delete(taken.id);
          lane.settled(taken.id);
        }
        expect(table.size).toBe(0);
        expect(lane.idle).toBe(true);
      }),
    );
  });
});
