import type { Random } from "../core/index.ts";
import type { Delivery } from "./delivery.ts";

/** The longest pause after the first failure; it doubles with every further one, up to the bound. */
const FIRST_PAUSE_MS = 1_000;
/** With the mean of half of it, 185 retries fill EventBridge's 24 hours. */
const PAUSE_MS_MAX = 15 * 60_000;
/** What a receiver may ask for. */
const ASKED_MS_MAX = 60 * 60_000;

/**
 * When to try again after the attempt that just ended, the `attempts`th; undefined when it is time to give up.
 *
 * An exponential policy counts retries, not attempts, and makes one last attempt when the age ends. Its pauses are drawn
 * from zero up to their bound ("full jitter"), so that what failed together does not come back together.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-rule-retry-policy.html
 */
export function nextAttempt(
  delivery: Pick<Delivery, "retry" | "createdAt" | "redrivenAt">,
  attempts: number,
  now: number,
  random: Random,
  askedMs = 0,
): number | undefined {
  const { retry } = delivery;
  const asked = Math.min(Math.max(askedMs, 0), ASKED_MS_MAX);
  if (retry.kind === "delays") {
    const delay = retry.delaysMs[attempts - 1];
    return delay === undefined ? undefined : now + Math.max(delay, asked);
  }
  const end = (delivery.redrivenAt ?? delivery.createdAt) + retry.ageMaxMs;
  if (attempts > retry.attemptsMax || now >= end) return undefined;
  const pause = fraction(random) * Math.min(FIRST_PAUSE_MS * 2 ** (attempts - 1), PAUSE_MS_MAX);
  return Math.min(Math.ceil(now + Math.max(pause, asked)), end);
}

/** How soon a dead-letter queue is asked again: about as long as it has not taken the delivery. */
export function nextDeadLetter(givenUpAt: number, now: number, random: Random): number {
  const bound = Math.min(Math.max(now - givenUpAt, FIRST_PAUSE_MS), PAUSE_MS_MAX);
  return Math.ceil(now + bound * (0.5 + fraction(random)));
}

/** From 0 to just under 1. */
function fraction(random: Random): number {
  const [high = 0, low = 0] = random.bytes(2);
  return (high * 256 + low) / 65_536;
}
