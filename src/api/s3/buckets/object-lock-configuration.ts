import type { S3Operations } from "../../../aws/index.ts";
import type { DefaultRetention } from "../../../buckets/index.ts";
import { Refusal } from "../../../core/index.ts";
import { malformedXml, notImplemented } from "../errors.ts";
import type { S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";

type Configuration = NonNullable<S3Operations["PutObjectLockConfiguration"]["input"]["ObjectLockConfiguration"]>;
type Retention = NonNullable<NonNullable<Configuration["Rule"]>["DefaultRetention"]>;

/** @throws {Refusal} `ObjectLockConfigurationNotFoundError`. */
export const getObjectLockConfiguration: S3Operation<"GetObjectLockConfiguration"> = async (input, call) => {
  const { name, objectLock, defaultRetention } = bucketOf(call, input);
  if (!objectLock) {
    const message = "Object Lock configuration does not exist for this bucket";
    throw new Refusal("ObjectLockConfigurationNotFoundError", message, 404, { BucketName: name });
  }
  const rule = defaultRetention === undefined ? {} : { Rule: { DefaultRetention: shown(defaultRetention) } };
  return { ObjectLockConfiguration: { ObjectLockEnabled: "Enabled", ...rule } };
};

function shown({ mode, period }: DefaultRetention): Retention {
  return "days" in period ? { Mode: mode, Days: period.days } : { Mode: mode, Years: period.years };
}

/**
 * @throws {Refusal} `InvalidBucketState` where versioning is not enabled; `MalformedXML`, `InvalidArgument` for the period.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObjectLockConfiguration.html
 */
export const putObjectLockConfiguration: S3Operation<"PutObjectLockConfiguration"> = async (input, call) => {
  const bucket = bucketOf(call, input);
  const { ObjectLockConfiguration: configuration } = input;
  if (configuration?.ObjectLockEnabled !== "Enabled") throw malformedXml();
  if (bucket.versioning !== "Enabled") {
    const message = "Versioning must be 'Enabled' on the bucket to apply a Object Lock configuration";
    throw new Refusal("InvalidBucketState", message, 409);
  }
  const { Rule } = configuration;
  if (Rule !== undefined && Rule.DefaultRetention === undefined) throw malformedXml();
  await call.buckets.setDefaultRetention(bucket.name, Rule?.DefaultRetention && retentionFrom(Rule.DefaultRetention));
  return {};
};

function retentionFrom({ Mode, Days, Years, DefaultEventHold }: Retention): DefaultRetention {
  if (DefaultEventHold !== undefined) throw notImplemented("DefaultEventHold");
  if (Mode !== "GOVERNANCE" && Mode !== "COMPLIANCE") throw malformedXml();
  if (Days !== undefined && Years === undefined) return { mode: Mode, period: { days: Days } };
  if (Years !== undefined && Days === undefined) return { mode: Mode, period: { years: Years } };
  throw malformedXml();
}
