/**
 * What CloudTrail calls a service and an operation, from what the model calls them. Written down apart from what the server
 * uses, so that the two can disagree.
 */
import type { Attempt } from "./oracle.ts";

/** Services whose eventSource is not their signing name. */
const SOURCES: Readonly<Record<string, string>> = {
  meteringmarketplace: "metering-marketplace",
  mgh: "migrationhub",
  mq: "amazonmq",
  pinpoint: "pinpoint",
  polly: "tts",
  "rds-data": "rdsdata",
  "servicecatalog-appregistry": "servicecatalog-appregistry",
  sso: "sso",
  "sso-oidc": "sso",
  workmailmessageflow: "workmailMessageFlow",
};

/** Operations that CloudTrail is known to call otherwise than their API. */
const NAMES: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  s3: {
    ListObjectsV2: "ListObjects",
    GetBucketAccelerateConfiguration: "GetAccelerateConfiguration",
    GetPublicAccessBlock: "GetBucketPublicAccessBlock",
    GetObjectLockConfiguration: "GetBucketObjectLockConfiguration",
    GetBucketLifecycleConfiguration: "GetBucketLifecycle",
    PutBucketLifecycleConfiguration: "PutBucketLifecycle",
    GetBucketNotificationConfiguration: "GetBucketNotification",
    PutBucketNotificationConfiguration: "PutBucketNotification",
  },
  s3control: {
    GetPublicAccessBlock: "GetAccountPublicAccessBlock",
  },
  lambda: {
    AddPermission: "AddPermission20150331v2",
    CreateFunction: "CreateFunction20150331",
    DeleteFunction: "DeleteFunction20150331",
    GetFunction: "GetFunction20150331v2",
    ListVersionsByFunction: "ListVersionsByFunction20150331",
    RemovePermission: "RemovePermission20150331v2",
    UpdateFunctionCode: "UpdateFunctionCode20150331v2",
    UpdateFunctionConfiguration: "UpdateFunctionConfiguration20150331v2",
  },
};

/** Of these families no log was seen that tells the name: the API's name, or the one that the known ones suggest. */
const SUGGESTED: readonly (readonly [service: string, operation: RegExp, names: readonly string[]])[] = [
  ["s3", /^(Put|Delete)(PublicAccessBlock|ObjectLockConfiguration)$/, ["$&", "$1Bucket$2"]],
  // One request for either service.
  ["lambda-microvms", /^(ListTags|TagResource|UntagResource)$/, ["$&", "$&20170331", "$&20170331v2"]],
  ["s3", /^(Put)Bucket(AccelerateConfiguration)$/, ["$&", "$1$2"]],
  ["s3control", /^(Put|Delete)(PublicAccessBlock)$/, ["$&", "$1Account$2"]],
];

export function trueEventSource({ service, signingName }: Attempt): string {
  return `${SOURCES[service] ?? signingName}.amazonaws.com`;
}

/** Whether CloudTrail calls an operation so. */
export function isTrueEventName(attempt: Pick<Attempt, "service" | "operation">, eventName: string): boolean {
  // Operations of Lambda carry the date of their version, which differs; those of which it is known stand above.
  const known = NAMES[attempt.service]?.[attempt.operation] !== undefined;
  const name = attempt.service === "lambda" && !known ? eventName.replace(/20\d{6}(v\d)?$/, "") : eventName;
  return trueEventNames(attempt).includes(name);
}

/** The name, or the few that it may be. */
export function trueEventNames({ service, operation }: Pick<Attempt, "service" | "operation">): readonly string[] {
  const known = NAMES[service]?.[operation];
  if (known !== undefined) return [known];
  const family = SUGGESTED.find(([of, names]) => of === service && names.test(operation));
  if (family === undefined) return [operation];
  const [, pattern, names] = family;
  return names.map((name) => operation.replace(pattern, name));
}

const READS = /^(Get|List|Describe|Head|BatchGet|Search|Lookup|Query|Scan|Select)(?=[A-Z])/;
const WRITES =
  /^(Create|Delete|Put|Update|Modify|Terminate|Run|Attach|Detach|Register|Deregister|Associate|Disassociate|Tag|Untag|Authorize|Revoke|Purchase|Reboot|Restore|Send|Publish|Add|Remove|Set|Stop|Enable|Disable|Reset|Upload|Complete|Abort|Copy|Import)(?=[A-Z])/;

/** What gives a key, a link or a place in return changes who may do what: whether it reads is not for its name to tell. */
const GIVES = /(Credentials|Token\w*|Url|URL|Endpoint|AccessDetails|Media|ActivityTask|Session\w*)$/;

/** Names that read as one thing and are the other. */
const READ_ONLY: Readonly<Record<string, boolean>> = {
  "sts.GetFederationToken": false,
  "cognito-identity.GetCredentialsForIdentity": false,
  // It makes the identity that it gets.
  "cognito-identity.GetId": false,
};

/** Whether a call only reads; undefined where its name does not tell. */
export function trueReadOnly({ service, operation }: Attempt): boolean | undefined {
  const known = READ_ONLY[`${service}.${operation}`];
  if (known !== undefined) return known;
  if (GIVES.test(operation)) return undefined;
  return READS.test(operation) ? true : WRITES.test(operation) ? false : undefined;
}
