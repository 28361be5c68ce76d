/**
 * OpenTrail's own API, for what AWS has no words for: the ledger of deliveries. Spoken like any service of AWS, open to
 * everyone who has the permission.
 */
import type { XOpentrailOperations } from "../../aws/index.ts";
import type { DeliveriesSchema } from "../../deliveries/index.ts";
import type { Operations } from "../operation.ts";
import type { DeliveryNeeds } from "./delivery-operation.ts";
import { describeDelivery } from "./describe-delivery.ts";
import { listDeliveries } from "./list-deliveries.ts";
import { redriveDeliveries } from "./redrive-deliveries.ts";

export * from "./backtest-event-pattern.ts";
export type { DeliveryNeeds } from "./delivery-operation.ts";

export function deliveryOperations(
  needs: DeliveryNeeds,
): Operations<
  Pick<XOpentrailOperations, "ListDeliveries" | "DescribeDelivery" | "RedriveDeliveries">,
  DeliveriesSchema
> {
  return {
    DescribeDelivery: describeDelivery(needs),
    ListDeliveries: listDeliveries(needs),
    RedriveDeliveries: redriveDeliveries(needs),
  };
}
