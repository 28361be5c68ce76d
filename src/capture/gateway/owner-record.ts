import type { Random } from "../../core/index.ts";
import { type Caller, foreignIdentity } from "../../identity/index.ts";
import type { AuditRecord } from "../../record/index.ts";

/**
 * The records of a call, and a copy of each for the owner of the bucket when somebody of another account made it and it
 * succeeded: both sides shall know.
 */
export function ownerRecords(
  records: readonly AuditRecord[],
  caller: Caller | undefined,
  owner: string | undefined,
  random: Random,
): readonly AuditRecord[] {
  if (caller === undefined || owner === undefined || owner === caller.account) return records;
  return records.flatMap((record) => {
    if (record.errorCode !== undefined) return [record];
    const sharedEventID = random.uuid();
    const userIdentity = foreignIdentity(caller);
    return [
      { ...record, sharedEventID },
      { ...record, userIdentity, eventID: random.uuid(), recipientAccountId: owner, sharedEventID },
    ];
  });
}
