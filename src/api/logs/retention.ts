import { setRetention } from "../../loggroups/index.ts";
import { findNamed, onGroup } from "./find-group.ts";
import { invalidParameter, type LogsFamily } from "./logs-operation.ts";

/** @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_PutRetentionPolicy.html */
const DAYS: readonly number[] = [
  1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653,
];

/**
 * PutRetentionPolicy and DeleteRetentionPolicy. What is older is not shown from then on and goes within the hour.
 * @throws {Refusal} `InvalidParameterException` for a number of days that is not in the list, `ResourceNotFoundException`.
 */
export const retention: LogsFamily<"PutRetentionPolicy" | "DeleteRetentionPolicy"> = {
  PutRetentionPolicy: {
    mutates: true,
    ...onGroup,
    run: async ({ retentionInDays, ...input }, call) => {
      if (!DAYS.includes(retentionInDays)) {
        throw invalidParameter(
          `1 validation error detected: Value '${retentionInDays}' at 'retentionInDays' failed to satisfy constraint: Member must satisfy enum value set: [${DAYS.join(", ")}]`,
        );
      }
      const { arn } = await findNamed(input, call);
      await setRetention(call.tables, arn, retentionInDays);
      return undefined;
    },
  },
  DeleteRetentionPolicy: {
    mutates: true,
    ...onGroup,
    run: async (input, call) => {
      const { arn } = await findNamed(input, call);
      await setRetention(call.tables, arn, null);
      return undefined;
    },
  },
};
