import { setTimeout as sleep } from "node:timers/promises";
import type { Kysely } from "kysely";
import { type Clock, optional, parseArn, reason } from "../core/index.ts";
import {
  AddressRefused,
  type AttemptResult,
  BadRequest,
  type Delivery,
  type GuardedHttp,
  type Transport,
} from "../deliveries/index.ts";
import type { SecretBox } from "../identity/index.ts";
import { DELIVERY_MARK_HEADER } from "../record/index.ts";
import { buildRequest, UnfitRequest } from "./api-destination-request.ts";
import { type ApiDestination, DEFAULT_RATE, findApiDestinationByArn } from "./api-destinations.ts";
import type { Connection, ConnectionAuth } from "./connection.ts";
import { ConnectionTokens } from "./connection-tokens.ts";
import { openConnection } from "./connections.ts";
import type { Target } from "./rule.ts";
import type { RulesSchema } from "./schema.ts";

export interface ApiDestinationNeeds {
  readonly tables: Kysely<RulesSchema>;
  readonly secrets: SecretBox;
  readonly clock: Clock;
  readonly request: GuardedHttp;
  /** What a delivery bears so that it is known when it comes back. */
  readonly mark: (delivery: Delivery) => string;
}

/**
 * Delivers to API destinations: `endpoint` is the destination's ARN, `parameters` are the target's `HttpParameters`. Only
 * rules of its own account get their events there: its connection's secrets are that account's.
 *
 * Delivered is what is answered with 2xx. As with EventBridge 409, 429 and 5xx are tried again, after `Retry-After` where
 * it says so; every other answer is final. A token that is refused with 401 or 407 is fetched anew, once per attempt.
 *
 * No secret and nothing of an answer's body gets into an error: servers repeat what they were sent.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-api-destinations.html
 */
export function openApiDestinationTransport(needs: ApiDestinationNeeds): Transport {
  const tokens = new ConnectionTokens(needs.request, needs.clock);
  const rates = new Rates(needs.clock);
  return async (delivery, signal) => {
    const destination = await findApiDestinationByArn(needs.tables, delivery.endpoint);
    if (destination === undefined) return failed("the API destination does not exist");
    if (parseArn(delivery.owner)?.account !== destination.account) {
      return failed("the API destination belongs to another account than the rule");
    }
    const opened = await openConnection(needs.tables, needs.secrets, destination.connectionArn);
    if (opened === undefined) return failed("the API destination's connection is deauthorized or does not exist");
    const waitMs = rates.take(destination);
    if (waitMs > RATE_WAIT_MS_MAX) {
      return { outcome: "retry", error: "more deliveries wait than the rate limit lets through", afterMs: waitMs };
    }
    if (waitMs > 0) await sleep(waitMs, undefined, { signal });
    try {
      return await attempt(needs, tokens, { ...opened, destination, delivery, signal });
    } catch (thrown) {
      // Only the owner or the operator can do something about these.
      const final = FINAL.some((kind) => thrown instanceof kind);
      return final ? failed(reason(thrown)) : { outcome: "retry", error: reason(thrown) };
    }
  };
}

const FINAL = [UnfitRequest, BadRequest, AddressRefused] as const;

/** How long an attempt waits for its turn; what would wait longer comes again instead. */
const RATE_WAIT_MS_MAX = 2000;

interface Attempt {
  readonly destination: ApiDestination;
  readonly connection: Connection;
  readonly auth: ConnectionAuth;
  readonly delivery: Delivery;
  readonly signal: AbortSignal;
}

async function attempt(needs: ApiDestinationNeeds, tokens: ConnectionTokens, made: Attempt): Promise<AttemptResult> {
  const { connection, auth, signal } = made;
  const oauth = auth.OAuthParameters;
  if (oauth === undefined) return resultOf(await send(needs, made), needs.clock);
  const token = await tokens.get(connection, oauth);
  const answer = await send(needs, made, token);
  if ((answer.status !== 401 && answer.status !== 407) || signal.aborted) return resultOf(answer, needs.clock);
  await tokens.refused(connection, token);
  const again = await send(needs, made, await tokens.get(connection, oauth));
  return resultOf(again, needs.clock);
}

function send(
  { request, mark }: ApiDestinationNeeds,
  { destination, auth, delivery, signal }: Attempt,
  token?: string,
): ReturnType<GuardedHttp> {
  const parameters = delivery.parameters as NonNullable<Target["HttpParameters"]>;
  const built = buildRequest(destination, parameters, auth, delivery.body, token);
  return request({ ...built, headers: { ...built.headers, [DELIVERY_MARK_HEADER]: mark(delivery) }, signal });
}

function resultOf({ status, headers }: Awaited<ReturnType<GuardedHttp>>, clock: Clock): AttemptResult {
  if (status >= 200 && status <= 299) return { outcome: "delivered" };
  const error = `the API destination answered ${status}`;
  if (status !== 409 && status !== 429 && status < 500) return failed(error);
  return { outcome: "retry", error, ...optional("afterMs", retryAfterMs(headers["retry-after"], clock)) };
}

/** Seconds, or a date of HTTP; no more than a day. */
function retryAfterMs(header: string | undefined, clock: Clock): number | undefined {
  const text = header?.trim() ?? "";
  const ms = /^\d{1,9}$/.test(text) ? Number(text) * 1000 : Date.parse(text) - clock.now();
  return ms >= 0 ? Math.min(ms, 86_400_000) : undefined;
}

function failed(error: string): AttemptResult {
  return { outcome: "failed", error };
}

/** When a destination may be asked again, by its rate. */
class Rates {
  readonly #clock: Clock;
  /** By ARN, in the clock's elapsed time. */
  readonly #next = new Map<string, number>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Takes the next turn; answers how long to wait for it. One beyond RATE_WAIT_MS_MAX is not taken. */
  take({ arn, ratePerSecond = DEFAULT_RATE }: ApiDestination): number {
    const now = this.#clock.elapsed();
    const turn = Math.max(now, this.#next.get(arn) ?? 0);
    if (turn - now <= RATE_WAIT_MS_MAX) this.#next.set(arn, turn + 1000 / ratePerSecond);
    if (this.#next.size > DESTINATIONS_MAX) this.#sweep(now);
    return turn - now;
  }

  #sweep(now: number): void {
    for (const [arn, next] of this.#next) if (next <= now) this.#next.delete(arn);
  }
}

const DESTINATIONS_MAX = 10_000;
