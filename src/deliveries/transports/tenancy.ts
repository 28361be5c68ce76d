import { parseArn } from "../../core/index.ts";
import type { Delivery, Transport } from "../delivery.ts";

/** What accounts of one installation may do with what all of them reach by the operator's credentials. */
export interface Tenancy {
  /** Why the delivery must not go to the queue, function or stream with this ARN; undefined when it may. */
  whyNot(delivery: Pick<Delivery, "owner">, arn: string): string | undefined;
  /** A transport that asks `whyNot` of the delivery's endpoint. */
  guarded(transport: Transport): Transport;
  /** A transport for the operator's own account alone. */
  operatorOnly(transport: Transport): Transport;
}

/**
 * `accounts` of the installation, the operator's own first. Nobody here can ask for a queue's or function's policy, so that
 * no account gets at those of another; what a subscription names was confirmed by its endpoint. ARNs of accounts that are
 * none of the installation's are the operator's affair, whose credentials let in or not.
 */
export function openTenancy(accounts: readonly [string, ...string[]]): Tenancy {
  const all = new Set(accounts);
  const whyNot: Tenancy["whyNot"] = ({ owner }, arn) => {
    const account = parseArn(arn)?.account ?? "";
    const from = parseArn(owner);
    const isOthers = all.has(account) && from?.account !== account && from?.service !== "sns";
    return isOthers ? `${arn} belongs to another account than ${owner}` : undefined;
  };
  return {
    whyNot,
    guarded: (transport) => async (delivery, signal) => {
      const why = whyNot(delivery, delivery.endpoint);
      return why === undefined ? await transport(delivery, signal) : { outcome: "failed", error: why };
    },
    operatorOnly: (transport) => async (delivery, signal) =>
      parseArn(delivery.owner)?.account === accounts[0]
        ? await transport(delivery, signal)
        : { outcome: "failed", error: `only account ${accounts[0]} runs commands` },
  };
}
