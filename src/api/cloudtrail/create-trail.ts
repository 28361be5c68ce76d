import { Refusal } from "../../core/index.ts";
import * as trails from "../../trails/index.ts";
import { checkDestinations } from "./check-destinations.ts";
import type { CloudtrailCall, CloudtrailNeeds, CloudtrailOperation } from "./cloudtrail-operation.ts";
import { placeOf } from "./find-trail.ts";
import { onTrail } from "./permissions.ts";
import { settingMembers } from "./trail-members.ts";

type Input = Parameters<CloudtrailOperation<"CreateTrail">["run"]>[0];

/**
 * CreateTrail: a trail whose home is the Region of the call. It does not log before StartLogging.
 * @throws {Refusal} `InvalidTrailNameException`, `InvalidParameterCombinationException`,
 * `MaximumNumberOfTrailsExceededException`, `TrailAlreadyExistsException`, those of tags, and those of `checkDestinations`.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_CreateTrail.html
 */
export function createTrail(needs: CloudtrailNeeds): CloudtrailOperation<"CreateTrail"> {
  return {
    mutates: true,
    ...onTrail<Input>(
      ({ Name }) => Name,
      ({ TagsList }) => TagsList,
    ),
    prepare: async (input, call) => checkDestinations(needs, { ...(await planTrail(needs, input, call)), input }),
    run: async (input, call) => {
      // Asked again: since it was prepared another call may have taken the name, or the last place.
      const planned = await planTrail(needs, input, call);
      const trail = await trails.createTrail(call.tables, { id: needs.random.uuid(), ...planned }, call);
      await trails.setTrailTags(call.tables, trail.arn, input.TagsList ?? []);
      needs.changed();
      return settingMembers(trail);
    },
  };
}

type PlannedTrail = Pick<trails.Trail, "name" | "arn" | "account" | "homeRegion" | "settings">;

async function planTrail({ organization }: CloudtrailNeeds, input: Input, call: CloudtrailCall): Promise<PlannedTrail> {
  const name = trails.parseTrailName(input.Name);
  const home = placeOf(call);
  checkHome(home);
  const settings = trails.newTrailSettings(input, home);
  const existing = await trails.listTrails(call.tables);
  trails.checkTrailQuota(existing, { ...home, multiRegion: settings.multiRegion }, organization);
  const arn = trails.trailArn(home, name);
  if (existing.some((trail) => trail.arn === arn)) {
    throw new Refusal("TrailAlreadyExistsException", `Trail ${name} already exists for customer: ${home.account}`);
  }
  trails.checkTags(input.TagsList ?? []);
  return { name, arn, account: home.account, homeRegion: home.region, settings };
}

/**
 * The Region is what the client has signed for, and may be any text; a trail's becomes part of its ARN and of keys.
 * @throws {Refusal} `InvalidHomeRegionException`.
 */
function checkHome({ region }: trails.Place): void {
  if (/^[a-z0-9-]{1,32}$/.test(region)) return;
  throw new Refusal("InvalidHomeRegionException", "A trail's home Region has letters, numbers and hyphens alone.");
}
