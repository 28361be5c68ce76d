import { Refusal } from "../../core/index.ts";
import type { RedriveFilter } from "../../deliveries/index.ts";
import type { DeliveryNeeds, DeliveryOperation } from "./delivery-operation.ts";

/**
 * RedriveDeliveries: makes deliveries of the caller's account pending anew: those named, whether they failed or were
 * delivered, or all of an owner that failed, or all that failed. A call takes 5,000; it may be repeated until it answers 0.
 * @throws {Refusal} `ValidationException` when both ids and an owner are given.
 */
export function redriveDeliveries({ deliveries }: DeliveryNeeds): DeliveryOperation<"RedriveDeliveries"> {
  return {
    mutates: true,
    run: async ({ DeliveryIds, OwnerArn }, { caller, tables }) => {
      if (DeliveryIds !== undefined && OwnerArn !== undefined) {
        throw new Refusal("ValidationException", "Give DeliveryIds or OwnerArn, not both.");
      }
      const filter = { ...chosen(DeliveryIds, OwnerArn), account: caller.account };
      return { Redriven: await deliveries.redrive(filter, tables) };
    },
  };
}

function chosen(ids: readonly string[] | undefined, owner: string | undefined): RedriveFilter {
  if (ids !== undefined) return { ids };
  return owner === undefined ? { state: "failed" } : { owner, state: "failed" };
}
