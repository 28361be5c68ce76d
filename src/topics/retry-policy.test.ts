import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AttributeProblem } from "./refusals.ts";
import {
  type BackoffFunction,
  DEFAULT_RETRY_POLICY,
  delaysOf,
  type HealthyRetryPolicy,
  parseRetryPolicy,
} from "./retry-policy.ts";

describe("delaysOf()", () => {
  test.each<[BackoffFunction, readonly number[]]>([
    ["linear", [1000, 3000, 5000, 7000, 9000]],
    ["arithmetic", [1000, 1800, 3400, 5800, 9000]],
    ["geometric", [1000, 1732, 3000, 5196, 9000]],
    ["exponential", [1000, 1533, 2600, 4733, 9000]],
  ])("grows by the function %s", (backoffFunction, delays) => {
    const policy = { ...DEFAULT_RETRY_POLICY, minDelayTarget: 1, maxDelayTarget: 9, numRetries: 5, backoffFunction };
    expect(delaysOf(policy)).toEqual(delays);
  });

  test("has its phases in AWS's order", () => {
    const counts = { numRetries: 7, numNoDelayRetries: 2, numMinDelayRetries: 1, numMaxDelayRetries: 2 };
    expect(delaysOf({ ...DEFAULT_RETRY_POLICY, minDelayTarget: 10, maxDelayTarget: 30, ...counts })).toEqual([
      0, 0, 10_000, 10_000, 30_000, 30_000, 30_000,
    ]);
  });

  test("has as many pauses as retries, never a shorter one after a longer, each within its bounds", () => {
    const count = fc.integer({ min: 0, max: 40 });
    const policies = fc.record({
      numNoDelayRetries: count,
      numMinDelayRetries: count,
      numMaxDelayRetries: count,
      numRetries: fc.integer({ min: 0, max: 100 }),
      minDelayTarget: fc.integer({ min: 1, max: 60 }),
      maxDelayTarget: fc.integer({ min: 1, max: 120 }),
      backoffFunction: fc.constantFrom<BackoffFunction>("linear", "arithmetic", "geometric", "exponential"),
    });
    let accepted = 0;
    fc.assert(
      fc.property(policies, (given) => {
        const policy = acceptedOf(given);
        if (policy === undefined) return;
        accepted += 1;
        const delays = delaysOf(policy);
        expect(delays.length).toBe(policy.numRetries);
        expect(delays).toEqual(delays.toSorted((a, b) => a - b));
        const paused = delays.slice(policy.numNoDelayRetries);
        expect(paused.every((ms) => ms >= policy.minDelayTarget * 1000 && ms <= policy.maxDelayTarget * 1000)).toBe(
          true,
        );
        expect(delays.reduce((total, ms) => total + ms, 0)).toBeLessThanOrEqual(3_600_000);
      }),
    );
    expect(accepted).toBeGreaterThan(3);
  });
});

/** Undefined when the policy is refused in words. */
function acceptedOf(given: object): HealthyRetryPolicy | undefined {
  try {
    return parseRetryPolicy(given, "healthyRetryPolicy");
  } catch (problem) {
    if (problem instanceof AttributeProblem) return undefined;
    throw problem;
  }
}
