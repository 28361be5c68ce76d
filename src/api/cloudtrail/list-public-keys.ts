import { Refusal } from "../../core/index.ts";
import type { Digests } from "../../integrity/index.ts";
import type { CloudtrailOperation } from "./cloudtrail-operation.ts";

/**
 * ListPublicKeys: the keys that signed digest files of the call's Region and were valid at some instant of a time range;
 * the current one when the call names no range.
 * @throws {Refusal} `InvalidTimeRangeException` when the range ends before it starts; an end that is left out is now.
 * @throws {Refusal} `InvalidTokenException` for every NextToken: there never is one.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
 */
export function listPublicKeys(digests: Pick<Digests, "publicKeys">): CloudtrailOperation<"ListPublicKeys"> {
  return {
    mutates: false,
    run: async ({ StartTime, EndTime, NextToken }, { region, now }) => {
      if (NextToken !== undefined) throw new Refusal("InvalidTokenException", "NextToken is reserved for future use");
      const from = StartTime?.getTime() ?? now;
      const to = EndTime?.getTime() ?? now;
      if (from > to) throw new Refusal("InvalidTimeRangeException", "StartTime must not be after EndTime");
      const keys = await digests.publicKeys(region, from, to);
      return {
        PublicKeyList: keys.map(({ fingerprint, value, validFrom, validTo }) => ({
          Value: value,
          ValidityStartTime: new Date(validFrom),
          ValidityEndTime: new Date(validTo),
          Fingerprint: fingerprint,
        })),
      };
    },
  };
}
