/** A policy of `arn:aws:iam::aws:policy/…`: everybody can attach it and nobody can change it. */
export interface ManagedPolicy {
  readonly arn: string;
  readonly name: string;
  /** `/` or `/job-function/`. */
  readonly path: string;
  /** `ANPA…` */
  readonly policyId: string;
  /** There is one version of each. */
  readonly defaultVersion: "v1";
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly updatedAt: number;
  readonly description: string;
  /** JSON text. */
  readonly document: string;
}

interface Grant {
  readonly sid: string;
  readonly actions?: readonly string[];
  readonly notActions?: readonly string[];
  /** `*` when absent. */
  readonly resource?: string;
  readonly condition?: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

const LOOKUP = "cloudtrail:LookupEvents";
const LOG_QUERIES = ["logs:StartQuery", "logs:StopQuery", "logs:TestMetricFilter"];
/** What SecurityAudit may read of trails and stores; query results are data. */
const TRAIL_CONFIGURATION = [
  "cloudtrail:GetChannel",
  "cloudtrail:GetEventConfiguration",
  "cloudtrail:GetEventDataStore",
  "cloudtrail:GetEventSelectors",
  "cloudtrail:GetInsightSelectors",
  "cloudtrail:GetResourcePolicy",
  "cloudtrail:GetTrail",
  "cloudtrail:GetTrailStatus",
];
const IDENTITY_READING = [
  "iam:GenerateCredentialReport",
  "iam:GenerateServiceLastAccessedDetails",
  "iam:Get*",
  "iam:List*",
  "iam:SimulateCustomPolicy",
  "iam:SimulatePrincipalPolicy",
];
const BUCKET_CONFIGURATION = [
  "s3:GetEncryptionConfiguration",
  "s3:GetLifecycleConfiguration",
  "s3:GetObjectAcl",
  "s3:GetObjectVersionAcl",
  "s3:GetReplicationConfiguration",
];
const TOPIC_MAKING = ["sns:AddPermission", "sns:CreateTopic", "sns:GetTopicAttributes", "sns:SetTopicAttributes"];
const BUCKET_MAKING = ["s3:CreateBucket", "s3:PutBucketPolicy", "s3:PutBucketPublicAccessBlock"];
/** The user of the call, when its path is `/`. */
const OWN_USER = "arn:aws:iam::*:user/${aws:username}";
const LOOK_AROUND = ["s3:GetBucketPolicy", "iam:ListRoles", "iam:GetRolePolicy", "iam:GetUser"];

/**
 * AWS's own policies that matter here, by ARN. Names, ids and birth dates are AWS's, so that tools recognise them. The
 * documents are ours: each means what AWS's means for the services that exist here (`cloudtrail`, `cloudtrail-data`,
 * `iam`, `sts`, `s3`, `events`, `sns`, `logs`, `cloudwatch`, `athena`, `ec2`, `organizations`, `kms`, `tag`) and says
 * nothing about the hundreds of others. Two ids, of the CloudTrail policies, are invented: AWS does not publish them.
 *
 * @see https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html
 */
export const managedPolicies: ReadonlyMap<string, ManagedPolicy> = new Map(
  [
    managed("AdministratorAccess", "ANPAIWMBCKSKIEE64ZLYK", "2015-02-06T18:39:46Z", "Everything, everywhere.", [
      { sid: "Everything", actions: ["*"] },
    ]),
    managed("PowerUserAccess", "ANPAJYRXTHIB4FOVS3ZXS", "2015-02-06T18:39:47Z", "Everything but users and accounts.", [
      { sid: "AllButIdentity", notActions: ["iam:*", "organizations:*", "account:*"] },
      { sid: "LookAround", actions: ["iam:ListRoles", "organizations:DescribeOrganization"] },
      { sid: "ServiceRoles", actions: ["iam:CreateServiceLinkedRole", "iam:DeleteServiceLinkedRole"] },
    ]),
    managed("ReadOnlyAccess", "ANPAILL3HVNFSB6DCOWYQ", "2015-02-06T18:39:48Z", "Read everything, data included.", [
      { sid: "Trails", actions: ["cloudtrail:Describe*", "cloudtrail:Get*", "cloudtrail:List*", LOOKUP] },
      { sid: "Identity", actions: ["iam:Generate*", "iam:Get*", "iam:List*", "iam:Simulate*"] },
      { sid: "Sessions", actions: ["sts:GetAccessKeyInfo", "sts:GetCallerIdentity", "sts:GetSessionToken"] },
      { sid: "Buckets", actions: ["s3:Get*", "s3:List*"] },
      { sid: "Events", actions: ["events:Describe*", "events:List*", "events:TestEventPattern"] },
      { sid: "Topics", actions: ["sns:Check*", "sns:Get*", "sns:List*"] },
      { sid: "Logs", actions: ["logs:Describe*", "logs:Get*", "logs:List*", "logs:FilterLogEvents", ...LOG_QUERIES] },
      { sid: "Metrics", actions: ["cloudwatch:Describe*", "cloudwatch:Get*", "cloudwatch:List*"] },
      { sid: "Queries", actions: ["athena:BatchGet*", "athena:Get*", "athena:List*"] },
      { sid: "Networks", actions: ["ec2:Describe*", "ec2:Get*", "ec2:Search*"] },
      { sid: "Organizations", actions: ["organizations:Describe*", "organizations:List*"] },
      { sid: "Keys", actions: ["kms:Describe*", "kms:Get*", "kms:List*", "tag:Get*"] },
    ]),
    managed("SecurityAudit", "ANPAIX2T3QCXHR2OGGCTO", "2015-02-06T18:41:01Z", "Read configuration, but no data.", [
      { sid: "Trails", actions: ["cloudtrail:Describe*", "cloudtrail:List*", LOOKUP, ...TRAIL_CONFIGURATION] },
      { sid: "Identity", actions: IDENTITY_READING },
      { sid: "Buckets", actions: ["s3:GetBucket*", "s3:GetAccount*", "s3:List*", ...BUCKET_CONFIGURATION] },
      { sid: "Events", actions: ["events:Describe*", "events:List*", "events:TestEventPattern"] },
      { sid: "Topics", actions: ["sns:Get*Attributes", "sns:List*"] },
      { sid: "Logs", actions: ["logs:Describe*", "logs:List*"] },
      { sid: "Metrics", actions: ["cloudwatch:Describe*", "cloudwatch:List*"] },
      { sid: "Queries", actions: ["athena:GetWorkGroup", "athena:List*"] },
      { sid: "Networks", actions: ["ec2:Describe*"] },
      { sid: "Organizations", actions: ["organizations:Describe*", "organizations:List*"] },
      { sid: "Keys", actions: ["kms:Describe*", "kms:GetKey*", "kms:List*", "tag:Get*"] },
    ]),
    managed("AWSCloudTrail_FullAccess", "ANPAOPENTRAILCTFULL01", "2020-10-08T23:41:00Z", "All of CloudTrail.", [
      { sid: "Trails", actions: ["cloudtrail:*"] },
      { sid: "LogTopics", actions: TOPIC_MAKING, resource: "arn:aws:sns:*:*:aws-cloudtrail-logs*" },
      { sid: "LogBuckets", actions: BUCKET_MAKING, resource: "arn:aws:s3:::aws-cloudtrail-logs*" },
      {
        sid: "LogGroups",
        actions: ["logs:CreateLogGroup"],
        resource: "arn:aws:logs:*:*:log-group:aws-cloudtrail-logs*",
      },
      { sid: "LookAround", actions: ["sns:ListTopics", "s3:ListAllMyBuckets", "s3:GetBucketLocation", ...LOOK_AROUND] },
      { sid: "Keys", actions: ["kms:CreateKey", "kms:CreateAlias", "kms:ListKeys", "kms:ListAliases"] },
      {
        sid: "PassRole",
        actions: ["iam:PassRole"],
        condition: { StringEquals: { "iam:PassedToService": "cloudtrail.amazonaws.com" } },
      },
    ]),
    managed("AWSCloudTrail_ReadOnlyAccess", "ANPAOPENTRAILCTREAD01", "2022-06-14T17:19:00Z", "Read CloudTrail.", [
      { sid: "Trails", actions: ["cloudtrail:Describe*", "cloudtrail:Get*", "cloudtrail:List*", LOOKUP] },
    ]),
    managed("IAMFullAccess", "ANPAI7XKCFMBPM3QQRRVQ", "2015-02-06T18:40:38Z", "All of IAM.", [
      { sid: "Identity", actions: ["iam:*"] },
      { sid: "Organizations", actions: ["organizations:Describe*", "organizations:List*"] },
    ]),
    managed("IAMReadOnlyAccess", "ANPAJKSO7NDY4T57MWDSQ", "2015-02-06T18:40:39Z", "Read IAM.", [
      { sid: "Identity", actions: IDENTITY_READING },
    ]),
    managed("IAMUserChangePassword", "ANPAJ4L4MM2A7QIEB56MS", "2016-11-15T00:25:16Z", "Change one's own password.", [
      { sid: "OwnPassword", actions: ["iam:ChangePassword"], resource: OWN_USER },
      { sid: "PasswordRules", actions: ["iam:GetAccountPasswordPolicy"] },
    ]),
  ].map((policy) => [policy.arn, policy]),
);

function managed(
  name: string,
  policyId: string,
  created: string,
  description: string,
  grants: readonly Grant[],
): ManagedPolicy {
  const createdAt = Date.parse(created);
  return {
    arn: `arn:aws:iam::aws:policy/${name}`,
    name,
    path: "/",
    policyId,
    defaultVersion: "v1",
    createdAt,
    updatedAt: createdAt,
    description,
    document: JSON.stringify({ Version: "2012-10-17", Statement: grants.map(statementOf) }, null, 2),
  };
}

function statementOf(grant: Grant): unknown {
  return {
    Sid: grant.sid,
    Effect: "Allow",
    ...(grant.notActions === undefined ? { Action: grant.actions } : { NotAction: grant.notActions }),
    Resource: grant.resource ?? "*",
    ...(grant.condition === undefined ? {} : { Condition: grant.condition }),
  };
}
