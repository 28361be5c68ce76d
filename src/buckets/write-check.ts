import { decideService, type NamedPolicy } from "../identity/index.ts";
import type { Encryption, ServicePrincipal, WriteCheck } from "./bucket-store.ts";

/** One statement of a policy, as it stands in the document. */
export interface PolicyStatement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Principal?: { readonly Service: string };
  readonly Action: string;
  readonly Resource: string;
  readonly Condition?: { readonly StringEquals: Readonly<Record<string, string>> };
}

/** Every object of a service's is its bucket owner's. */
const ACL = "bucket-owner-full-control";

/**
 * The policy's statements that let a service write below `prefix`, word for word as AWS's console makes them for a trail:
 * first the one about the bucket, then the one about its objects.
 *
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html
 */
export function statementsFor(
  bucket: string,
  prefix: string,
  { service, sourceArn }: ServicePrincipal,
): readonly [PolicyStatement, PolicyStatement] {
  const Principal = { Service: service };
  const ofOrganization = /(?:^|\/)AWSLogs\/o-[^/]+\/$/.test(prefix);
  return [
    {
      Sid: "AWSCloudTrailAclCheck20150319",
      Effect: "Allow",
      Principal,
      Action: "s3:GetBucketAcl",
      Resource: bucketArn(bucket),
      Condition: { StringEquals: { "aws:SourceArn": sourceArn } },
    },
    {
      Sid: ofOrganization ? "AWSCloudTrailOrganizationWrite20150319" : "AWSCloudTrailWrite20150319",
      Effect: "Allow",
      Principal,
      Action: "s3:PutObject",
      Resource: `${bucketArn(bucket)}/${prefix}*`,
      Condition: { StringEquals: { "s3:x-amz-acl": ACL, "aws:SourceArn": sourceArn } },
    },
  ];
}

/** What a server of somebody else's must allow the holder of our key: for that user's policy, so without a principal. */
export function allowWritesBelow(bucket: string, prefix: string): PolicyStatement {
  return {
    Sid: "OpenTrailWrite",
    Effect: "Allow",
    Action: "s3:PutObject",
    Resource: `${bucketArn(bucket)}/${prefix}*`,
  };
}

/** Whether the bucket's policy lets the service do both: ask for the bucket's ACL, and put whatever object below `prefix`. */
export function checkWrite(
  bucket: string,
  prefix: string,
  who: ServicePrincipal,
  encryption: Encryption | undefined,
  policy: NamedPolicy | undefined,
): WriteCheck {
  const { service } = who;
  const context = contextOf(who);
  const putContext = putContextOf(who, encryption);
  const [askAcl, put] = statementsFor(bucket, prefix, who);
  const decisions = [
    [askAcl, decideService({ service, action: askAcl.Action, resource: askAcl.Resource, context }, policy)],
    // The asterisk stands for any key: only a pattern that takes them all takes it.
    [put, decideService({ service, action: put.Action, resource: put.Resource, context: putContext }, policy)],
  ] as const;
  const refused = decisions.filter(([, { allowed }]) => !allowed);
  if (refused.length === 0) return { allowed: true };
  const why = refused.map(([{ Action, Resource }, { because, sid }]) => {
    const how =
      because === "explicit-deny" ? `is denied${sid === undefined ? "" : ` by statement ${sid}`}` : WHY[because];
    return `${Action} on ${Resource} ${how ?? "is not allowed"}`;
  });
  return { allowed: false, why: why.join("; "), missing: refused.map(([statement]) => statement) };
}

const WHY: Readonly<Record<string, string>> = {
  "unreadable-policy": "cannot be decided: the bucket's policy does not parse",
};

/** Whether the bucket's policy lets the service put one object; why not, in words, otherwise undefined. */
export function whyNotPut(
  bucket: string,
  key: string,
  who: ServicePrincipal,
  encryption: Encryption | undefined,
  policy: NamedPolicy | undefined,
): string | undefined {
  const resource = `${bucketArn(bucket)}/${key}`;
  const context = putContextOf(who, encryption);
  const { allowed, because } = decideService(
    { service: who.service, action: "s3:PutObject", resource, context },
    policy,
  );
  return allowed ? undefined : `the bucket's policy does not let ${who.service} put it (${because})`;
}

/** What a condition may ask about any request of a service. */
function contextOf({ service, sourceArn, sourceAccount }: ServicePrincipal): Map<string, readonly string[]> {
  return new Map([
    ["aws:sourcearn", [sourceArn]],
    ["aws:sourceaccount", [sourceAccount]],
    ["aws:principalisawsservice", ["true"]],
    ["aws:principalservicename", [service]],
    // Nothing travels: what is only to be put over TLS may be put.
    ["aws:securetransport", ["true"]],
  ]);
}

function putContextOf(who: ServicePrincipal, encryption: Encryption | undefined): Map<string, readonly string[]> {
  const context = contextOf(who).set("s3:x-amz-acl", [ACL]);
  if (encryption === undefined) return context;
  context.set("s3:x-amz-server-side-encryption", [encryption.algorithm]);
  return encryption.algorithm === "AES256"
    ? context
    : context.set("s3:x-amz-server-side-encryption-aws-kms-key-id", [encryption.keyId]);
}

function bucketArn(bucket: string): string {
  return `arn:aws:s3:::${bucket}`;
}
