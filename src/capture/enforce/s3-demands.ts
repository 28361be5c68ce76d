import { s3Source } from "../../aws/index.ts";
import {
  type CallToAuthorize,
  type Demand,
  type Input,
  listOf,
  partitionOf,
  structureOf,
  textOf,
  valuesAt,
} from "./call-to-authorize.ts";

/** What a call to S3 needs permission for; never nothing. */
export function s3Demands(operation: string, call: CallToAuthorize): readonly Demand[] {
  const { circumstances, input = {}, partition = partitionOf(circumstances.region) } = call;
  const place = placeOf(input, partition);
  const special = SPECIAL[operation]?.(input, place) ?? [];
  const main = special.length > 0 ? special : ordinary(operation, input, place);
  const demands = [...main, ...extras(operation, input, place)];
  return operation === "CreateBucket" ? demands.map((demand) => ({ ...demand, makes: true as const })) : demands;
}

/** ARNs of what the call is about. */
interface Place {
  readonly partition: string;
  readonly bucket: string;
  readonly object: string;
}

function placeOf(input: Input, partition: string): Place {
  const bucket = textOf(input, "Bucket");
  // Whoever may do it to everything may do it to what cannot be told.
  if (bucket === undefined) return { partition, bucket: "*", object: "*" };
  const arn = bucketArn(bucket, partition);
  return { partition, bucket: arn, object: objectArn(arn, textOf(input, "Key") ?? "") };
}

/** Access points are named by their own ARN in the place of a bucket. */
function bucketArn(bucket: string, partition: string): string {
  return bucket.startsWith("arn:") ? bucket : `arn:${partition}:s3:::${bucket}`;
}

function objectArn(bucket: string, key: string): string {
  return bucket.includes(":accesspoint/") ? `${bucket}/object/${key}` : `${bucket}/${key}`;
}

function ordinary(operation: string, input: Input, place: Place): readonly Demand[] {
  const action = S3_ACTIONS[operation] ?? `s3:${operation}`;
  if (ACCOUNT_OPERATIONS.has(operation)) return [{ action, resources: ["*"] }];
  const version = textOf(input, "VersionId");
  const versioned = version === undefined ? undefined : VERSION_ACTIONS[action];
  const isObject = OBJECT_OPERATIONS.has(operation);
  return [{ action: versioned ?? action, resources: [isObject ? place.object : place.bucket] }];
}

/**
 * Operations whose action has another name. The operations of S3 that are not here have their action's name.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/using-with-s3-policy-actions.html
 */
const S3_ACTIONS: Readonly<Record<string, string>> = {
  CompleteMultipartUpload: "s3:PutObject",
  CreateBucketMetadataConfiguration: "s3:CreateBucketMetadataTableConfiguration",
  CreateMultipartUpload: "s3:PutObject",
  CreateSession: "s3express:CreateSession",
  DeleteBucketAnalyticsConfiguration: "s3:PutAnalyticsConfiguration",
  DeleteBucketCors: "s3:PutBucketCORS",
  DeleteBucketEncryption: "s3:PutEncryptionConfiguration",
  DeleteBucketIntelligentTieringConfiguration: "s3:PutIntelligentTieringConfiguration",
  DeleteBucketInventoryConfiguration: "s3:PutInventoryConfiguration",
  DeleteBucketLifecycle: "s3:PutLifecycleConfiguration",
  DeleteBucketMetadataConfiguration: "s3:DeleteBucketMetadataTableConfiguration",
  DeleteBucketMetricsConfiguration: "s3:PutMetricsConfiguration",
  DeleteBucketOwnershipControls: "s3:PutBucketOwnershipControls",
  DeleteBucketReplication: "s3:PutReplicationConfiguration",
  DeleteBucketTagging: "s3:PutBucketTagging",
  DeleteObjects: "s3:DeleteObject",
  DeletePublicAccessBlock: "s3:PutBucketPublicAccessBlock",
  GetBucketAccelerateConfiguration: "s3:GetAccelerateConfiguration",
  GetBucketAnalyticsConfiguration: "s3:GetAnalyticsConfiguration",
  GetBucketCors: "s3:GetBucketCORS",
  GetBucketEncryption: "s3:GetEncryptionConfiguration",
  GetBucketIntelligentTieringConfiguration: "s3:GetIntelligentTieringConfiguration",
  GetBucketInventoryConfiguration: "s3:GetInventoryConfiguration",
  GetBucketLifecycle: "s3:GetLifecycleConfiguration",
  GetBucketLifecycleConfiguration: "s3:GetLifecycleConfiguration",
  GetBucketMetadataConfiguration: "s3:GetBucketMetadataTableConfiguration",
  GetBucketMetricsConfiguration: "s3:GetMetricsConfiguration",
  GetBucketNotificationConfiguration: "s3:GetBucketNotification",
  GetBucketReplication: "s3:GetReplicationConfiguration",
  GetObjectLockConfiguration: "s3:GetBucketObjectLockConfiguration",
  GetPublicAccessBlock: "s3:GetBucketPublicAccessBlock",
  HeadBucket: "s3:ListBucket",
  HeadObject: "s3:GetObject",
  ListBucketAnalyticsConfigurations: "s3:GetAnalyticsConfiguration",
  ListBucketIntelligentTieringConfigurations: "s3:GetIntelligentTieringConfiguration",
  ListBucketInventoryConfigurations: "s3:GetInventoryConfiguration",
  ListBucketMetricsConfigurations: "s3:GetMetricsConfiguration",
  ListBuckets: "s3:ListAllMyBuckets",
  ListDirectoryBuckets: "s3express:ListAllMyDirectoryBuckets",
  ListMultipartUploads: "s3:ListBucketMultipartUploads",
  ListObjects: "s3:ListBucket",
  ListObjectsV2: "s3:ListBucket",
  ListObjectVersions: "s3:ListBucketVersions",
  ListParts: "s3:ListMultipartUploadParts",
  PutBucketAccelerateConfiguration: "s3:PutAccelerateConfiguration",
  PutBucketAnalyticsConfiguration: "s3:PutAnalyticsConfiguration",
  PutBucketCors: "s3:PutBucketCORS",
  PutBucketEncryption: "s3:PutEncryptionConfiguration",
  PutBucketIntelligentTieringConfiguration: "s3:PutIntelligentTieringConfiguration",
  PutBucketInventoryConfiguration: "s3:PutInventoryConfiguration",
  PutBucketLifecycle: "s3:PutLifecycleConfiguration",
  PutBucketLifecycleConfiguration: "s3:PutLifecycleConfiguration",
  PutBucketMetricsConfiguration: "s3:PutMetricsConfiguration",
  PutBucketNotificationConfiguration: "s3:PutBucketNotification",
  PutBucketReplication: "s3:PutReplicationConfiguration",
  PutObjectLockConfiguration: "s3:PutBucketObjectLockConfiguration",
  PutPublicAccessBlock: "s3:PutBucketPublicAccessBlock",
  RenameObject: "s3express:CreateSession",
  SelectObjectContent: "s3:GetObject",
  UploadPart: "s3:PutObject",
  WriteGetObjectResponse: "s3-object-lambda:WriteGetObjectResponse",
};

/** What is asked for instead when the request names a version. */
const VERSION_ACTIONS: Readonly<Record<string, string>> = {
  "s3:DeleteObject": "s3:DeleteObjectVersion",
  "s3:DeleteObjectAnnotation": "s3:DeleteObjectVersionAnnotation",
  "s3:DeleteObjectTagging": "s3:DeleteObjectVersionTagging",
  "s3:GetObject": "s3:GetObjectVersion",
  "s3:GetObjectAcl": "s3:GetObjectVersionAcl",
  "s3:GetObjectAnnotation": "s3:GetObjectVersionAnnotation",
  "s3:GetObjectAttributes": "s3:GetObjectVersionAttributes",
  "s3:GetObjectTagging": "s3:GetObjectVersionTagging",
  "s3:GetObjectTorrent": "s3:GetObjectVersionTorrent",
  "s3:ListObjectAnnotations": "s3:ListObjectVersionAnnotations",
  "s3:PutObjectAcl": "s3:PutObjectVersionAcl",
  "s3:PutObjectAnnotation": "s3:PutObjectVersionAnnotation",
  "s3:PutObjectTagging": "s3:PutObjectVersionTagging",
};

const ACCOUNT_OPERATIONS: ReadonlySet<string> = new Set([
  "ListBuckets",
  "ListDirectoryBuckets",
  "WriteGetObjectResponse",
]);

/** Operations on an object; all others are on its bucket. */
const OBJECT_OPERATIONS: ReadonlySet<string> = new Set([
  "AbortMultipartUpload",
  "CompleteMultipartUpload",
  "CreateMultipartUpload",
  "DeleteObject",
  "DeleteObjectAnnotation",
  "DeleteObjectTagging",
  "DeleteObjects",
  "GetObject",
  "GetObjectAcl",
  "GetObjectAnnotation",
  "GetObjectAttributes",
  "GetObjectLegalHold",
  "GetObjectRetention",
  "GetObjectTagging",
  "GetObjectTorrent",
  "HeadObject",
  "ListObjectAnnotations",
  "ListParts",
  "PutObject",
  "PutObjectAcl",
  "PutObjectAnnotation",
  "PutObjectLegalHold",
  "PutObjectRetention",
  "PutObjectTagging",
  "RestoreObject",
  "SelectObjectContent",
  "UpdateObjectEncryption",
  "UploadPart",
]);

type Asks = (input: Input, place: Place) => readonly Demand[];

const SPECIAL: Readonly<Record<string, Asks>> = {
  CopyObject: copied,
  UploadPartCopy: copied,
  DeleteObjects: (input, place) => {
    const objects = listOf(structureOf(input["Delete"])["Objects"]).map(structureOf);
    return objects.map((object) => {
      const version = textOf(object, "VersionId");
      return {
        action: version === undefined ? "s3:DeleteObject" : "s3:DeleteObjectVersion",
        resources: [place.bucket === "*" ? "*" : objectArn(place.bucket, textOf(object, "Key") ?? "")],
        ...(version === undefined ? {} : { conditions: { "s3:versionid": [version] } }),
      };
    });
  },
  GetObjectAttributes: (input, place) => {
    const version = textOf(input, "VersionId") === undefined ? "" : "Version";
    return [`s3:GetObject${version}`, `s3:GetObject${version}Attributes`].map((action) => ({
      action,
      resources: [place.object],
    }));
  },
};

/** A copy reads its source and writes its target. */
function copied(input: Input, place: Place): readonly Demand[] {
  return [
    copySource(textOf(input, "CopySource") ?? "", place.partition),
    { action: "s3:PutObject", resources: [place.object] },
  ];
}

/** What names no object is nobody's to read but who may read everything. */
function copySource(text: string, partition: string): Demand {
  const source = s3Source(text);
  const resource = source === undefined ? "*" : `${bucketArn(source.bucket, partition)}/${source.key}`;
  if (source?.versionId === undefined) return { action: "s3:GetObject", resources: [resource] };
  const conditions = { "s3:versionid": [source.versionId] };
  return { action: "s3:GetObjectVersion", resources: [resource], conditions };
}

const ACL_HEADERS = ["ACL", "GrantFullControl", "GrantRead", "GrantReadACP", "GrantWrite", "GrantWriteACP"];

/** What a parameter (a path of members) asks for beside the operation: the action, on object or bucket, of those operations. */
const EXTRAS: readonly (readonly [
  operations: RegExp,
  members: readonly string[],
  action: string,
  on: "bucket" | "object",
])[] = [
  [/^(?:PutObject|CopyObject|CreateMultipartUpload)$/, ACL_HEADERS, "s3:PutObjectAcl", "object"],
  [/^(?:PutObject|CopyObject|CreateMultipartUpload)$/, ["Tagging"], "s3:PutObjectTagging", "object"],
  [
    /^(?:PutObject|CopyObject|CreateMultipartUpload)$/,
    ["ObjectLockMode", "ObjectLockRetainUntilDate"],
    "s3:PutObjectRetention",
    "object",
  ],
  [
    /^(?:PutObject|CopyObject|CreateMultipartUpload)$/,
    ["ObjectLockLegalHoldStatus"],
    "s3:PutObjectLegalHold",
    "object",
  ],
  [/^(?:DeleteObject|PutObjectRetention)$/, ["BypassGovernanceRetention"], "s3:BypassGovernanceRetention", "object"],
  [/^(?:PutObject|CopyObject|CompleteMultipartUpload|DeleteObject)$/, ["IfMatch"], "s3:GetObject", "object"],
  [/^CreateBucket$/, ACL_HEADERS, "s3:PutBucketAcl", "bucket"],
  [/^CreateBucket$/, ["ObjectLockEnabledForBucket"], "s3:PutBucketObjectLockConfiguration", "bucket"],
  [/^CreateBucket$/, ["ObjectLockEnabledForBucket"], "s3:PutBucketVersioning", "bucket"],
  [/^CreateBucket$/, ["ObjectOwnership"], "s3:PutBucketOwnershipControls", "bucket"],
  [/^CreateBucket$/, ["CreateBucketConfiguration.Tags.Key"], "s3:TagResource", "bucket"],
];

function extras(operation: string, input: Input, place: Place): readonly Demand[] {
  const asked = EXTRAS.filter(
    ([operations, members]) => operations.test(operation) && members.some((path) => isAsked(input, path)),
  ).map(([, , action, on]) => ({ action, resources: [place[on]] }));
  if (operation !== "DeleteObjects" || input["BypassGovernanceRetention"] !== true) return asked;
  const deleted = SPECIAL["DeleteObjects"]?.(input, place) ?? [];
  return [{ action: "s3:BypassGovernanceRetention", resources: deleted.flatMap(({ resources }) => resources) }];
}

/** What is `false`, or an empty text, asks for nothing; nor does a condition that any object meets tell what is there. */
function isAsked(input: Input, path: string): boolean {
  return valuesAt(input, path).some((value) => value !== "" && value !== "false" && value !== "*");
}
