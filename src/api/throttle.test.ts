import { expect, test } from "vitest";
import type { Clock } from "../core/index.ts";
import { Throttle } from "./throttle.ts";

function steppedClock(): Clock & { ms: number } {
  return {
    ms: 0,
    now() {
      return this.ms;
    },
    elapsed() {
      return this.ms;
    },
  };
}

test("Throttle lets one second's worth through at once and then refuses by AWS's name", () => {
  const throttle = new Throttle(5, steppedClock());
  for (let i = 0; i < 5; i++) throttle.take("1");
  expect(() => throttle.take("1")).toThrow(expect.objectContaining({ code: "Throttling", message: "Rate exceeded" }));
});

test("Throttle fills up again with time, each account by itself", () => {
  const clock = steppedClock();
  const throttle = new Throttle(2, clock);
  throttle.take("1");
  throttle.take("1");
  throttle.take("2");
  clock.ms += 500;
  throttle.take("1");
  expect(() => throttle.take("1")).toThrow("Rate exceeded");
  throttle.take("2");
});

test("Throttle with 0 has no limit", () => {
  const throttle = new Throttle(0, steppedClock());
  expect(() => {
    for (let i = 0; i < 10_000; i++) throttle.take("1");
  }).not.toThrow();
});
