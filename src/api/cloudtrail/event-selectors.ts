import * as trails from "../../trails/index.ts";
import { checkInput } from "./check-input.ts";
import type { CloudtrailFamily, CloudtrailNeeds } from "./cloudtrail-operation.ts";
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
      run: async (input, call) => {
        // The one constraint of the model whose breach has an error of its own.
        for (const selector of input.EventSelectors ?? []) trails.parseReadWriteType(selector?.ReadWriteType);
        checkInput("PutEventSelectors", input);
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

function selectorMembers(selectors: trails.Selectors) {
  return selectors.kind === "basic"
    ? { EventSelectors: selectors.selectors }
    : { AdvancedEventSelectors: selectors.selectors };
}
