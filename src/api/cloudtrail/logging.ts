import * as trails from "../../trails/index.ts";
import type { CloudtrailCall, CloudtrailFamily, CloudtrailNeeds } from "./cloudtrail-operation.ts";
import { findOwnTrail } from "./find-trail.ts";
import { onTrail } from "./permissions.ts";

/**
 * StartLogging and StopLogging: a trail that logs already, or does not, only gets a new time.
 * @throws {Refusal} those of `findOwnTrail`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_StartLogging.html
 */
export function logging(needs: CloudtrailNeeds): CloudtrailFamily<"StartLogging" | "StopLogging"> {
  return { StartLogging: turn(needs, trails.startLogging), StopLogging: turn(needs, trails.stopLogging) };
}

function turn({ organization, changed }: CloudtrailNeeds, change: typeof trails.startLogging) {
  return {
    mutates: true,
    ...onTrail<{ readonly Name: string }>(({ Name }) => Name),
    run: async ({ Name }: { readonly Name: string }, call: CloudtrailCall): Promise<Record<never, never>> => {
      await change(call.tables, await findOwnTrail(call, Name, organization), call);
      changed();
      return {};
    },
  };
}
