import { type BucketFacts, BucketFailure, type Encryption, type WriteCheck } from "../../buckets/index.ts";
import { assert, reason, Refusal } from "../../core/index.ts";
import {
  checkBucketName,
  checkKeyArn,
  checkLogArns,
  checkPrefix,
  checkTopicArn,
  type Trail,
  type TrailSettingsInput,
  unusableLogGroup,
  unusableLogRole,
} from "../../trails/index.ts";
import type { CloudtrailNeeds } from "./cloudtrail-operation.ts";

/** A trail as it will be, and what of it is new: what was accepted before is not asked again. */
export interface PlannedTrail extends Pick<Trail, "arn" | "account" | "settings"> {
  readonly input: TrailSettingsInput;
}

/**
 * Whether a trail can deliver where it is told to, in the order in which AWS asks: bucket, bucket policy, prefix, topic,
 * key, log group, organization. Nothing is changed.
 *
 * @throws {Refusal} `InvalidS3BucketNameException`, `S3BucketDoesNotExistException`, `InsufficientS3BucketPolicyException`
 * that says which statement is missing, `InvalidS3PrefixException`, `InvalidSnsTopicNameException`,
 * `InsufficientSnsTopicPolicyException`, `InvalidKmsKeyIdException`, `KmsKeyNotFoundException`,
 * `InsufficientEncryptionPolicyException`, `KmsException`, `InvalidCloudWatchLogsLogGroupArnException`,
 * `InvalidCloudWatchLogsRoleArnException`, `OrganizationsNotInUseException`, `NotOrganizationMasterAccountException`.
 */
export async function checkDestinations(needs: CloudtrailNeeds, trail: PlannedTrail): Promise<void> {
  const { S3BucketName, S3KeyPrefix, IsOrganizationTrail, KmsKeyId, ...others } = trail.input;
  if ([S3BucketName, S3KeyPrefix, IsOrganizationTrail, KmsKeyId].some(isSaid)) await checkBucket(needs, trail);
  if (isSaid(others.SnsTopicName)) await checkTopic(needs, trail);
  if (isSaid(KmsKeyId)) await checkKey(needs, trail);
  if (isSaid(others.CloudWatchLogsLogGroupArn) || isSaid(others.CloudWatchLogsRoleArn)) await checkLogs(needs, trail);
  if (isSaid(IsOrganizationTrail)) checkOrganization(needs, trail);
}

function isSaid(value: unknown): boolean {
  return value !== undefined;
}

async function checkBucket(needs: CloudtrailNeeds, trail: PlannedTrail): Promise<void> {
  const { bucket, prefix } = trail.settings;
  checkBucketName(bucket);
  await findBucket(needs, bucket);
  const check = await mayWrite(needs, trail);
  if (!check.allowed) {
    const missing = check.missing.map((statement) => JSON.stringify(statement)).join(", ");
    throw new Refusal(
      "InsufficientS3BucketPolicyException",
      `${wrongPolicy(bucket)}. ${check.why}. Missing: ${missing}`,
    );
  }
  if (prefix !== undefined) checkPrefix(prefix);
}

function wrongPolicy(bucket: string): string {
  return `Incorrect S3 bucket policy is detected for bucket: ${bucket}`;
}

async function findBucket({ store }: CloudtrailNeeds, bucket: string): Promise<BucketFacts> {
  try {
    return await store.bucket(bucket);
  } catch (failure) {
    throw bucketRefusal(bucket, failure);
  }
}

/**
 * Asked for the place below which the files will lie, `[prefix/]AWSLogs/[o-…|account]/`, and with the trail's key: a
 * policy may demand one, and another server tells of a key only when something is put with it.
 */
async function mayWrite({ store, organization }: CloudtrailNeeds, trail: PlannedTrail): Promise<WriteCheck> {
  const { account, arn, settings } = trail;
  const owner = settings.organization && organization !== undefined ? organization.id : account;
  const above = settings.prefix === undefined ? "" : `${settings.prefix}/`;
  const who = { service: "cloudtrail.amazonaws.com", sourceArn: arn, sourceAccount: account };
  try {
    return await store.mayWrite(settings.bucket, `${above}AWSLogs/${owner}/`, who, encryptionWith(settings.kmsKeyId));
  } catch (failure) {
    throw isOfKey(failure) ? keyRefusal(settings, failure) : bucketRefusal(settings.bucket, failure);
  }
}

function encryptionWith(keyId: string | undefined): Encryption | undefined {
  if (keyId === undefined) return undefined;
  checkKeyArn(keyId);
  return { algorithm: "aws:kms", keyId };
}

function isOfKey(failure: unknown): failure is BucketFailure {
  return failure instanceof BucketFailure && failure.code.startsWith("KMS.");
}

function bucketRefusal(bucket: string, failure: unknown): unknown {
  if (!(failure instanceof BucketFailure)) return failure;
  if (failure.code === "NoSuchBucket") {
    return new Refusal("S3BucketDoesNotExistException", `S3 bucket ${bucket} does not exist!`);
  }
  if (failure.code === "AccessDenied") {
    return new Refusal("InsufficientS3BucketPolicyException", `${wrongPolicy(bucket)}. ${reason(failure)}`);
  }
  return new Refusal("ServiceUnavailable", `S3 bucket ${bucket} does not answer: ${reason(failure)}`, 503);
}

async function checkTopic(needs: CloudtrailNeeds, { arn, settings }: PlannedTrail): Promise<void> {
  const { snsTopicArn } = settings;
  if (snsTopicArn === undefined) return;
  checkTopicArn(snsTopicArn);
  if ((await needs.checkTopic?.(snsTopicArn, arn)) === true) return;
  throw new Refusal(
    "InsufficientSnsTopicPolicyException",
    "SNS Topic does not exist or the topic policy is incorrect!",
  );
}

async function checkKey({ store }: CloudtrailNeeds, { settings }: PlannedTrail): Promise<void> {
  const { kmsKeyId } = settings;
  if (kmsKeyId === undefined) return;
  checkKeyArn(kmsKeyId);
  try {
    await store.checkKey(kmsKeyId);
  } catch (failure) {
    if (!(failure instanceof BucketFailure)) throw failure;
    throw keyRefusal(settings, failure);
  }
}

function keyRefusal({ bucket, kmsKeyId: key }: Trail["settings"], failure: BucketFailure): Refusal {
  switch (failure.code) {
    case "KMS.NotFoundException":
      return new Refusal("KmsKeyNotFoundException", `KMS key ${key} does not exist.`);
    case "AccessDenied":
      return new Refusal(
        "InsufficientEncryptionPolicyException",
        `Insufficient permissions to access S3 bucket ${bucket} or KMS key ${key}.`,
      );
    default:
      return new Refusal("KmsException", `KMS key ${key} cannot be used: ${reason(failure)}`);
  }
}

async function checkLogs(needs: CloudtrailNeeds, { account, settings }: PlannedTrail): Promise<void> {
  const { logGroupArn, logRoleArn } = settings;
  if (logGroupArn === undefined && logRoleArn === undefined) return;
  checkLogArns(logGroupArn, logRoleArn, account);
  assert(logGroupArn !== undefined && logRoleArn !== undefined, "a log group and its role go together");
  const missing = needs.checkLogGroup === undefined ? "group" : await needs.checkLogGroup(logGroupArn, logRoleArn);
  if (missing === "group") throw unusableLogGroup();
  if (missing === "role") throw unusableLogRole();
}

/** Only the management account can make a trail the organization's, or make it its own again. */
function checkOrganization({ organization }: CloudtrailNeeds, { account, settings, input }: PlannedTrail): void {
  if (!settings.organization && input.IsOrganizationTrail !== true) return;
  if (organization === undefined || !organization.accounts.includes(account)) {
    throw new Refusal("OrganizationsNotInUseException", "Your account is not a member of an organization.");
  }
  if (organization.accounts[0] === account) return;
  throw new Refusal(
    "NotOrganizationMasterAccountException",
    `Only the management account ${organization.accounts[0]} can have trails of the organization.`,
  );
}
