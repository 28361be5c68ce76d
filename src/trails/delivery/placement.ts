import type { AuditRecord } from "../../record/index.ts";
import type { Trail, Wants } from "../trail.ts";
import { isRegion } from "./regions.ts";

/** Whose files a record belongs into. */
export interface RecordPlace {
  readonly account: string;
  readonly region: string;
}

/** Where a trail puts a record, or undefined when it does not want it. Never throws, whatever the record. */
export type Placement = (record: AuditRecord) => RecordPlace | undefined;

/**
 * Where the records lie that a trail wants: by the account that they are of and the Region that they name.
 *
 * A caller, also one who has proven nothing, may claim any Region, and each that has files gets a key, a folder, digests
 * every hour and a row of status. So only AWS's Regions and the trail's home get their own; records of others go with the
 * home Region, and still say where.
 */
export function placementOf({ account: ownAccount, homeRegion }: Trail, wants: Wants): Placement {
  return (record) => {
    if (!wants(record)) return undefined;
    const { recipientAccountId: account, awsRegion } = record;
    if (account !== ownAccount && !isAccount(account)) return undefined;
    return { account, region: awsRegion === homeRegion || isRegion(awsRegion) ? awsRegion : homeRegion };
  };
}

/** What stands in a key must be nothing else: records also tell what callers only claimed. */
function isAccount(value: unknown): value is string {
  return typeof value === "string" && /^\d{12}$/.test(value);
}
