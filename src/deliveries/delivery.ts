import type { Kysely } from "kysely";
import type { DeliveriesSchema } from "./schema.ts";

/** How something reaches where it shall go; each has one transport. */
export type DeliveryKind =
  /** An SNS topic of ours; `endpoint` is its ARN. */
  | "topic"
  /** An event bus of ours, by ARN. */
  | "bus"
  /** A log group of ours, by ARN. */
  | "log-group"
  /** An SQS-compatible queue, by ARN. */
  | "queue"
  /** A Lambda-compatible function, by ARN. */
  | "function"
  /** A Firehose-compatible delivery stream, by ARN. */
  | "stream"
  /** A POST to a URL. */
  | "http"
  /** An API destination of EventBridge, by ARN. */
  | "api-destination"
  /** A mail to an address. */
  | "email"
  /** A local command, by its name in the configuration. */
  | "command";

/** When to try again. `exponential`: EventBridge's way, with jitter. `delays`: the pause before each further attempt. */
export type RetryPolicy =
  | { readonly kind: "exponential"; readonly attemptsMax: number; readonly ageMaxMs: number }
  | { readonly kind: "delays"; readonly delaysMs: readonly number[] };

/** What shall reach an endpoint. */
export interface NewDelivery {
  /** The ARN of the rule, subscription, alarm, trail or subscription filter that wants it delivered. */
  readonly owner: string;
  /** Which of the owner's targets; empty where it has one. */
  readonly target: string;
  readonly kind: DeliveryKind;
  /** In the kind's own words. What goes to the same endpoint shares its concurrency. */
  readonly endpoint: string;
  /** What is the same however often it is delivered: the id by which a receiver knows what it has seen. */
  readonly eventId: string;
  readonly body: string;
  /**
   * What the transport needs besides, as JSON: headers, subject, message group. `confidential`: the body is for its
   * receiver's eyes only.
   */
  readonly parameters: Readonly<Record<string, unknown>>;
  readonly retry: RetryPolicy;
  /** The queue that gets what could not be delivered. */
  readonly deadLetterArn?: string;
  /** How many deliveries caused each other up to this one; 1 for the first. */
  readonly hops: number;
}

export type DeliveryState =
  /** Waits for its first or next attempt, or is under way. */
  | "pending"
  | "delivered"
  /** Given up; its dead-letter queue got it where it has one. */
  | "failed";

export interface Delivery extends NewDelivery {
  readonly id: string;
  readonly state: DeliveryState;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  /** When it was last made pending anew: its age counts from then on. */
  readonly redrivenAt?: number;
  /** When the next attempt is due. */
  readonly dueAt: number;
  /** Attempts that ended. */
  readonly attempts: number;
  /** When it was delivered or given up. */
  readonly endedAt?: number;
  /** Why the last attempt failed. */
  readonly lastError?: string;
  /** Whether its dead-letter queue has it. */
  readonly deadLettered: boolean;
}

/** A delivery as lists show it: a page of bodies would be too much. */
export type DeliverySummary = Omit<Delivery, "body">;

/** How one attempt ended. */
export type AttemptResult =
  | { readonly outcome: "delivered" }
  /** `afterMs`: the receiver asked for that pause. */
  | { readonly outcome: "retry"; readonly error: string; readonly afterMs?: number }
  | { readonly outcome: "failed"; readonly error: string };

/** Makes one attempt. Must end soon after `signal` says so. What it throws counts as `retry`. */
export type Transport = (delivery: Delivery, signal: AbortSignal) => Promise<AttemptResult>;

/** The ledger of deliveries, and who works through it. */
export interface Deliveries {
  /** To be called after the transaction of `addDeliveries` was committed; without it they wait up to a second. */
  wake(): void;
  /** Those with this state, owner or kind, newest first, from below `beforeId` on. */
  list(filter: DeliveryFilter): Promise<readonly DeliverySummary[]>;
  get(id: string): Promise<Delivery | undefined>;
  /**
   * Makes given up or delivered ones pending anew, with all their attempts; answers how many. At most `REDRIVE_MAX` of
   * them, oldest first: whoever wants all asks again until it is 0. Whoever has a transaction hands it in.
   */
  redrive(filter: RedriveFilter, transaction?: Kysely<DeliveriesSchema>): Promise<number>;
  stats(): DeliveryStats;
  /** Attempts in flight end or are cut off after `graceMs`; what is pending waits for the next start. */
  close(graceMs: number): Promise<void>;
}

export interface DeliveryFilter {
  /** Of owners in this account. */
  readonly account?: string;
  readonly owner?: string;
  readonly state?: DeliveryState;
  readonly kind?: DeliveryKind;
  readonly beforeId?: string;
  /** 1 to 1,000. */
  readonly limit: number;
}

export type RedriveFilter = (
  | { readonly ids: readonly string[] }
  | { readonly owner: string; readonly state: "failed" }
  | { readonly state: "failed" }
) & {
  /** Of owners in this account only. */
  readonly account?: string;
};

/** How many deliveries one redrive makes pending at most: it has the tables for itself meanwhile. */
export const REDRIVE_MAX = 5_000;

/** `delivered`, `failed`, `attempts` and `deadLettered` count since the start, `pending` is now. */
export interface DeliveryStats {
  readonly pending: number;
  readonly inFlight: number;
  readonly delivered: number;
  readonly failed: number;
  readonly attempts: number;
  readonly deadLettered: number;
}

/** Writes into the caller's transaction: they count when it commits. */
export type AddDeliveries = (
  transaction: Kysely<DeliveriesSchema>,
  deliveries: readonly NewDelivery[],
  now: number,
) => Promise<void>;
