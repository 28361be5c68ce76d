import type { SelectableEvent, Trail, Wants } from "../trail.ts";

/** Whose files a record belongs into. */
export interface RecordPlace {
  readonly account: string;
  readonly region: string;
}

/** Where a trail puts a record, or undefined when it does not want it. Never throws, whatever the record. */
export type Coverage = (record: PlacedEvent) => RecordPlace | undefined;

/** Beside what selectors ask about: in a record that names no recipient, its caller's account says whose it is. */
type PlacedEvent = SelectableEvent & { readonly userIdentity?: { readonly accountId?: string } };

/**
 * The accounts and Regions of a trail, and within them what its selectors want. An organization trail covers `accounts`,
 * any other its own; a trail of a single Region only that, and global services' events there when it includes them.
 */
export function coverageOf(trail: Trail, wants: Wants, accounts: readonly string[]): Coverage {
  const { settings, homeRegion } = trail;
  const covered = new Set(settings.organization ? [...accounts, trail.account] : [trail.account]);
  return (record) => {
    // As event history reads it: what a record from elsewhere does not say, its caller's account does.
    const account: unknown = record.recipientAccountId ?? record.userIdentity?.accountId;
    if (typeof account !== "string" || !covered.has(account)) return undefined;
    const region = placedRegion(record.awsRegion, homeRegion);
    if (!settings.multiRegion && record.awsRegion !== homeRegion) return undefined;
    if (!settings.includeGlobalServiceEvents && GLOBAL_SOURCES.has(record.eventSource)) return undefined;
    return wants(record) ? { account, region } : undefined;
  };
}

/** Services without Regions. STS is not among them: a record does not tell its global endpoint from that of us-east-1. */
const GLOBAL_SOURCES: ReadonlySet<unknown> = new Set(["cloudfront.amazonaws.com", "iam.amazonaws.com"]);

/**
 * A caller may claim any Region, and each that has files gets a folder, digests every hour and a row of status. So only
 * Regions that AWS could have get their own; records of others go with the trail's home Region, and still say where.
 */
const REGION =
  /^(af|ap|ca|cn|eu|eusc|il|me|mx|sa|us)(-gov|-iso[a-z]?|-de)?-(north|south|east|west|central|northeast|northwest|southeast|southwest)-[1-9]$/;

function placedRegion(region: unknown, homeRegion: string): string {
  return typeof region === "string" && (region === homeRegion || REGION.test(region)) ? region : homeRegion;
}
