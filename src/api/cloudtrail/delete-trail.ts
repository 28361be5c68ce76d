import * as trails from "../../trails/index.ts";
import type { CloudtrailNeeds, CloudtrailOperation } from "./cloudtrail-operation.ts";
import { findOwnTrail } from "./find-trail.ts";
import { onTrail } from "./permissions.ts";

/**
 * DeleteTrail: logging ends in all Regions of the trail; what was delivered stays.
 * @throws {Refusal} those of `findOwnTrail`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_DeleteTrail.html
 */
export function deleteTrail({ organization, changed }: CloudtrailNeeds): CloudtrailOperation<"DeleteTrail"> {
  return {
    mutates: true,
    ...onTrail(({ Name }) => Name),
    run: async ({ Name }, call) => {
      await trails.deleteTrail(call.tables, await findOwnTrail(call, Name, organization), call);
      changed();
      return {};
    },
  };
}
