import type { Kysely } from "kysely";
import type { Logger } from "pino";
import type { Clock, Random } from "../core/index.ts";
import { attempt, errorText } from "./attempt.ts";
import type { AttemptResult, Deliveries, Delivery, DeliveryKind, DeliveryState, Transport } from "./delivery.ts";
import { Dispatcher } from "./dispatcher.ts";
import { countWaiting, deadLetterLane, laneOf, type Outcome } from "./ledger.ts";
import { getDelivery, listDeliveries, redriveDeliveries } from "./ledger-keeping.ts";
import { OutcomeWriter } from "./outcome-writer.ts";
import { startRetention } from "./retention.ts";
import { nextAttempt, nextDeadLetter } from "./retry.ts";
import type { DeliveriesSchema } from "./schema.ts";

export interface DeliveriesNeeds {
  readonly tables: Kysely<DeliveriesSchema>;
  /** What has no transport fails at its first attempt. */
  readonly transports: Readonly<Partial<Record<DeliveryKind, Transport>>>;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Logger;
  /** Puts what was given up into a dead-letter queue. Without it nothing is. */
  readonly sendDeadLetter?: (arn: string, delivery: Delivery, signal: AbortSignal) => Promise<void>;
  /** Told once the ledger has it. */
  readonly onEnded?: (delivery: Delivery, state: Exclude<DeliveryState, "pending">) => void;
}

export interface DeliveriesOptions {
  /** Attempts at once in a lane; by default it depends on the kind. */
  readonly perLane?: number;
  /** Attempts at once in all, besides those that hang. */
  readonly inAll?: number;
  readonly attemptTimeoutMs?: number;
  readonly pollMs?: number;
  readonly deliveredKeptMs?: number;
  readonly failedKeptMs?: number;
  /** How many of the delivered, and of the failed, stay at most. */
  readonly endedRowsMax?: number;
  readonly sweepEachMs?: number;
}

const DAY_MS = 86_400_000;
const SWEEP_EACH_MS = 30_000;
/** At a thousand deliveries per second the ledger of a day would fill the disk. */
const ENDED_ROWS_MAX = 500_000;
/** Ended attempts that the tables have not taken yet: with more of them nothing new begins. */
const UNWRITTEN_MAX = 2_000;

/** Attempts at once in a lane, unless there is nothing but a process or a mail server behind it. */
const PER_LANE = 64;
const PER_FRAIL_LANE = 8;
const FRAIL = /^(?:command|email|dead-letter) /;

function atOnceIn(lane: string): number {
  return FRAIL.test(lane) ? PER_FRAIL_LANE : PER_LANE;
}

/**
 * Works through the ledger until closed: attempts, retries, dead-letter queues, retention.
 *
 * Everything is delivered at least once: what was under way when the process died is delivered again.
 * @throws {Failure} when the tables cannot be read.
 */
export async function startDeliveries(needs: DeliveriesNeeds, options: DeliveriesOptions = {}): Promise<Deliveries> {
  const { tables, clock, random, log } = needs;
  const { inAll = 256, attemptTimeoutMs = 15_000, pollMs = 1_000 } = options;
  const stopped = new AbortController();
  const counts = { pending: await countWaiting(tables), delivered: 0, failed: 0, attempts: 0, deadLettered: 0 };
  const writer = new OutcomeWriter(tables, log);

  const settle = (lane: string, delivery: Delivery, outcome: Outcome, counted: boolean): void => {
    const next = { ...outcome, lane: outcome.lane ?? "", size: Buffer.byteLength(delivery.body) };
    dispatcher.settled(lane, outcome.id, counted && outcome.lane !== null ? next : undefined);
    if (counted) count(outcome, delivery);
  };

  const count = ({ state, lane, attempts, lastError, deadLettered }: Outcome, before: Delivery): void => {
    if (lane === null) counts.pending--;
    if (deadLettered) counts.deadLettered++;
    if (state === "pending" || before.state !== "pending") return;
    counts[state]++;
    needs.onEnded?.({ ...before, state, attempts, ...(lastError === null ? {} : { lastError }) }, state);
  };

  const deliver = async (delivery: Delivery): Promise<Outcome | undefined> => {
    const transport = needs.transports[delivery.kind] ?? unknownKind;
    const result = await attempt(transport, delivery, attemptTimeoutMs, stopped.signal);
    if (result === undefined) return undefined;
    counts.attempts++;
    return outcomeOf(delivery, result, { now: clock.now(), random, deadLetters: needs.sendDeadLetter !== undefined });
  };

  const sendDeadLetter = async (delivery: Delivery): Promise<Outcome | undefined> => {
    const send: Transport = async (dead, signal) => {
      if (needs.sendDeadLetter === undefined) return { outcome: "retry", error: "nothing here sends to it" };
      await needs.sendDeadLetter(dead.deadLetterArn ?? "", dead, signal);
      return { outcome: "delivered" };
    };
    const result = await attempt(send, delivery, attemptTimeoutMs, stopped.signal);
    return result && deadLetterOutcome(delivery, result, clock.now(), random);
  };

  const run = async (lane: string, delivery: Delivery): Promise<boolean> => {
    const outcome = await (delivery.state === "pending" ? deliver(delivery) : sendDeadLetter(delivery));
    if (outcome === undefined) return false;
    writer.add(outcome, (counted) => settle(lane, delivery, outcome, counted));
    return outcome.state === "delivered" || outcome.deadLettered;
  };

  const dispatcher = await Dispatcher.start(
    {
      tables,
      clock,
      log,
      run,
      busy: () => writer.backlog > UNWRITTEN_MAX,
      onAdded: (added) => {
        counts.pending += added;
      },
    },
    { perLane: (lane) => options.perLane ?? atOnceIn(lane), inAll, pollMs },
  );
  const retention = startRetention(
    {
      tables,
      clock,
      log,
      onForgotten: (count) => {
        counts.pending -= count;
      },
    },
    {
      deliveredMs: options.deliveredKeptMs ?? DAY_MS,
      failedMs: options.failedKeptMs ?? 14 * DAY_MS,
      rowsMax: options.endedRowsMax ?? ENDED_ROWS_MAX,
      sweepEachMs: options.sweepEachMs ?? SWEEP_EACH_MS,
    },
    stopped.signal,
  );

  return {
    wake: () => dispatcher.wake(),
    list: (filter) => listDeliveries(tables, filter),
    get: (id) => getDelivery(tables, id),
    redrive: async (filter, transaction) => {
      const within = (own: Kysely<DeliveriesSchema>) => redriveDeliveries(own, filter, clock.now());
      const redriven = await (transaction === undefined ? tables.transaction().execute(within) : within(transaction));
      dispatcher.redriven(redriven);
      return redriven.length;
    },
    stats: () => ({ ...counts, inFlight: dispatcher.inFlight }),
    close: async (graceMs) => {
      const cutOff = setTimeout(() => stopped.abort(), graceMs);
      await dispatcher.close();
      clearTimeout(cutOff);
      stopped.abort();
      await writer.close();
      await retention;
    },
  };
}

const unknownKind: Transport = async ({ kind }) => ({ outcome: "failed", error: `nothing here delivers to a ${kind}` });

interface Circumstances {
  readonly now: number;
  readonly random: Random;
  readonly deadLetters: boolean;
}

/** What the ledger says after an attempt. */
function outcomeOf(delivery: Delivery, result: AttemptResult, { now, random, deadLetters }: Circumstances): Outcome {
  const attempts = delivery.attempts + 1;
  const error = result.outcome === "delivered" ? null : errorText(result.error);
  const common = { ...keyOf(delivery), attempts, lastError: error, deadLettered: false, deadLetterError: null };
  if (result.outcome === "delivered") return { ...common, state: "delivered", lane: null, dueAt: now, endedAt: now };
  if (result.outcome === "retry") {
    const dueAt = nextAttempt(delivery, attempts, now, random, result.afterMs);
    const lane = laneOf(delivery);
    if (dueAt !== undefined) return { ...common, state: "pending", lane, dueAt, endedAt: null };
  }
  const { deadLetterArn } = delivery;
  const lane = deadLetterArn === undefined || !deadLetters ? null : deadLetterLane(delivery);
  return { ...common, state: "failed", lane, dueAt: now, endedAt: now };
}

/** What the ledger says after a dead-letter queue was asked to take what was given up. */
function deadLetterOutcome(delivery: Delivery, result: AttemptResult, now: number, random: Random): Outcome {
  const { endedAt = now, attempts } = delivery;
  const common = { ...keyOf(delivery), state: delivery.state, attempts, endedAt };
  return result.outcome === "delivered"
    ? { ...common, lane: null, dueAt: now, lastError: null, deadLettered: true, deadLetterError: null }
    : {
        ...common,
        lane: deadLetterLane(delivery),
        dueAt: nextDeadLetter(endedAt, now, random),
        lastError: null,
        deadLettered: false,
        deadLetterError: errorText(result.error),
      };
}

function keyOf({ id, redrivenAt }: Delivery): Pick<Outcome, "id" | "redrivenAt"> {
  return { id: Number(id), redrivenAt: redrivenAt ?? null };
}
