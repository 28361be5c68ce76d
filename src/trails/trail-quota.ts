import { Refusal } from "../core/index.ts";
import { isIn, isSeenBy, type Organization } from "./organization.ts";
import type { Trail } from "./trail.ts";

/** A multi-Region trail counts in every Region. */
const TRAILS_PER_REGION_MAX = 5;

/**
 * Whether one more trail may log in the Regions where the new one would: `region` only, or every one.
 * @throws {Refusal} `MaximumNumberOfTrailsExceededException`.
 */
export function checkTrailQuota(
  trails: readonly Trail[],
  wish: { readonly account: string; readonly region: string; readonly multiRegion: boolean },
  organization: Organization | undefined,
): void {
  const { account, region, multiRegion } = wish;
  const seen = trails.filter((trail) => isSeenBy(trail, account, organization));
  const regions = multiRegion ? new Set([region, ...seen.map(({ homeRegion }) => homeRegion)]) : [region];
  for (const one of regions) {
    if (seen.filter((trail) => isIn(trail, one)).length < TRAILS_PER_REGION_MAX) continue;
    throw new Refusal(
      "MaximumNumberOfTrailsExceededException",
      `User: ${account} already has ${TRAILS_PER_REGION_MAX} trails in ${one}.`,
    );
  }
}
