import { Refusal } from "../../core/index.ts";
import type { CloudtrailOperation } from "./cloudtrail-operation.ts";

/**
 * ListPublicKeys: the keys that signed digest files in a time range. There are none before there are digests.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/APIReference/API_ListPublicKeys.html
 */
export const listPublicKeys: CloudtrailOperation<"ListPublicKeys"> = {
  mutates: false,
  run: async ({ StartTime, EndTime, NextToken }) => {
    if (NextToken !== undefined) throw new Refusal("InvalidTokenException", "NextToken is reserved for future use");
    if (StartTime !== undefined && EndTime !== undefined && StartTime > EndTime) {
      throw new Refusal("InvalidTimeRangeException", "StartTime must not be after EndTime");
    }
    return { PublicKeyList: [] };
  },
};
