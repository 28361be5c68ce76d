import { optional, parseArn, Refusal } from "../../core/index.ts";
import { type DeliveryNeeds, type DeliveryOperation, toWire } from "./delivery-operation.ts";

/**
 * DescribeDelivery: one delivery of the caller's account, with its body unless that is confidential.
 * @throws {Refusal} `ResourceNotFoundException` when there is none with this id, or it belongs to another account.
 */
export function describeDelivery({ deliveries }: DeliveryNeeds): DeliveryOperation<"DescribeDelivery"> {
  return {
    mutates: false,
    run: async ({ DeliveryId }, { caller }) => {
      const delivery = await deliveries.get(DeliveryId);
      if (delivery === undefined || parseArn(delivery.owner)?.account !== caller.account) {
        throw new Refusal("ResourceNotFoundException", `Delivery ${DeliveryId} does not exist.`);
      }
      // The token of a subscription's confirmation proves that its endpoint wants it: nobody else may read it.
      const Body = delivery.parameters["confidential"] === true ? undefined : delivery.body;
      return { Delivery: { ...toWire(delivery), ...optional("Body", Body) } };
    },
  };
}
