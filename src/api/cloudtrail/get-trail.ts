import type { CloudtrailNeeds, CloudtrailOperation } from "./cloudtrail-operation.ts";
import { findSeenTrail } from "./find-trail.ts";
import { onTrail } from "./permissions.ts";
import { trailMembers } from "./trail-members.ts";

/**
 * GetTrail: the settings of one trail.
 * @throws {Refusal} those of `findSeenTrail`; `TrailNotFoundException` repeats the name as it was given.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_GetTrail.html
 */
export function getTrail({ organization }: CloudtrailNeeds): CloudtrailOperation<"GetTrail"> {
  return {
    mutates: false,
    ...onTrail(({ Name }) => Name),
    run: async ({ Name }, call) => ({ Trail: trailMembers(await findSeenTrail(call, Name, organization, Name)) }),
  };
}
