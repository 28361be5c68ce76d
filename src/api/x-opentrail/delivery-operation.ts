import type { XOpentrailOperations } from "../../aws/index.ts";
import { optional, type PageTokens } from "../../core/index.ts";
import type { Deliveries, DeliveriesSchema, DeliverySummary } from "../../deliveries/index.ts";
import type { Operation } from "../operation.ts";

/** What the operations on deliveries work with. */
export interface DeliveryNeeds {
  readonly deliveries: Pick<Deliveries, "list" | "get" | "redrive">;
  readonly tokens: PageTokens;
}

export type DeliveryOperation<Name extends keyof XOpentrailOperations> = Operation<
  XOpentrailOperations[Name]["input"],
  XOpentrailOperations[Name]["output"],
  DeliveriesSchema
>;

type WireDelivery = NonNullable<XOpentrailOperations["DescribeDelivery"]["output"]["Delivery"]>;

/** A delivery as the API shows it, without its body. */
export function toWire(delivery: DeliverySummary): WireDelivery {
  const { state, endedAt } = delivery;
  return {
    DeliveryId: delivery.id,
    OwnerArn: delivery.owner,
    TargetId: delivery.target,
    Kind: delivery.kind,
    Endpoint: withoutPassword(delivery.endpoint),
    EventId: delivery.eventId,
    State: state.toUpperCase(),
    Attempts: delivery.attempts,
    CreationTime: new Date(delivery.createdAt),
    ...(state === "pending" ? { NextAttemptTime: new Date(delivery.dueAt) } : {}),
    ...optional("EndTime", endedAt === undefined ? undefined : new Date(endedAt)),
    ...optional("LastError", delivery.lastError),
    ...optional("DeadLetterArn", delivery.deadLetterArn),
    DeadLettered: delivery.deadLettered,
  };
}

/** As SNS shows the endpoints of subscriptions. */
function withoutPassword(endpoint: string): string {
  return endpoint.replace(/^(https?:\/\/[^/?#@:]*):[^/?#]*@/i, "$1:****@");
}
