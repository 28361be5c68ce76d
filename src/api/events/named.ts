import {
  type BusReference,
  findBusOrRefuse,
  findRuleOrRefuse,
  parseBus,
  type Place,
  type Rule,
} from "../../rules/index.ts";
import { Refusal } from "../../core/index.ts";
import type { EventsCall } from "./events-operation.ts";

/** Where a call is made. */
export function placeOf({ caller, region }: EventsCall): Place {
  return { account: caller.account, region };
}

/** The bus that a call names, whether there is one or not. @throws {Refusal} `ResourceNotFoundException`. */
export function busNamed(text: string | undefined, call: EventsCall): BusReference {
  return parseBus(text, placeOf(call));
}

/** @throws {Refusal} `ResourceNotFoundException`. */
export async function existingBus(text: string | undefined, call: EventsCall): Promise<BusReference> {
  return await findBusOrRefuse(call.tables, busNamed(text, call));
}

/** @throws {Refusal} `ResourceNotFoundException`. */
export async function existingRule(name: string, bus: string | undefined, call: EventsCall): Promise<Rule> {
  return await findRuleOrRefuse(call.tables, await existingBus(bus, call), name);
}

/**
 * A rule that the caller may change: none of OpenTrail's own, which Force does not help against either.
 * @throws {Refusal} `ResourceNotFoundException`, `ManagedRuleException`.
 */
export async function changeableRule(name: string, bus: string | undefined, call: EventsCall): Promise<Rule> {
  const rule = await existingRule(name, bus, call);
  refuseManaged(rule);
  return rule;
}

/** @throws {Refusal} `ManagedRuleException`. */
export function refuseManaged({ name, managedBy }: Rule): void {
  if (managedBy === undefined) return;
  throw new Refusal("ManagedRuleException", `Rule ${name} is managed by ${managedBy} and cannot be changed.`);
}

export function invalid(message: string): Refusal {
  return new Refusal("ValidationException", message);
}

export function limitExceeded(): Refusal {
  return new Refusal("LimitExceededException", "The requested resource exceeds the maximum number allowed.");
}
