/** CloudTrail's own names of operations. */

/** Lambda tags all its kinds of resources by the same operations, at the same paths. */
const LAMBDA_TAGS = {
  ...withSuffix("20170331", ["ListTags"]),
  ...withSuffix("20170331v2", ["TagResource", "UntagResource"]),
};

/** By botocore's name of the service. Taken from published records and the services' own lists of their events. */
const EVENT_NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  s3: {
    DeletePublicAccessBlock: "DeleteBucketPublicAccessBlock",
    GetBucketAccelerateConfiguration: "GetAccelerateConfiguration",
    GetBucketLifecycleConfiguration: "GetBucketLifecycle",
    GetBucketNotificationConfiguration: "GetBucketNotification",
    GetObjectLockConfiguration: "GetBucketObjectLockConfiguration",
    GetPublicAccessBlock: "GetBucketPublicAccessBlock",
    ListObjectsV2: "ListObjects",
    PutBucketAccelerateConfiguration: "PutAccelerateConfiguration",
    PutBucketLifecycleConfiguration: "PutBucketLifecycle",
    PutBucketNotificationConfiguration: "PutBucketNotification",
    PutObjectLockConfiguration: "PutBucketObjectLockConfiguration",
    PutPublicAccessBlock: "PutBucketPublicAccessBlock",
  },
  s3control: {
    DeletePublicAccessBlock: "DeleteAccountPublicAccessBlock",
    GetPublicAccessBlock: "GetAccountPublicAccessBlock",
    PutPublicAccessBlock: "PutAccountPublicAccessBlock",
  },
  lambda: {
    ...withSuffix("20150331", [
      "CreateAlias",
      "CreateEventSourceMapping",
      "CreateFunction",
      "DeleteAlias",
      "DeleteEventSourceMapping",
      "DeleteFunction",
      "GetAlias",
      "GetEventSourceMapping",
      "ListAliases",
      "ListEventSourceMappings",
      "ListFunctions",
      "ListVersionsByFunction",
      "PublishVersion",
      "UpdateAlias",
      "UpdateEventSourceMapping",
    ]),
    ...withSuffix("20150331v2", [
      "AddPermission",
      "GetFunction",
      "GetFunctionConfiguration",
      "GetPolicy",
      "RemovePermission",
      "UpdateFunctionCode",
      "UpdateFunctionConfiguration",
    ]),
    ...withSuffix("20160819", ["GetAccountSettings"]),
    ...LAMBDA_TAGS,
    ...withSuffix("20171031", ["DeleteFunctionConcurrency", "PutFunctionConcurrency"]),
    ...withSuffix("20181031", [
      "AddLayerVersionPermission",
      "DeleteLayerVersion",
      "GetLayerVersion",
      "GetLayerVersionByArn",
      "GetLayerVersionPolicy",
      "ListLayerVersions",
      "ListLayers",
      "PublishLayerVersion",
      "RemoveLayerVersionPermission",
    ]),
  },
  "lambda-microvms": LAMBDA_TAGS,
};

/** Lambda names operations after the version of its API that brought them, or changed them; newer ones stay plain. */
function withSuffix(suffix: string, operations: readonly string[]): Record<string, string> {
  return Object.fromEntries(operations.map((operation) => [operation, operation + suffix]));
}

const BY_OPERATION: ReadonlyMap<string, string> = new Map(
  Object.entries(EVENT_NAMES).flatMap(([service, names]) =>
    Object.entries(names).map(([operation, eventName]) => [`${service} ${operation}`, eventName]),
  ),
);

/** `ListObjects` for S3's `ListObjectsV2`; nearly always the operation's own name. */
export function eventNameOf(service: string, operation: string): string {
  return BY_OPERATION.get(`${service} ${operation}`) ?? operation;
}
