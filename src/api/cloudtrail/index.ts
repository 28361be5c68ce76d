/**
 * The CloudTrail API, one file per operation or family of operations that are alike. What is not in the table is refused
 * by name.
 */
import type { CloudtrailOperations } from "../../aws/index.ts";
import type { TrailsSchema } from "../../trails/index.ts";
import type { Operations } from "../operation.ts";
import type { CloudtrailNeeds } from "./cloudtrail-operation.ts";
import { createTrail } from "./create-trail.ts";
import { deleteTrail } from "./delete-trail.ts";
import { describeTrails } from "./describe-trails.ts";
import { eventSelectors } from "./event-selectors.ts";
import { getTrail } from "./get-trail.ts";
import { getTrailStatus } from "./get-trail-status.ts";
import { insightSelectors } from "./insight-selectors.ts";
import { listPublicKeys } from "./list-public-keys.ts";
import { listTrails } from "./list-trails.ts";
import { logging } from "./logging.ts";
import { lookupEvents } from "./lookup-events.ts";
import { resourcePolicies } from "./resource-policies.ts";
import { tags } from "./tags.ts";
import { updateTrail } from "./update-trail.ts";

export type { CloudtrailNeeds } from "./cloudtrail-operation.ts";

export function cloudtrailOperations(needs: CloudtrailNeeds): Operations<CloudtrailOperations, TrailsSchema> {
  return {
    ...eventSelectors(needs),
    ...insightSelectors(needs),
    ...logging(needs),
    ...resourcePolicies,
    ...tags(needs),
    CreateTrail: createTrail(needs),
    DeleteTrail: deleteTrail(needs),
    DescribeTrails: describeTrails(needs),
    GetTrail: getTrail(needs),
    GetTrailStatus: getTrailStatus(needs),
    ListPublicKeys: listPublicKeys(needs.digests),
    ListTrails: listTrails(needs),
    LookupEvents: lookupEvents(needs.history),
    UpdateTrail: updateTrail(needs),
  };
}
