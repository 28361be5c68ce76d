import { Refusal } from "../../core/index.ts";
import * as trails from "../../trails/index.ts";
import { checkInput } from "./check-input.ts";
import type { CloudtrailFamily, CloudtrailNeeds } from "./cloudtrail-operation.ts";
import { findOwnTrail, findSeenTrail } from "./find-trail.ts";
import { onTrail } from "./permissions.ts";

/**
 * PutInsightSelectors and GetInsightSelectors: which unusual activity a trail looks for. An empty list turns Insights off.
 * @throws {Refusal} those of `findOwnTrail`; `InvalidInsightSelectorsException`, `InsightNotEnabledException`,
 * `InvalidParameterCombinationException`, `InvalidParameterException`; `UnsupportedOperationException` for event data
 * stores, which there are none of.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_PutInsightSelectors.html
 */
export function insightSelectors({
  organization,
  changed,
}: CloudtrailNeeds): CloudtrailFamily<"PutInsightSelectors" | "GetInsightSelectors"> {
  return {
    PutInsightSelectors: {
      mutates: true,
      checksInput: true,
      ...onTrail(({ TrailName }) => TrailName),
      run: async (input, call) => {
        // The one constraint of the model whose breach has an error of its own.
        for (const selector of input.InsightSelectors ?? []) trails.parseInsightType(selector?.InsightType);
        checkInput("PutInsightSelectors", input);
        const trail = await findOwnTrail(call, trailNameOf(input), organization);
        const selectors = trails.parseInsightSelectors(input.InsightSelectors, trail.selectors);
        await trails.putInsightSelectors(call.tables, trail, selectors, call);
        changed();
        return { TrailARN: trail.arn, InsightSelectors: selectors };
      },
    },
    GetInsightSelectors: {
      mutates: false,
      ...onTrail(({ TrailName }) => TrailName),
      run: async (input, call) => {
        const { arn, insightSelectors: selectors } = await findSeenTrail(call, trailNameOf(input), organization);
        if (selectors.length > 0) return { TrailARN: arn, InsightSelectors: selectors };
        throw new Refusal("InsightNotEnabledException", `Insights is not enabled for the trail ${arn}.`);
      },
    },
  };
}

interface InsightTarget {
  readonly TrailName?: string | undefined;
  readonly EventDataStore?: string | undefined;
  readonly InsightsDestination?: string | undefined;
}

function trailNameOf({ TrailName, EventDataStore, InsightsDestination }: InsightTarget): string {
  const isStore = EventDataStore !== undefined || InsightsDestination !== undefined;
  if (TrailName !== undefined && isStore) {
    throw new Refusal(
      "InvalidParameterCombinationException",
      "TrailName cannot be used together with EventDataStore or InsightsDestination.",
    );
  }
  if (TrailName !== undefined) return TrailName;
  if (isStore) {
    throw new Refusal("UnsupportedOperationException", "Event data stores are not supported by OpenTrail.");
  }
  throw new Refusal("InvalidParameterException", "One of TrailName and EventDataStore is needed.");
}
