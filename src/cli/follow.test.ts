import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { type EventView, viewEvent } from "./event-view.ts";
import { eventOf } from "./events.fixture.ts";
import { Follower } from "./follow.ts";

const START = Date.parse("2026-08-01T12:00:00Z");

function view(eventID: string, time: number, record: Readonly<Record<string, unknown>> = {}): EventView {
  return viewEvent(eventOf({ eventID, eventTime: new Date(time).toISOString(), ...record }));
}

const ids = (events: readonly EventView[]): readonly string[] => events.map(({ id }) => id);

describe("take()", () => {
  test("answers each event once, oldest first, though all share a second", () => {
    const follower = new Follower(START, START);
    expect(ids(follower.take([view("b", START), view("a", START)], START))).toEqual(["a", "b"]);
    expect(ids(follower.take([view("c", START), view("b", START), view("a", START)], START + 1000))).toEqual(["c"]);
  });

  test("leaves out the records of our own calls, and of nobody else's", () => {
    const follower = new Follower(START, START);
    follower.called("ours");
    const events = [
      view("1", START, { eventName: "LookupEvents", requestID: "ours" }),
      view("2", START, { eventName: "LookupEvents", requestID: "theirs" }),
      view("3", START, { eventName: "CreateUser", requestID: "ours" }),
      view("4", START, { eventName: "LookupEvents", requestID: "", requestParameters: { requestID: "ours" } }),
    ];
    expect(ids(follower.take(events, START))).toEqual(["4", "3", "2"]);
  });
});

describe("nextRound()", () => {
  test("begins at the start, and later looks ten seconds behind the server's clock, never before the start", () => {
    const follower = new Follower(START, START + 500);
    expect(follower.nextRound()).toEqual({ startTime: START, sweep: true });
    follower.take([], START + 3000);
    expect(follower.nextRound()).toEqual({ startTime: START, sweep: false });
    follower.take([], START + 60_000);
    expect(follower.nextRound()).toEqual({ startTime: START + 50_000, sweep: false });
  });

  test("begins in the past when asked, whatever the time is", () => {
    expect(new Follower(START - 3_600_000, START).nextRound().startTime).toBe(START - 3_600_000);
  });

  test("is not drawn into the future by an event from there", () => {
    const follower = new Follower(START, START);
    follower.take([view("wrong clock", START + 3_600_000)], START + 60_000);
    expect(follower.nextRound().startTime).toBe(START + 50_000);
  });

  test("goes back when the server's clock is set back, and shows nothing again", () => {
    const follower = new Follower(START, START);
    const before = view("before", START + 60_000);
    follower.take([before], START + 60_000);
    const after = view("after", START - 3_600_000);
    follower.take([], START - 3_600_000);
    expect(follower.nextRound().startTime).toBeLessThanOrEqual(START - 3_600_000);
    expect(ids(follower.take([before, after], START - 3_599_000))).toEqual(["after"]);
  });

  test("sweeps every fifth time", () => {
    const follower = new Follower(START, START);
    const sweeps = Array.from({ length: 11 }, (_, round) => {
      const { sweep } = follower.nextRound();
      follower.take([], START + round * 1000);
      return sweep;
    });
    expect(sweeps.flatMap((sweep, round) => (sweep ? [round] : []))).toEqual([0, 5, 10]);
  });
});

/** A history in which an event becomes visible some seconds after the time that it carries. */
interface Happening {
  readonly second: number;
  readonly lateSeconds: number;
}

describe("following", () => {
  test("loses nothing that comes within four seconds and repeats nothing, whatever happens when", () => {
    const happening = fc.record<Happening>({ second: fc.nat(20), lateSeconds: fc.nat(4) });
    fc.assert(
      fc.property(fc.array(happening, { minLength: 20, maxLength: 60 }), fc.integer({ min: 1, max: 7 }), (happenings, pageSize) => {
        const events = happenings
          .map(({ second, lateSeconds }, index) => ({
            view: view(String(index), START + second * 1000),
            visible: START + (second + lateSeconds) * 1000,
          }))
          .toSorted((one, other) => (other.view.time ?? 0) - (one.view.time ?? 0));
        const follower = new Follower(START, START);
        const shown: string[] = [];
        for (let now = START; now <= START + 45_000; now += 1000) {
          const { startTime, sweep } = follower.nextRound();
          const visible = events.filter((event) => event.visible <= now && (event.view.time ?? 0) >= startTime);
          const round = takeRound(
            visible.map((event) => event.view),
            pageSize,
            (page) => !sweep && page.every((event) => follower.knows(event)),
          );
          shown.push(...ids(follower.take(round, now)));
        }
        expect(shown.toSorted()).toEqual(happenings.map((_, index) => String(index)).toSorted());
      }),
      { numRuns: 50 },
    );
  });
});

function takeRound(
  events: readonly EventView[],
  pageSize: number,
  ends: (page: readonly EventView[]) => boolean,
): readonly EventView[] {
  const taken: EventView[] = [];
  for (let at = 0; at < events.length; at += pageSize) {
    const page = events.slice(at, at + pageSize);
    taken.push(...page);
    if (ends(page)) break;
  }
  return taken;
}
