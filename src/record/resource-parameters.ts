import type { AuditRecord } from "./audit-record.ts";

/** The calls of CloudTrail whose `name` is a trail's. */
const TRAIL_CALLS: readonly string[] = [
  "CreateTrail",
  "UpdateTrail",
  "DeleteTrail",
  "GetTrail",
  "GetTrailStatus",
  "StartLogging",
  "StopLogging",
];

type Row = readonly [type: string, ...paths: string[]];

/**
 * Which parameters of a call name resources, by eventSource: how event history knows that CreateUser was about
 * `AWS::IAM::User` Mary, although IAM fills no `resources`. One resource often stands there by name, by ARN and by id:
 * it is found by each.
 *
 * A path leads into requestParameters, or after `>` into responseElements; `[]` means each of a list; `CreateTopic:`
 * before it means only in calls of that name, for parameters whose name alone does not tell what they name.
 *
 * The types are those that CloudFormation and AWS Config use, with the older names that event history kept
 * (`AWS::EC2::Ami`, `AWS::STS::AssumedRole`).
 */
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  "iam.amazonaws.com": [
    ["AWS::IAM::User", "userName", "newUserName", ">user.userName", ">user.arn", ">user.userId"],
    ["AWS::IAM::Role", "roleName", ">role.roleName", ">role.arn", ">role.roleId"],
    ["AWS::IAM::Group", "groupName", "newGroupName", ">group.groupName", ">group.arn", ">group.groupId"],
    ["AWS::IAM::Policy", "policyArn", "policyName", ">policy.policyName", ">policy.arn", ">policy.policyId"],
    ["AWS::IAM::AccessKey", "accessKeyId", ">accessKey.accessKeyId"],
    [
      "AWS::IAM::InstanceProfile",
      "instanceProfileName",
      ">instanceProfile.instanceProfileName",
      ">instanceProfile.arn",
      ">instanceProfile.instanceProfileId",
    ],
    ["AWS::IAM::MfaDevice", "serialNumber", ">virtualMFADevice.serialNumber"],
    ["AWS::IAM::ServerCertificate", "serverCertificateName"],
  ],
  "sts.amazonaws.com": [
    ["AWS::IAM::AccessKey", ">credentials.accessKeyId"],
    ["AWS::STS::AssumedRole", ">assumedRoleUser.arn", ">assumedRoleUser.assumedRoleId", "roleSessionName"],
    ["AWS::STS::FederatedUser", ">federatedUser.arn", ">federatedUser.federatedUserId", "GetFederationToken:name"],
    ["AWS::IAM::Role", "roleArn"],
  ],
  "s3.amazonaws.com": [["AWS::S3::Bucket", "bucketName"]],
  "ec2.amazonaws.com": [
    [
      "AWS::EC2::Instance",
      "instanceId",
      "instancesSet.items[].instanceId",
      ">instancesSet.items[].instanceId",
      ">instanceId",
    ],
    ["AWS::EC2::Ami", "imageId", "instancesSet.items[].imageId", ">imageId"],
    ["AWS::EC2::VPC", "vpcId", ">vpc.vpcId"],
    ["AWS::EC2::Subnet", "subnetId", ">subnet.subnetId"],
    ["AWS::EC2::SecurityGroup", "groupId", "groupName", ">groupId"],
    ["AWS::EC2::Volume", "volumeId", ">volumeId"],
    ["AWS::EC2::Snapshot", "snapshotId", ">snapshotId"],
    ["AWS::EC2::KeyPair", "keyName", ">keyPairId"],
    ["AWS::EC2::NetworkInterface", "networkInterfaceId", ">networkInterface.networkInterfaceId"],
    ["AWS::EC2::InternetGateway", "internetGatewayId", ">internetGateway.internetGatewayId"],
    ["AWS::EC2::RouteTable", "routeTableId", ">routeTable.routeTableId"],
    ["AWS::EC2::EIP", "allocationId", "publicIp", ">allocationId", ">publicIp"],
  ],
  "kms.amazonaws.com": [
    ["AWS::KMS::Key", "keyId", "targetKeyId", ">keyMetadata.keyId", ">keyMetadata.arn"],
    ["AWS::KMS::Alias", "aliasName"],
  ],
  "cloudtrail.amazonaws.com": [
    [
      "AWS::CloudTrail::Trail",
      "trailName",
      "trailNameList[]",
      ">trailARN",
      ...TRAIL_CALLS.map((call) => `${call}:name`),
    ],
    ["AWS::CloudTrail::EventDataStore", "eventDataStore", ">eventDataStoreArn"],
    ["AWS::CloudTrail::Channel", "channel", ">channelArn"],
    ["AWS::S3::Bucket", "s3BucketName"],
    ["AWS::SNS::Topic", "snsTopicName"],
    ["AWS::KMS::Key", "kmsKeyId"],
  ],
  "dynamodb.amazonaws.com": [
    ["AWS::DynamoDB::Table", "tableName", ">tableDescription.tableName", ">tableDescription.tableArn"],
  ],
  "lambda.amazonaws.com": [
    ["AWS::Lambda::Function", "functionName", ">functionName", ">functionArn"],
    ["AWS::IAM::Role", "role"],
  ],
  "sns.amazonaws.com": [
    ["AWS::SNS::Topic", "topicArn", "CreateTopic:name", ">topicArn"],
    ["AWS::SNS::Subscription", "subscriptionArn", ">subscriptionArn"],
  ],
  "sqs.amazonaws.com": [["AWS::SQS::Queue", "queueUrl", "queueName", ">queueUrl"]],
};

interface Parameter {
  readonly type: string;
  /** Undefined: in every call. */
  readonly call: string | undefined;
  readonly half: "requestParameters" | "responseElements";
  readonly steps: readonly { readonly name: string; readonly each: boolean }[];
}

const PARAMETERS: ReadonlyMap<unknown, readonly Parameter[]> = new Map(
  Object.entries(ROWS).map(([source, rows]) => [
    source,
    rows.flatMap(([type, ...paths]) => paths.map((path) => parsePath(type, path))),
  ]),
);

function parsePath(type: string, text: string): Parameter {
  const colon = text.indexOf(":");
  const path = text.slice(colon + 1);
  const response = path.startsWith(">");
  return {
    type,
    call: colon < 0 ? undefined : text.slice(0, colon),
    half: response ? "responseElements" : "requestParameters",
    steps: (response ? path.slice(1) : path)
      .split(".")
      .map((step) => ({ name: step.replace("[]", ""), each: step.endsWith("[]") })),
  };
}

/**
 * Hands every resource that a call's parameters name to `found`, in the order of the table. The record is hostile: its
 * members may be any JSON.
 */
export function parameterResources(record: AuditRecord, found: (type: string, name: string) => void): void {
  for (const { type, call, half, steps } of PARAMETERS.get(record.eventSource) ?? []) {
    if (call === undefined || call === record.eventName) walk(record[half], steps, 0, (name) => found(type, name));
  }
}

/** This runs for every record: it allocates nothing on the way, for most paths lead nowhere. */
function walk(value: unknown, steps: Parameter["steps"], depth: number, found: (text: string) => void): void {
  const step = steps[depth];
  if (step === undefined) {
    if (typeof value === "string" && value !== "") found(value);
    return;
  }
  if (typeof value !== "object" || value === null) return;
  const next = (value as Readonly<Record<string, unknown>>)[step.name];
  if (next === undefined) return;
  if (!step.each) walk(next, steps, depth + 1, found);
  else if (Array.isArray(next))
    for (const element of next as readonly unknown[]) walk(element, steps, depth + 1, found);
}
