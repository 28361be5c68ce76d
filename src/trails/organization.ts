import type { Trail } from "./trail.ts";

/** The accounts that belong together; the first is the management account. */
export interface Organization {
  /** `o-` and 10 to 32 letters and digits. */
  readonly id: string;
  readonly accounts: readonly [management: string, ...members: string[]];
}

/** Whether an account can look at a trail: its own, or its organization's. */
export function isSeenBy(trail: Trail, account: string, organization: Organization | undefined): boolean {
  if (trail.account === account) return true;
  return trail.settings.organization && (organization?.accounts.includes(account) ?? false);
}

/** Whether a trail logs in a Region: at home, or by a shadow. */
export function isIn(trail: Trail, region: string): boolean {
  return trail.homeRegion === region || trail.settings.multiRegion;
}
