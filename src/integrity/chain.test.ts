import fc from "fast-check";
import { describe, expect, test } from "vitest";
import {
  backfillWindow,
  beginRun,
  type ChainState,
  closed,
  endRun,
  lateWindowEnd,
  NEW_CHAIN,
  startBefore,
  windowDue,
  windowToClose,
} from "./chain.ts";

const HOUR = 3_600_000;
const TIMES = { intervalMs: HOUR, graceMs: 1000 };
const START = Date.UTC(2026, 2, 1, 11, 1, 31);
const LINK = { bucket: "b", key: "k", sha256: "00", signature: "00" };
const running: ChainState = beginRun(NEW_CHAIN, START + 900);

describe("windowToClose()", () => {
  test.each<[string, number, number | undefined]>([
    ["before the window's end", HOUR - 1, undefined],
    ["within the grace", HOUR + 999, undefined],
    ["after the grace", HOUR + 1000, 1],
    ["after several missed windows: the oldest", 5 * HOUR + 1000, 1],
    ["after a thousand missed windows", 1000 * HOUR + 1000, 1],
    ["after more than a thousand: all but the newest thousand in one", 1500 * HOUR + 1000, 501],
    ["when the clock was set back", -9 * HOUR, undefined],
  ])("%s", (_, passed, hours) => {
    const window = windowToClose(running, TIMES, START + passed, false, 0);
    expect(window).toEqual(hours && { start: START, end: START + hours * HOUR, last: false });
  });

  test.each<[string, number, number, number]>([
    ["now, in whole seconds", 61_001, 0, 62_000],
    ["a second later at least", 0, 0, 1000],
    ["not before the newest file, which a clock that was ahead had dated", 5000, HOUR + 1, HOUR + 1000],
  ])("ends a run %s", (_, passed, newest, end) => {
    const ending = endRun(running);
    expect(windowToClose(ending, TIMES, START + passed, false, 0)).toBeUndefined();
    expect(windowToClose(ending, TIMES, START + passed, true, START + newest)).toEqual({
      start: START,
      end: START + end,
      last: true,
    });
  });

  test("closes nothing where no run is", () => {
    expect(windowToClose(NEW_CHAIN, TIMES, START, true, START)).toBeUndefined();
    expect(windowDue(NEW_CHAIN, TIMES)).toBeUndefined();
  });
});

describe("a chain's state", () => {
  const steps = fc.array(
    fc.record({
      kind: fc.constantFrom("begin", "end", "close"),
      passed: fc.integer({ min: -5 * HOUR, max: 5 * HOUR }),
    }),
    { maxLength: 40 },
  );

  test("keeps its ends growing and its numbers dense, whatever happens to it and to the clock", () => {
    fc.assert(
      fc.property(steps, (all) => {
        let state = NEW_CHAIN;
        let now = START;
        const ends: number[] = [];
        for (const { kind, passed } of all) {
          now += passed;
          if (kind === "begin") state = beginRun(state, now);
          if (kind === "end") state = endRun(state);
          const window = kind === "close" ? windowToClose(state, TIMES, now, true, 0) : undefined;
          if (window === undefined) continue;
          expect(window.start).toBeLessThan(window.end);
          const last = ends.at(-1) ?? 0;
          expect(window.start).toBeGreaterThanOrEqual(last);
          expect(state.previous === undefined || window.start === last).toBe(true);
          expect(window.end % 1000).toBe(0);
          ends.push(window.end);
          state = closed(state, window, LINK);
          expect(state).toMatchObject({ number: ends.length, closedTo: window.end });
        }
      }),
    );
  });

  test("restarts as often as it is told to while its last digest waits", () => {
    const restarted = beginRun(endRun(running), START + 5500);
    expect(restarted.run).toEqual({ start: START, ending: true, restart: { at: START + 6000, ending: false } });
    expect(beginRun(restarted, START + 9000)).toEqual(restarted);
    const window = windowToClose(restarted, TIMES, START + 9000, false, 0);
    expect(window).toEqual({ start: START, end: START + 6000, last: true });
    expect(closed(restarted, { start: START, end: START + 6000, last: true }, LINK)).toEqual({
      number: 1,
      closedTo: START + 6000,
      run: { start: START + 6000, ending: false },
    });
    expect(beginRun(endRun(restarted), START + 9999)).toEqual(restarted);
    expect(endRun(endRun(restarted)).run?.restart?.ending).toBe(true);
  });
});

describe("backfillWindow()", () => {
  const regular: ChainState = { ...running, closedTo: START };
  const late = { oldest: START - 2.5 * HOUR, newest: START - 5 };

  test.each<[string, ChainState, ChainState, object]>([
    [
      "takes the oldest file's window, once that is over",
      regular,
      NEW_CHAIN,
      { start: START - 3 * HOUR, end: START - 2 * HOUR, filesTo: START - 2 * HOUR, due: START - 2 * HOUR + 1000 },
    ],
    [
      "ends a second later than the one before it",
      regular,
      { number: 3, closedTo: START },
      { start: START - 3 * HOUR, end: START + 1000, filesTo: START - 2 * HOUR, due: START - 2 * HOUR + 1000 },
    ],
    [
      "takes all that are late, at once, when the chain ends",
      endRun(regular),
      NEW_CHAIN,
      { start: START - 3 * HOUR, end: START, filesTo: START, due: 0 },
    ],
    [
      "leaves alone what is not late: a run has boundaries of its own",
      { ...regular, closedTo: START - 2.2 * HOUR },
      NEW_CHAIN,
      { start: START - 3 * HOUR, end: START - 2 * HOUR, filesTo: START - 2.2 * HOUR, due: START - 2 * HOUR + 1000 },
    ],
  ])("%s", (_, of, backfill, window) => {
    expect(backfillWindow(of, backfill, late, TIMES)).toEqual({ ...window, last: false });
  });
});

describe("boundaries", () => {
  test.each<[number, number]>([
    [-5, 0],
    [0, 0],
    [1, 0],
    [HOUR, 0],
    [HOUR + 1, HOUR],
    [9 * HOUR, 8 * HOUR],
  ])("startBefore() of a file %d ms after the beginning is %d", (delivered, start) => {
    expect(startBefore(START + delivered, START, HOUR)).toBe(START + start);
  });

  test("lateWindowEnd() is the first boundary that is not before the file", () => {
    const state = { ...running, closedTo: START };
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 100 * HOUR }), (before) => {
        const end = lateWindowEnd(state, START - before, HOUR);
        expect((START - end) % HOUR).toBe(0);
        expect(end).toBeGreaterThanOrEqual(START - before);
        expect(end - HOUR).toBeLessThan(START - before);
      }),
    );
  });
});
