import { optional, Refusal } from "../../core/index.ts";
import type { DeliveryKind, DeliveryState } from "../../deliveries/index.ts";
import { type DeliveryNeeds, type DeliveryOperation, toWire } from "./delivery-operation.ts";

const PAGE_DELIVERIES = 100;

/**
 * ListDeliveries: deliveries of owners in the caller's account, newest first, without their bodies.
 * @throws {Refusal} `InvalidNextTokenException` when the token came from a different query.
 */
export function listDeliveries({ deliveries, tokens }: DeliveryNeeds): DeliveryOperation<"ListDeliveries"> {
  return {
    mutates: false,
    run: async ({ OwnerArn, State, Kind, Limit = PAGE_DELIVERIES, NextToken }, { caller }) => {
      const query = ["ListDeliveries", caller.account, OwnerArn, State, Kind];
      const beforeId = NextToken === undefined ? undefined : tokens.open(query, NextToken);
      if (NextToken !== undefined && typeof beforeId !== "string") {
        throw new Refusal("InvalidNextTokenException", "The NextToken is not valid.");
      }
      const found = await deliveries.list({
        account: caller.account,
        ...optional("owner", OwnerArn),
        ...optional("state", State?.toLowerCase() as DeliveryState | undefined),
        ...optional("kind", Kind as DeliveryKind | undefined),
        ...optional("beforeId", beforeId as string | undefined),
        limit: Limit,
      });
      const last = found.length < Limit ? undefined : found.at(-1);
      return { Deliveries: found.map(toWire), ...optional("NextToken", last && tokens.seal(query, last.id)) };
    },
  };
}
