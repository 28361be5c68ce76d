import * as trails from "../../trails/index.ts";
import { checkDestinations } from "./check-destinations.ts";
import type { CloudtrailCall, CloudtrailNeeds, CloudtrailOperation } from "./cloudtrail-operation.ts";
import { narrowing } from "./event-selectors.ts";
import { findOwnTrail, placeOf } from "./find-trail.ts";
import { onTrail } from "./permissions.ts";
import { settingMembers } from "./trail-members.ts";

type Input = Parameters<CloudtrailOperation<"UpdateTrail">["run"]>[0];

/**
 * UpdateTrail: changes the settings that are named and leaves the others. Logging goes on meanwhile.
 * @throws {Refusal} those of `findOwnTrail`, `InvalidParameterCombinationException`,
 * `MaximumNumberOfTrailsExceededException` when it comes to log in Regions that are full, those of `checkDestinations`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_UpdateTrail.html
 */
export function updateTrail(needs: CloudtrailNeeds): CloudtrailOperation<"UpdateTrail"> {
  return {
    mutates: true,
    ...onTrail<Input>(({ Name }) => Name),
    prepare: async (input, call) => {
      const { trail, settings } = await planUpdate(needs, input, call);
      await checkDestinations(needs, { ...trail, settings, input });
    },
    additionalEventData: async (input, call) => {
      const { trail, settings } = await planUpdate(needs, input, call);
      return narrowing(trail, { ...trail, settings });
    },
    run: async (input, call) => {
      const { trail, settings } = await planUpdate(needs, input, call);
      const updated = await trails.updateTrail(call.tables, trail, settings, call);
      needs.changed();
      return settingMembers(updated);
    },
  };
}

async function planUpdate(
  { organization }: CloudtrailNeeds,
  input: Input,
  call: CloudtrailCall,
): Promise<{ readonly trail: trails.Trail; readonly settings: trails.TrailSettings }> {
  const trail = await findOwnTrail(call, input.Name, organization);
  const settings = trails.changedTrailSettings(trail.settings, input, placeOf(call));
  if (settings.multiRegion && !trail.settings.multiRegion) {
    const others = (await trails.listTrails(call.tables)).filter(({ id }) => id !== trail.id);
    trails.checkTrailQuota(others, { ...placeOf(call), multiRegion: true }, organization);
  }
  return { trail, settings };
}
