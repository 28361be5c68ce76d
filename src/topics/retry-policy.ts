import type { RetryPolicy } from "../deliveries/index.ts";
import { AttributeProblem } from "./refusals.ts";

/** How an HTTP endpoint that fails is tried again, in AWS's words; delays are seconds. */
export interface HealthyRetryPolicy {
  readonly minDelayTarget: number;
  readonly maxDelayTarget: number;
  readonly numRetries: number;
  readonly numMaxDelayRetries: number;
  readonly numNoDelayRetries: number;
  readonly numMinDelayRetries: number;
  readonly backoffFunction: BackoffFunction;
}

export type BackoffFunction = "linear" | "arithmetic" | "geometric" | "exponential";

/** @see https://docs.aws.amazon.com/sns/latest/dg/sns-message-delivery-retries.html */
export const DEFAULT_RETRY_POLICY: HealthyRetryPolicy = {
  minDelayTarget: 20,
  maxDelayTarget: 20,
  numRetries: 3,
  numMaxDelayRetries: 0,
  numNoDelayRetries: 0,
  numMinDelayRetries: 0,
  backoffFunction: "linear",
};

const LIMITS: readonly (readonly [member: keyof HealthyRetryPolicy, min: number, max: number])[] = [
  ["minDelayTarget", 1, 3600],
  ["maxDelayTarget", 1, 3600],
  ["numRetries", 0, 100],
  ["numMaxDelayRetries", 0, 100],
  ["numNoDelayRetries", 0, 100],
  ["numMinDelayRetries", 0, 100],
];

/** All pauses of a policy together. */
const TOTAL_SECONDS_MAX = 3600;

/**
 * Reads a policy that need not name every member: what it leaves out is as by default.
 * @throws {AttributeProblem} that begins with `place`: `DeliveryPolicy: healthyRetryPolicy`.
 */
export function parseRetryPolicy(given: unknown, place: string): HealthyRetryPolicy {
  const members = objectOf(given, place, Object.keys(DEFAULT_RETRY_POLICY));
  for (const [member, min, max] of LIMITS) checkNumber(members[member], `${place}.${member}`, min, max);
  const { backoffFunction } = members;
  if (backoffFunction !== undefined && !Object.keys(GROWTH).some((name) => name === backoffFunction)) {
    throw new AttributeProblem(`${place}.backoffFunction must be one of ${Object.keys(GROWTH).join(", ")}`);
  }
  const policy: HealthyRetryPolicy = { ...DEFAULT_RETRY_POLICY, ...members };
  if (policy.maxDelayTarget < policy.minDelayTarget) {
    throw new AttributeProblem(`${place}.maxDelayTarget must be greater than or equal to minDelayTarget`);
  }
  if (policy.numNoDelayRetries + policy.numMinDelayRetries + policy.numMaxDelayRetries > policy.numRetries) {
    throw new AttributeProblem(
      `${place}.numRetries must be greater than or equal to the total of numMinDelayRetries, numNoDelayRetries and numMaxDelayRetries`,
    );
  }
  if (delaysOf(policy).reduce((total, delay) => total + delay, 0) > TOTAL_SECONDS_MAX * 1000) {
    throw new AttributeProblem(
      `${place}: the delays of all retries together must not exceed ${TOTAL_SECONDS_MAX} seconds`,
    );
  }
  return policy;
}

/**
 * The pause before each retry, in milliseconds: retries at once; at the least delay; growing from the least to the most;
 * at the most.
 */
export function delaysOf(policy: HealthyRetryPolicy): readonly number[] {
  const { numNoDelayRetries, numMinDelayRetries, numMaxDelayRetries, numRetries } = policy;
  const minMs = policy.minDelayTarget * 1000;
  const maxMs = policy.maxDelayTarget * 1000;
  const growing = numRetries - numNoDelayRetries - numMinDelayRetries - numMaxDelayRetries;
  const grow = GROWTH[policy.backoffFunction];
  return [
    ...Array.from({ length: numNoDelayRetries }, () => 0),
    ...Array.from({ length: numMinDelayRetries }, () => minMs),
    ...Array.from({ length: growing }, (_, step) =>
      Math.round(growing === 1 ? minMs : grow(minMs, maxMs, step, growing - 1)),
    ),
    ...Array.from({ length: numMaxDelayRetries }, () => maxMs),
  ];
}

/**
 * AWS draws these curves but writes no formula. All lead from `min` at step 0 to `max` at step `last`: by equal differences;
 * by differences that grow equally; by equal ratios; by differences that double.
 */
const GROWTH: Readonly<Record<BackoffFunction, (min: number, max: number, step: number, last: number) => number>> = {
  linear: (min, max, step, last) => min + (max - min) * (step / last),
  arithmetic: (min, max, step, last) => min + (max - min) * ((step * (step + 1)) / (last * (last + 1))),
  geometric: (min, max, step, last) => min * (max / min) ** (step / last),
  exponential: (min, max, step, last) => min + (max - min) * ((2 ** step - 1) / (2 ** last - 1)),
};

const DAY_MS = 24 * 60 * 60 * 1000;

/** Endpoints that AWS runs itself: 100,015 attempts over 23 days, and mail: 50 over 6 hours. */
export const MANAGED_RETRIES: RetryPolicy = { kind: "exponential", attemptsMax: 100_015, ageMaxMs: 23 * DAY_MS };
export const MAIL_RETRIES: RetryPolicy = { kind: "exponential", attemptsMax: 50, ageMaxMs: DAY_MS / 4 };

/** An object with no other members than these. */
export function objectOf(value: unknown, place: string, known: readonly string[]): Readonly<Record<string, unknown>> {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new AttributeProblem(`${place} must be a JSON object`);
  }
  const unknown = Object.keys(value).find((key) => !known.includes(key));
  if (unknown !== undefined) throw new AttributeProblem(`${place}: Unexpected JSON member: ${unknown}`);
  return value as Readonly<Record<string, unknown>>;
}

function checkNumber(value: unknown, place: string, min: number, max: number): void {
  if (value === undefined) return;
  if (!Number.isInteger(value)) throw new AttributeProblem(`${place} must be an integer`);
  if (Number(value) < min) throw new AttributeProblem(`${place} must be greater than or equal to ${min}`);
  if (Number(value) > max) throw new AttributeProblem(`${place} must be less than or equal to ${max}`);
}
