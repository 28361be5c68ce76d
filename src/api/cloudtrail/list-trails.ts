import { Refusal } from "../../core/index.ts";
import { isIn, isSeenBy, listTrails as readTrails, type Trail } from "../../trails/index.ts";
import type { CloudtrailNeeds, CloudtrailOperation } from "./cloudtrail-operation.ts";

/** An account has five trails in a Region, so that a second page is for organizations only. */
const PAGE_TRAILS = 50;

/**
 * ListTrails: ARN, name and home Region of the trails that log in the Region of the call, by name.
 * @throws {Refusal} `InvalidNextTokenException` when the token came from another account or Region.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListTrails.html
 */
export function listTrails({ organization, tokens }: CloudtrailNeeds): CloudtrailOperation<"ListTrails"> {
  return {
    mutates: false,
    run: async ({ NextToken }, call) => {
      const { account } = call.caller;
      const query = ["ListTrails", account, call.region];
      const after = NextToken === undefined ? "" : tokens.open(query, NextToken);
      if (typeof after !== "string") throw new Refusal("InvalidNextTokenException", "The NextToken is not valid.");
      const rest = (await readTrails(call.tables)).filter(
        (trail) => isSeenBy(trail, account, organization) && isIn(trail, call.region) && position(trail) > after,
      );
      const page = rest.toSorted(byPosition).slice(0, PAGE_TRAILS);
      const last = page.at(-1);
      const Trails = page.map(({ arn, name, homeRegion }) => ({ TrailARN: arn, Name: name, HomeRegion: homeRegion }));
      if (last === undefined || page.length === rest.length) return { Trails };
      return { Trails, NextToken: tokens.seal(query, position(last)) };
    },
  };
}

/** Names are not unique over Regions. */
function position({ name, arn }: Trail): string {
  return `${name} ${arn}`;
}

function byPosition(one: Trail, other: Trail): number {
  return position(one) < position(other) ? -1 : 1;
}
