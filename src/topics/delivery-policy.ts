import { AttributeProblem } from "./refusals.ts";
import { remember } from "./remember.ts";
import { DEFAULT_RETRY_POLICY, type HealthyRetryPolicy, objectOf, parseRetryPolicy } from "./retry-policy.ts";

/** What a topic or a subscription says of deliveries over HTTP; absent where it says nothing. */
export interface DeliveryPolicy {
  readonly retry?: HealthyRetryPolicy;
  readonly throttle?: unknown;
  readonly contentType?: string;
  /** A topic's: what its subscriptions say does not count. */
  readonly overrides: boolean;
}

const CONTENT_TYPE = "text/plain; charset=UTF-8";

/**
 * Reads a topic's DeliveryPolicy: `{"http":{"defaultHealthyRetryPolicy":{…},"disableSubscriptionOverrides":false,…}}`.
 * @throws {AttributeProblem}
 */
export function parseTopicDeliveryPolicy(text: string): DeliveryPolicy {
  const { http } = objectOf(parseJson(text), NAME, ["http"]);
  if (http === undefined) throw new AttributeProblem(`${NAME}: http must be specified`);
  const place = `${NAME}: http`;
  const members = objectOf(http, place, [
    "defaultHealthyRetryPolicy",
    "defaultSicklyRetryPolicy",
    "defaultThrottlePolicy",
    "defaultRequestPolicy",
    "disableSubscriptionOverrides",
  ]);
  const { disableSubscriptionOverrides: overrides = false } = members;
  if (typeof overrides !== "boolean")
    throw new AttributeProblem(`${place}.disableSubscriptionOverrides must be a boolean`);
  const { defaultHealthyRetryPolicy, defaultThrottlePolicy, defaultRequestPolicy } = members;
  return {
    ...parts(`${place}.default`, defaultHealthyRetryPolicy, defaultThrottlePolicy, defaultRequestPolicy),
    overrides,
  };
}

/**
 * Reads a subscription's DeliveryPolicy: `{"healthyRetryPolicy":{…},"throttlePolicy":{…},"requestPolicy":{…}}`.
 * @throws {AttributeProblem}
 */
export function parseSubscriptionDeliveryPolicy(text: string): DeliveryPolicy {
  const members = objectOf(parseJson(text), NAME, [
    "healthyRetryPolicy",
    "sicklyRetryPolicy",
    "throttlePolicy",
    "requestPolicy",
    "guaranteed",
  ]);
  const { healthyRetryPolicy, throttlePolicy, requestPolicy } = members;
  return { ...parts(`${NAME}: `, healthyRetryPolicy, throttlePolicy, requestPolicy), overrides: false };
}

const NAME = "DeliveryPolicy";

function parts(prefix: string, retry: unknown, throttle: unknown, request: unknown): Omit<DeliveryPolicy, "overrides"> {
  const name = (word: string) =>
    prefix.endsWith(" ") ? `${prefix}${word}` : `${prefix}${word[0]?.toUpperCase()}${word.slice(1)}`;
  const contentType = isGiven(request) ? parseRequestPolicy(request, name("requestPolicy")) : undefined;
  if (isGiven(throttle)) checkThrottle(throttle, name("throttlePolicy"));
  return {
    ...(isGiven(retry) ? { retry: parseRetryPolicy(retry, name("healthyRetryPolicy")) } : {}),
    ...(isGiven(throttle) ? { throttle } : {}),
    ...(contentType === undefined ? {} : { contentType }),
  };
}

/** AWS answers `null` for what is not set, and takes it back. */
function isGiven(value: unknown): boolean {
  return value !== undefined && value !== null;
}

function parseRequestPolicy(given: unknown, place: string): string | undefined {
  const { headerContentType } = objectOf(given, place, ["headerContentType"]);
  if (headerContentType === undefined) return undefined;
  const isType = typeof headerContentType === "string" && MEDIA_TYPE.test(headerContentType);
  if (!isType) throw new AttributeProblem(`${place}.headerContentType is not supported`);
  return headerContentType;
}

const MEDIA_TYPE = /^[a-z]{1,32}\/[A-Za-z0-9.+-]{1,64}(; ?charset=[A-Za-z0-9-]{1,32})?$/;

function checkThrottle(given: unknown, place: string): void {
  const { maxReceivesPerSecond } = objectOf(given, place, ["maxReceivesPerSecond"]);
  if (isGiven(maxReceivesPerSecond) && !(Number.isInteger(maxReceivesPerSecond) && Number(maxReceivesPerSecond) >= 1)) {
    throw new AttributeProblem(`${place}.maxReceivesPerSecond must be greater than or equal to 1`);
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new AttributeProblem(`${NAME}: failed to parse JSON.`);
  }
}

/** What counts in the end for deliveries over HTTP. */
export interface EffectiveDelivery {
  readonly retry: HealthyRetryPolicy;
  readonly throttle: unknown;
  readonly contentType: string;
}

/** From the texts of the topic's and the subscription's policies, as they were accepted. */
export function effectiveDelivery(ofTopic: string | undefined, ofSubscription: string | undefined): EffectiveDelivery {
  const topic = ofTopic === undefined ? undefined : readTopicPolicy(ofTopic);
  const own =
    ofSubscription === undefined || topic?.overrides === true ? undefined : readSubscriptionPolicy(ofSubscription);
  return {
    retry: own?.retry ?? topic?.retry ?? DEFAULT_RETRY_POLICY,
    throttle: own?.throttle ?? topic?.throttle ?? null,
    contentType: own?.contentType ?? topic?.contentType ?? CONTENT_TYPE,
  };
}

const readTopicPolicy = remember(1000, parseTopicDeliveryPolicy);
const readSubscriptionPolicy = remember(1000, parseSubscriptionDeliveryPolicy);

/** As GetTopicAttributes shows it. */
export function effectiveTopicText(ofTopic: string | undefined): string {
  const { retry, throttle, contentType } = effectiveDelivery(ofTopic, undefined);
  return JSON.stringify({
    http: {
      defaultHealthyRetryPolicy: retry,
      disableSubscriptionOverrides: ofTopic !== undefined && readTopicPolicy(ofTopic).overrides,
      ...(throttle === null ? {} : { defaultThrottlePolicy: throttle }),
      defaultRequestPolicy: { headerContentType: contentType },
    },
  });
}

/** As GetSubscriptionAttributes shows it. */
export function effectiveSubscriptionText(ofTopic: string | undefined, ofSubscription: string | undefined): string {
  const { retry, throttle, contentType } = effectiveDelivery(ofTopic, ofSubscription);
  return JSON.stringify({
    healthyRetryPolicy: retry,
    sicklyRetryPolicy: null,
    throttlePolicy: throttle,
    requestPolicy: { headerContentType: contentType },
    guaranteed: false,
  });
}
