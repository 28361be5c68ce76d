import * as trails from "../../trails/index.ts";
import { checkInput } from "./check-input.ts";
import type { CloudtrailFamily, CloudtrailNeeds, CloudtrailOperation } from "./cloudtrail-operation.ts";
import { findOwnTrail, findSeenTrail } from "./find-trail.ts";
import { onTrail } from "./permissions.ts";

/**
 * PutEventSelectors and GetEventSelectors: what a trail logs. Selectors of one kind take the place of those of the other.
 * @throws {Refusal} those of `findOwnTrail`, `InvalidEventSelectorsException`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutEventSelectors.html
 */
export function eventSelectors({
  organization,
  changed,
}: CloudtrailNeeds): CloudtrailFamily<"PutEventSelectors" | "GetEventSelectors"> {
  return {
    PutEventSelectors: {
      mutates: true,
      checksInput: true,
      ...onTrail(({ TrailName }) => TrailName),
      additionalEventData: async (input, call) => {
        checkPut(input);
        const trail = await findOwnTrail(call, input.TrailName, organization);
        return narrowing(trail, { ...trail, selectors: trails.parseSelectors(input) });
      },
      run: async (input, call) => {
        checkPut(input);
        const trail = await findOwnTrail(call, input.TrailName, organization);
        const selectors = trails.parseSelectors(input);
        await trails.putSelectors(call.tables, trail, selectors, call);
        changed();
        return { TrailARN: trail.arn, ...selectorMembers(selectors) };
      },
    },
    GetEventSelectors: {
      mutates: false,
      ...onTrail(({ TrailName }) => TrailName),
      run: async ({ TrailName }, call) => {
        const { arn, selectors } = await findSeenTrail(call, TrailName, organization);
        return { TrailARN: arn, ...selectorMembers(selectors) };
      },
    },
  };
}

function checkPut(input: Parameters<CloudtrailOperation<"PutEventSelectors">["run"]>[0]): void {
  // The one constraint of the model whose breach has an error of its own.
  for (const selector of input.EventSelectors ?? []) trails.parseReadWriteType(selector?.ReadWriteType);
  checkInput("PutEventSelectors", input);
}

/** What a record tells of a change after which less is logged: rules watch for it. */
export function narrowing(
  before: trails.Trail,
  after: trails.Trail,
): { readonly narrowed: readonly string[] } | undefined {
  const reasons = trails.narrowed(before, after);
  return reasons.length === 0 ? undefined : { narrowed: reasons };
}

function selectorMembers(selectors: trails.Selectors) {
  return selectors.kind === "basic"
    ? { EventSelectors: selectors.selectors }
    : { AdvancedEventSelectors: selectors.selectors };
}
