import { type Answered, type Caller, callerOf } from "../../calls.ts";
import type { TestServer } from "../../server.ts";
import { ACCOUNT, until } from "../../trail.ts";
import type { HookRequest, Webhook } from "../receivers.ts";

export const REGION = "us-east-1";

/** Receivers of tests are on this machine. */
export const REACH_THIS_MACHINE = ["--targets-allow", "127.0.0.0/8"] as const;

type Members = Readonly<Record<string, unknown>>;
type OutputMembers = Answered["output"];

/** A delivery as DescribeDelivery and ListDeliveries tell it. */
export interface ToldDelivery {
  readonly DeliveryId: string;
  readonly OwnerArn: string;
  readonly TargetId: string;
  readonly Kind: string;
  readonly EventId: string;
  readonly State: "PENDING" | "DELIVERED" | "FAILED";
  readonly Attempts: number;
  readonly LastError?: string;
  readonly DeadLettered?: boolean;
  readonly Body?: string;
}

/** A server's rules, as its root uses them. */
export interface RulesWorld {
  readonly call: Caller;
  /** One call of EventBridge. @throws {Error} when it is refused. */
  events(operation: string, input?: Members): Promise<OutputMembers>;
  /** A rule with these targets, on the default bus unless `more` says otherwise. @throws {Error} when a target is not taken. */
  rule(name: string, pattern: Members, targets: readonly Members[], more?: Members): Promise<string>;
  /** The ARN of a new API destination at this address, behind a connection of its own. */
  destination(name: string, url: string, authorization?: Authorization): Promise<string>;
  /** Puts one event of this source onto a bus; answers its id. */
  put(source: string, detail: Members, bus?: string): Promise<string>;
  deliveries(of?: Members): Promise<readonly ToldDelivery[]>;
  /** Every delivery of the rule, once all of them ended as it is said. */
  ended(ruleArn: string, count: number): Promise<readonly ToldDelivery[]>;
  /** The newest records with this name as LookupEvents shows them: their very texts. */
  lookup(eventName: string): Promise<readonly string[]>;
}

export interface Authorization {
  readonly AuthorizationType: "API_KEY" | "BASIC" | "OAUTH_CLIENT_CREDENTIALS";
  readonly AuthParameters: Members;
}

const API_KEY: Authorization = {
  AuthorizationType: "API_KEY",
  AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: "x-api-key", ApiKeyValue: "a-key" } },
};

export function rulesOf(server: TestServer): RulesWorld {
  const call = callerOf(server);
  const ask = async (service: Parameters<Caller>[0], operation: string, input: Members = {}) => {
    const { code, message, output } = await call(service, operation, input);
    if (code !== "") throw new Error(`${operation}: ${code}: ${message}`);
    return output;
  };
  const events = (operation: string, input: Members = {}): Promise<OutputMembers> => ask("events", operation, input);
  const deliveries = async (of: Members = {}): Promise<readonly ToldDelivery[]> => {
    const { Deliveries } = await ask("x-opentrail", "ListDeliveries", { Limit: 1000, ...of });
    return Deliveries as readonly ToldDelivery[];
  };
  return {
    call,
    events,
    deliveries,
    rule: async (Name, pattern, Targets, more = {}) => {
      const { RuleArn } = await events("PutRule", { Name, EventPattern: JSON.stringify(pattern), ...more });
      const { EventBusName = "default" } = more;
      const { FailedEntries } = await events("PutTargets", { Rule: Name, Targets, EventBusName });
      if ((FailedEntries as readonly unknown[]).length > 0) throw new Error(JSON.stringify(FailedEntries));
      return RuleArn as string;
    },
    destination: async (Name, InvocationEndpoint, authorization = API_KEY) => {
      const { ConnectionArn } = await events("CreateConnection", { Name, ...authorization });
      const { ApiDestinationArn } = await events("CreateApiDestination", {
        Name,
        ConnectionArn,
        InvocationEndpoint,
        HttpMethod: "POST",
      });
      return ApiDestinationArn as string;
    },
    put: async (Source, detail, EventBusName = "default") => {
      const entry = { Source, DetailType: "Test", Detail: JSON.stringify(detail), EventBusName };
      const { Entries } = await events("PutEvents", { Entries: [entry] });
      const { EventId, ErrorMessage } = (Entries as readonly { EventId?: string; ErrorMessage?: string }[])[0] ?? {};
      if (EventId === undefined) throw new Error(`PutEvents: ${ErrorMessage}`);
      return EventId;
    },
    ended: (OwnerArn, count) =>
      until(
        `${count} deliveries of ${OwnerArn} ended`,
        () => deliveries({ OwnerArn }),
        (found) => found.length >= count && found.every(({ State }) => State !== "PENDING"),
      ),
    lookup: async (AttributeValue) => {
      const { Events } = await ask("cloudtrail", "LookupEvents", {
        LookupAttributes: [{ AttributeKey: "EventName", AttributeValue }],
      });
      return (Events as readonly { CloudTrailEvent: string }[]).map(({ CloudTrailEvent }) => CloudTrailEvent);
    },
  };
}

/** What came to the webhook, once it is so many. */
export function received(hook: Webhook, count: number): Promise<readonly HookRequest[]> {
  return until(
    `${count} requests`,
    () => hook.requests,
    (requests) => requests.length >= count,
  );
}

/** An ARN of this account and Region. */
export function arnOf(service: string, resource: string): string {
  return `arn:aws:${service}:${REGION}:${ACCOUNT}:${resource}`;
}

/** The text of the member `detail`, which every envelope of ours ends with. */
export function detailText(envelope: string): string {
  const at = envelope.indexOf('"detail":{');
  if (at < 0) throw new Error(`no detail in ${envelope}`);
  return envelope.slice(at + '"detail":'.length, -1);
}
