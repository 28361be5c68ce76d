import { createHash } from "node:crypto";
import type { Kysely } from "kysely";
import { parseArn, Refusal } from "../core/index.ts";
import type { Delivery, Transport } from "../deliveries/index.ts";
import { groupArn, parseGroupArn, streamArn } from "./group-arn.ts";
import type { LogGroups } from "./log-events.ts";
import { listResourcePolicies, serviceMay } from "./resource-policies.ts";
import type { LogGroupsSchema } from "./schema.ts";

export interface LogGroupTransportNeeds {
  readonly tables: Kysely<LogGroupsSchema>;
  readonly groups: Pick<LogGroups, "put">;
}

/** `Delivery.parameters` of the kind `log-group`. */
export interface LogGroupParameters {
  /** When the event happened, milliseconds since 1970; when it was wanted, if absent. */
  readonly timestampMs?: number;
}

/** Who writes for a rule, as resource policies name it. */
const SERVICE = "events.amazonaws.com";
const ACTIONS = ["logs:CreateLogStream", "logs:PutLogEvents"];

/**
 * Puts the body of a delivery into a log group of ours, by its ARN, as one event. A resource policy of the group's account
 * must let EventBridge do so.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
 */
export function openLogGroupTransport({ tables, groups }: LogGroupTransportNeeds): Transport {
  return async (delivery) => {
    const place = parseGroupArn(delivery.endpoint);
    if (place === undefined) return { outcome: "failed", error: `${delivery.endpoint} is not the ARN of a log group` };
    // A policy that names no source would let in the rules of everybody.
    if (parseArn(delivery.owner)?.account !== place.account) {
      return { outcome: "failed", error: "the log group belongs to another account than the rule" };
    }
    const group = groupArn(place, place.name);
    const stream = streamName(delivery);
    const policies = (await listResourcePolicies(tables, place)).filter(
      ({ resourceArn }) => resourceArn === "" || resourceArn === group,
    );
    const context = new Map([
      ["aws:sourcearn", [delivery.owner]],
      ["aws:sourceaccount", [place.account]],
    ]);
    for (const action of ACTIONS) {
      const resource = streamArn(group, stream);
      const decision = serviceMay(policies, { service: SERVICE, action, resource, context });
      if (!decision.allowed) return { outcome: "failed", error: denied(decision, action, resource, place.account) };
    }
    try {
      const timestamp = (delivery.parameters as LogGroupParameters).timestampMs ?? delivery.createdAt;
      await groups.put(group, stream, [{ timestamp, message: delivery.body }]);
      return { outcome: "delivered" };
    } catch (refused) {
      if (!(refused instanceof Refusal)) throw refused;
      return { outcome: "failed", error: refused.message };
    }
  };
}

const DAY_MS = 86_400_000;

/**
 * A UUID, like the names of the streams that EventBridge makes. AWS makes one per event; here one serves a rule for a day,
 * so that a busy rule does not fill the group with streams of one event.
 */
function streamName({ owner, target, createdAt }: Pick<Delivery, "owner" | "target" | "createdAt">): string {
  const day = Math.floor(createdAt / DAY_MS);
  const hex = createHash("sha256").update(`${owner} ${target} ${day}`).digest("hex");
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `8${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join("-");
}

function denied(
  { because, policy, sid }: { readonly because: string; readonly policy?: string; readonly sid?: string },
  action: string,
  resource: string,
  account: string,
): string {
  if (because === "unreadable-policy") return `the logs resource policy ${policy} cannot be read`;
  if (because === "explicit-deny") {
    return `statement ${sid ?? "without Sid"} of the logs resource policy ${policy} denies ${SERVICE} ${action}`;
  }
  return `no logs resource policy of account ${account} lets ${SERVICE} ${action} on ${resource}; put one with a statement that allows ${ACTIONS.join(" and ")} to the principal {"Service": "${SERVICE}"}`;
}
