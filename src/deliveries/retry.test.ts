import { describe, expect, test } from "vitest";
import type { Random } from "../core/index.ts";
import { newDelivery } from "./deliveries.fixture.ts";
import type { RetryPolicy } from "./delivery.ts";
import { nextAttempt, nextDeadLetter } from "./retry.ts";

/** Draws the same fraction of 256 each time. */
const drawing = (byte: number): Random => ({ bytes: (count) => new Uint8Array(count).fill(byte), uuid: () => "" });
const most = drawing(255);
const half: Random = { ...most, bytes: () => new Uint8Array([128, 0]) };

const DAY_MS = 86_400_000;
const DAY_OF_RETRIES: RetryPolicy = { kind: "exponential", attemptsMax: 185, ageMaxMs: DAY_MS };

function next(retry: RetryPolicy, attempts: number, now: number, random = half, askedMs?: number) {
  return nextAttempt({ ...newDelivery({ retry }), createdAt: 0 }, attempts, now, random, askedMs);
}

describe("nextAttempt()", () => {
  test.each([
    [1, 1_000],
    [2, 2_000],
    [5, 16_000],
    [185, 900_000],
  ])("draws the pause after attempt %d from up to %d ms", (attempts, bound) => {
    expect(next(DAY_OF_RETRIES, attempts, 1_000, drawing(0))).toBe(1_000);
    expect(next(DAY_OF_RETRIES, attempts, 1_000, half)).toBe(1_000 + bound / 2);
    expect(next(DAY_OF_RETRIES, attempts, 1_000, most)).toBeGreaterThan(1_000 + bound * 0.99);
  });

  test("gives up after so many retries, not attempts", () => {
    const twice: RetryPolicy = { ...DAY_OF_RETRIES, attemptsMax: 2 };
    expect([1, 2, 3].map((attempts) => next(twice, attempts, 0) !== undefined)).toEqual([true, true, false]);
    expect(next({ ...DAY_OF_RETRIES, attemptsMax: 0 }, 1, 0)).toBeUndefined();
  });

  test("makes the last attempt when the age ends, counted anew when redriven", () => {
    expect(next(DAY_OF_RETRIES, 20, DAY_MS - 1_000)).toBe(DAY_MS);
    expect(next(DAY_OF_RETRIES, 21, DAY_MS)).toBeUndefined();
    const redriven = { ...newDelivery({ retry: DAY_OF_RETRIES }), createdAt: 0, redrivenAt: DAY_MS };
    expect(nextAttempt(redriven, 1, DAY_MS, half)).toBe(DAY_MS + 500);
  });

  test("takes the pauses of a list one by one", () => {
    const list: RetryPolicy = { kind: "delays", delaysMs: [0, 20_000] };
    expect([1, 2, 3].map((attempts) => next(list, attempts, 1_000))).toEqual([1_000, 21_000, undefined]);
  });

  test("waits as long as the receiver asks for, within bounds", () => {
    expect(next(DAY_OF_RETRIES, 1, 0, half, 60_000)).toBe(60_000);
    expect(next(DAY_OF_RETRIES, 1, 0, half, 999_999_999)).toBe(3_600_000);
    expect(next(DAY_OF_RETRIES, 1, 0, half, -5)).toBe(500);
    expect(next({ kind: "delays", delaysMs: [20_000] }, 1, 0, half, 60_000)).toBe(60_000);
  });
});

test.each([
  [0, 1_000],
  [500, 1_000],
  [60_000, 60_000],
  [DAY_MS, 900_000],
])("nextDeadLetter() waits about as long as the queue was away: after %d ms %d", (awayMs, pauseMs) => {
  expect(nextDeadLetter(0, awayMs, half)).toBe(awayMs + pauseMs);
});
