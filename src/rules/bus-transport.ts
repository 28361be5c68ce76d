import type { Kysely } from "kysely";
import { type AttemptResult, type Delivery, openTransactionTransport, type Transport } from "../deliveries/index.ts";
import { decide, type RequestPrincipal, storedPolicy } from "../identity/index.ts";
import { type BusReference, parseBusArn, parseRuleArn } from "./bus-arn.ts";
import { findBus } from "./buses.ts";
import type { DispatchEvent, RulesTables } from "./events.ts";
import type { BusEvent, EventEnvelope } from "./rule.ts";

export interface BusTransportNeeds {
  readonly tables: Kysely<RulesTables>;
  readonly dispatch: DispatchEvent;
  /** Deliveries were committed. */
  readonly onDeliveries: () => void;
}

/**
 * Hands an event on to another bus. A bus of another account must let the rule's account put events, by its policy.
 * @see https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-cross-account.html
 */
export function busTransport({ tables, dispatch, onDeliveries }: BusTransportNeeds): Transport {
  return openTransactionTransport(tables, async (transaction, delivery) => {
    const bus = parseBusArn(delivery.endpoint);
    if (bus === undefined) return failed(`${delivery.endpoint} is no event bus`);
    const why = await whyNotPut(transaction, bus, delivery.owner);
    if (why !== undefined) return failed(why);
    await dispatch(transaction, bus.arn, forwardedEvent(delivery));
    // Who then reads waits for the commit by itself.
    onDeliveries();
    return { outcome: "delivered" };
  });
}

function failed(error: string): AttemptResult {
  return { outcome: "failed", error };
}

async function whyNotPut(tables: Kysely<RulesTables>, bus: BusReference, owner: string): Promise<string | undefined> {
  const found = await findBus(tables, bus);
  if (found === undefined) return `event bus ${bus.arn} does not exist`;
  const account = parseRuleArn(owner)?.bus.account ?? "";
  if (account === bus.account) return undefined;
  const resource = found.policy && { name: `policy of ${bus.arn}`, policy: storedPolicy(found.policy, "resource") };
  const asked = { principal: rootOf(account), action: "events:PutEvents", resource: bus.arn, context: new Map() };
  const { allowed } = decide(asked, { identity: [], ...(resource && { resource }) });
  return allowed ? undefined : `the policy of ${bus.arn} does not let account ${account} put events`;
}

/** A rule speaks for its account. */
function rootOf(account: string): RequestPrincipal {
  return { kind: "root", account, arn: `arn:aws:iam::${account}:root`, principalId: account };
}

/** The event as the rule wrote it into the ledger: a bus takes no other input. */
function forwardedEvent({ body, hops, parameters }: Delivery): BusEvent {
  const envelope = JSON.parse(body) as EventEnvelope;
  return { envelope, text: body, readOnlyManagement: parameters["readOnlyManagement"] === true, hops };
}
