import { isIn, isSeenBy, listTrails, parseTrailReference, type Trail } from "../../trails/index.ts";
import type { CloudtrailCall, CloudtrailNeeds, CloudtrailOperation } from "./cloudtrail-operation.ts";
import { placeOf } from "./find-trail.ts";
import { trailMembers } from "./trail-members.ts";

/**
 * DescribeTrails: the settings of the trails that log in the Region of the call, or of those that are named; names that
 * name nothing are passed over. Without shadow trails only those remain whose home it is.
 * @throws {Refusal} `InvalidTrailNameException`, `CloudTrailARNInvalidException`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DescribeTrails.html
 */
export function describeTrails({ organization }: CloudtrailNeeds): CloudtrailOperation<"DescribeTrails"> {
  return {
    mutates: false,
    run: async ({ trailNameList = [], includeShadowTrails = true }, call) => {
      const arns = new Set(trailNameList.map((text) => parseTrailReference(text, placeOf(call))));
      const seen = (await listTrails(call.tables)).filter((trail) =>
        isSeenBy(trail, call.caller.account, organization),
      );
      const asked = arns.size === 0 ? seen.filter((trail) => isIn(trail, call.region)) : named(seen, arns);
      return {
        trailList: asked.filter((trail) => includeShadowTrails || isOriginal(trail, call)).map(trailMembers),
      };
    },
  };
}

/** In the order in which they are asked for. */
function named(trails: readonly Trail[], arns: ReadonlySet<string>): readonly Trail[] {
  return [...arns].flatMap((arn) => trails.find((trail) => trail.arn === arn) ?? []);
}

function isOriginal(trail: Trail, { caller, region }: CloudtrailCall): boolean {
  return trail.homeRegion === region && trail.account === caller.account;
}
