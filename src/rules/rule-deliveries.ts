import { isoSeconds, optional } from "../core/index.ts";
import type { NewDelivery } from "../deliveries/index.ts";
import type { Json } from "../patterns/index.ts";
import { httpParametersFor } from "./api-destination-parameters.ts";
import { compileTransformer, type InputTransformer, type Occasion } from "./input-transformer.ts";
import { parseJsonPath, valueAt } from "./json-path.ts";
import type { BusEvent, Rule, Target } from "./rule.ts";
import { type Destination, destinationOf } from "./target-kinds.ts";

/** Deliveries that cause each other: the one after these is not made. */
export const HOPS_MAX = 5;

/** EventBridge's own, when a target says nothing. */
const RETRIES_MAX = 185;
const AGE_MAX_MS = 24 * 3_600_000;

/** A rule that is ready to fire: its targets are compiled. */
export interface ActiveRule {
  readonly rule: Rule;
  readonly targets: readonly CompiledTarget[];
}

interface CompiledTarget {
  readonly target: Target;
  readonly destination: Destination;
  readonly input: InputTransformer;
}

/** A target that leads nowhere is left out: PutTargets takes none such. */
export function compileRule(rule: Rule, targets: readonly Target[]): ActiveRule {
  const compiled = targets.flatMap((target) => {
    const destination = destinationOf(target.Arn);
    return destination === undefined ? [] : [{ target, destination, input: inputOf(target) }];
  });
  return { rule, targets: compiled };
}

/** One delivery per target. */
export function deliveriesOf({ rule, targets }: ActiveRule, event: BusEvent, now: number): readonly NewDelivery[] {
  const occasion = { event, ruleArn: rule.arn, ruleName: rule.name, ingestionTime: isoSeconds(now) };
  return targets.map(({ target, destination, input }) => {
    const { body, parameters } = contentsFor(destination, target, event, input(occasion));
    return {
      owner: rule.arn,
      target: target.Id,
      ...destination,
      eventId: event.envelope.id,
      body,
      parameters,
      retry: {
        kind: "exponential",
        attemptsMax: target.RetryPolicy?.MaximumRetryAttempts ?? RETRIES_MAX,
        ageMaxMs: (target.RetryPolicy?.MaximumEventAgeInSeconds ?? AGE_MAX_MS / 1000) * 1000,
      },
      ...optional("deadLetterArn", target.DeadLetterConfig?.Arn),
      hops: event.hops + 1,
    };
  });
}

function inputOf({ Input, InputPath, InputTransformer }: Target): (occasion: Occasion) => string {
  if (Input !== undefined) return () => Input;
  if (InputTransformer !== undefined) return compileTransformer(InputTransformer);
  const path = InputPath === undefined ? [] : (parseJsonPath(InputPath) ?? []);
  if (path.length === 0) return ({ event }) => event.text;
  return ({ event }) => JSON.stringify(valueAt(path, event.envelope) ?? null);
}

/** What the transports ask for besides the text, by kind. */
function contentsFor(
  { kind }: Destination,
  { SqsParameters, HttpParameters, InputTransformer }: Target,
  event: BusEvent,
  body: string,
): { readonly body: string; readonly parameters: Readonly<Record<string, unknown>> } {
  switch (kind) {
    case "queue":
      return { body, parameters: optional("messageGroupId", SqsParameters?.MessageGroupId) };
    case "api-destination":
      return { body, parameters: HttpParameters ? httpParametersFor(HttpParameters, event.envelope) : {} };
    case "bus":
      return { body, parameters: event.readOnlyManagement ? { readOnlyManagement: true } : {} };
    case "log-group":
      return logEventOf(event, body, InputTransformer !== undefined);
    case "email":
      return { body, parameters: { subject: `${event.envelope["detail-type"]} (${event.envelope.source})` } };
    case "topic":
    case "function":
    case "stream":
    case "command":
    case "http":
      return { body, parameters: {} };
  }
}

/** A transformer may say the log event's time and message by itself; anything else is the message. */
function logEventOf(event: BusEvent, body: string, transformed: boolean): ReturnType<typeof contentsFor> {
  const shaped = transformed ? parsed(body) : undefined;
  const { timestamp, message } = isObject(shaped) ? shaped : {};
  const time = typeof timestamp === "string" ? timestamp : event.envelope.time;
  const timestampMs = typeof timestamp === "number" ? timestamp : Date.parse(time);
  return {
    body: typeof message === "string" ? message : message === undefined ? body : JSON.stringify(message),
    parameters: Number.isFinite(timestampMs) ? { timestampMs } : {},
  };
}

function isObject(value: Json | undefined): value is { readonly [key: string]: Json } {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function parsed(text: string): Json | undefined {
  try {
    return JSON.parse(text) as Json;
  } catch {
    // A template may make anything of an event: then all of it is the message.
    return undefined;
  }
}
