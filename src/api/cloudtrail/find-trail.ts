import { Refusal } from "../../core/index.ts";
import {
  findTrail,
  isSeenBy,
  type Organization,
  parseTrailReference,
  type Place,
  type Trail,
} from "../../trails/index.ts";
import type { CloudtrailCall } from "./cloudtrail-operation.ts";

/** Where a call is made. */
export function placeOf({ caller, region }: CloudtrailCall): Place {
  return { account: caller.account, region };
}

/**
 * The trail that the caller names and can look at: its account's or its organization's, of any Region by its ARN.
 * @throws {Refusal} `TrailNotFoundException`, which calls the trail `told` (its ARN unless said otherwise);
 * `InvalidTrailNameException`, `CloudTrailARNInvalidException`.
 */
export async function findSeenTrail(
  call: CloudtrailCall,
  text: string,
  organization: Organization | undefined,
  told?: string,
): Promise<Trail> {
  const { account } = call.caller;
  const arn = parseTrailReference(text, placeOf(call));
  const trail = await findTrail(call.tables, arn);
  if (trail !== undefined && isSeenBy(trail, account, organization)) return trail;
  throw new Refusal("TrailNotFoundException", `Unknown trail: ${told ?? arn} for the user: ${account}`);
}

/**
 * The trail that the caller names and can change: in its home Region, by the account that owns it.
 * @throws {Refusal} as `findSeenTrail`; `NotOrganizationMasterAccountException`, `InvalidHomeRegionException`.
 */
export async function findOwnTrail(
  call: CloudtrailCall,
  text: string,
  organization: Organization | undefined,
): Promise<Trail> {
  const trail = await findSeenTrail(call, text, organization);
  checkOwner(trail, call);
  if (trail.homeRegion !== call.region) {
    throw new Refusal(
      "InvalidHomeRegionException",
      `The home Region of the trail ${trail.arn} is ${trail.homeRegion}: it can only be changed there.`,
    );
  }
  return trail;
}

/** @throws {Refusal} `NotOrganizationMasterAccountException` for who only sees the trail as a member. */
export function checkOwner(trail: Trail, { caller }: CloudtrailCall): void {
  if (trail.account === caller.account) return;
  throw new Refusal(
    "NotOrganizationMasterAccountException",
    `The trail ${trail.arn} is an organization's: only the management account ${trail.account} can change it.`,
  );
}
