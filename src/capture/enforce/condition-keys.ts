import { headerValue, type SignedRequest } from "../../aws/index.ts";
import {
  type CallToAuthorize,
  type ConditionValues,
  type Input,
  listOf,
  structureOf,
  valuesAt,
} from "./call-to-authorize.ts";
import { dynamodbConditions } from "./dynamodb-conditions.ts";

/**
 * Condition keys whose values stand in the request, by the prefix of the service's actions: the key, and the members
 * that it comes from, as paths. A key whose members are absent is absent. Keys about a resource as it is now (its tags,
 * its owner) are not here: only the upstream knows them.
 * @see https://docs.aws.amazon.com/service-authorization/latest/reference/reference_policies_actions-resources-contextkeys.html
 */
const KEYS: Readonly<Record<string, readonly (readonly [key: string, ...paths: string[]])[]>> = {
  acm: [
    ["acm:DomainNames", "DomainName", "SubjectAlternativeNames"],
    ["acm:KeyAlgorithm", "KeyAlgorithm"],
    ["acm:ValidationMethod", "ValidationMethod"],
  ],
  autoscaling: [
    ["autoscaling:ImageId", "ImageId"],
    ["autoscaling:InstanceType", "InstanceType"],
    ["autoscaling:LaunchConfigurationName", "LaunchConfigurationName"],
    ["autoscaling:MaxSize", "MaxSize"],
    ["autoscaling:MinSize", "MinSize"],
    ["autoscaling:TargetGroupARNs", "TargetGroupARNs"],
  ],
  cloudformation: [
    ["cloudformation:ChangeSetName", "ChangeSetName"],
    ["cloudformation:ImportResourceTypes", "ResourcesToImport.ResourceType"],
    ["cloudformation:ResourceTypes", "ResourceTypes"],
    ["cloudformation:RoleArn", "RoleARN"],
    ["cloudformation:StackPolicyUrl", "StackPolicyURL"],
    ["cloudformation:TargetRegion", "Regions"],
    ["cloudformation:TemplateUrl", "TemplateURL"],
  ],
  cloudwatch: [
    ["cloudwatch:namespace", "Namespace"],
    ["cloudwatch:AlarmActions", "AlarmActions"],
  ],
  ec2: [
    ["ec2:AssociatePublicIpAddress", "NetworkInterfaces.AssociatePublicIpAddress"],
    ["ec2:Attribute", "Attribute"],
    ["ec2:AvailabilityZone", "AvailabilityZone", "Placement.AvailabilityZone"],
    ["ec2:EbsOptimized", "EbsOptimized"],
    ["ec2:Encrypted", "Encrypted", "BlockDeviceMappings.Ebs.Encrypted"],
    ["ec2:ImageID", "ImageId"],
    ["ec2:InstanceMarketType", "InstanceMarketOptions.MarketType"],
    ["ec2:InstanceProfile", "IamInstanceProfile.Arn"],
    ["ec2:InstanceType", "InstanceType"],
    ["ec2:KeyPairName", "KeyName"],
    ["ec2:MetadataHttpEndpoint", "MetadataOptions.HttpEndpoint"],
    ["ec2:MetadataHttpPutResponseHopLimit", "MetadataOptions.HttpPutResponseHopLimit"],
    ["ec2:MetadataHttpTokens", "MetadataOptions.HttpTokens"],
    ["ec2:Tenancy", "Placement.Tenancy", "InstanceTenancy"],
    ["ec2:VolumeIops", "Iops", "BlockDeviceMappings.Ebs.Iops"],
    ["ec2:VolumeSize", "Size", "BlockDeviceMappings.Ebs.VolumeSize"],
    ["ec2:VolumeThroughput", "Throughput", "BlockDeviceMappings.Ebs.Throughput"],
    ["ec2:VolumeType", "VolumeType", "BlockDeviceMappings.Ebs.VolumeType"],
    ["ec2:VpceServiceName", "ServiceName"],
  ],
  ecs: [
    ["ecs:cluster", "cluster"],
    ["ecs:enable-execute-command", "enableExecuteCommand"],
    ["ecs:service", "service"],
    ["ecs:task-definition", "taskDefinition"],
  ],
  elasticloadbalancing: [
    ["elasticloadbalancing:ListenerProtocol", "Protocol", "Listeners.Protocol"],
    ["elasticloadbalancing:Scheme", "Scheme"],
    ["elasticloadbalancing:SecurityGroup", "SecurityGroups"],
    ["elasticloadbalancing:SecurityPolicy", "SslPolicy"],
    ["elasticloadbalancing:Subnet", "Subnets", "SubnetMappings.SubnetId"],
  ],
  events: [
    ["events:detail-type", "Entries.DetailType"],
    ["events:source", "Entries.Source"],
    ["events:TargetArn", "Targets.Arn"],
  ],
  iam: [
    ["iam:AWSServiceName", "AWSServiceName"],
    ["iam:PermissionsBoundary", "PermissionsBoundary"],
    ["iam:PolicyARN", "PolicyArn"],
  ],
  kms: [
    ["kms:BypassPolicyLockoutSafetyCheck", "BypassPolicyLockoutSafetyCheck"],
    ["kms:DataKeyPairSpec", "KeyPairSpec"],
    ["kms:EncryptionAlgorithm", "EncryptionAlgorithm"],
    ["kms:ExpirationModel", "ExpirationModel"],
    ["kms:GranteePrincipal", "GranteePrincipal"],
    ["kms:GrantOperations", "Operations"],
    ["kms:KeyAgreementAlgorithm", "KeyAgreementAlgorithm"],
    ["kms:KeyOrigin", "Origin"],
    ["kms:KeySpec", "KeySpec", "CustomerMasterKeySpec"],
    ["kms:KeyUsage", "KeyUsage"],
    ["kms:MacAlgorithm", "MacAlgorithm"],
    ["kms:MessageType", "MessageType"],
    ["kms:MultiRegion", "MultiRegion"],
    ["kms:ReplicaRegion", "ReplicaRegion"],
    ["kms:RetiringPrincipal", "RetiringPrincipal"],
    ["kms:RotationPeriodInDays", "RotationPeriodInDays"],
    ["kms:ScheduleKeyDeletionPendingWindowInDays", "PendingWindowInDays"],
    ["kms:SigningAlgorithm", "SigningAlgorithm"],
    ["kms:WrappingAlgorithm", "WrappingAlgorithm"],
    ["kms:WrappingKeySpec", "WrappingKeySpec"],
  ],
  lambda: [
    ["lambda:CodeSigningConfigArn", "CodeSigningConfigArn"],
    ["lambda:EventSourceToken", "EventSourceToken"],
    ["lambda:FunctionUrlAuthType", "FunctionUrlAuthType", "AuthType"],
    ["lambda:Layer", "Layers"],
    ["lambda:Principal", "Principal"],
    ["lambda:SecurityGroupIds", "VpcConfig.SecurityGroupIds"],
    ["lambda:SubnetIds", "VpcConfig.SubnetIds"],
  ],
  rds: [
    ["rds:DatabaseClass", "DBInstanceClass"],
    ["rds:DatabaseEngine", "Engine"],
    ["rds:DatabaseName", "DBName", "DatabaseName"],
    ["rds:ManageMasterUserPassword", "ManageMasterUserPassword"],
    ["rds:MultiAz", "MultiAZ"],
    ["rds:Piops", "Iops"],
    ["rds:PubliclyAccessible", "PubliclyAccessible"],
    ["rds:StorageEncrypted", "StorageEncrypted"],
    ["rds:StorageSize", "AllocatedStorage"],
  ],
  route53: [
    ["route53:ChangeResourceRecordSetsActions", "ChangeBatch.Changes.Action"],
    ["route53:ChangeResourceRecordSetsRecordTypes", "ChangeBatch.Changes.ResourceRecordSet.Type"],
  ],
  s3: [
    ["s3:delimiter", "Delimiter"],
    ["s3:if-match", "IfMatch"],
    ["s3:if-none-match", "IfNoneMatch"],
    ["s3:locationconstraint", "CreateBucketConfiguration.LocationConstraint"],
    ["s3:max-keys", "MaxKeys"],
    ["s3:object-lock-legal-hold", "ObjectLockLegalHoldStatus", "LegalHold.Status"],
    ["s3:object-lock-mode", "ObjectLockMode", "Retention.Mode"],
    ["s3:object-lock-retain-until-date", "ObjectLockRetainUntilDate", "Retention.RetainUntilDate"],
    ["s3:prefix", "Prefix"],
    ["s3:versionid", "VersionId"],
    ["s3:x-amz-acl", "ACL"],
    ["s3:x-amz-copy-source", "CopySource"],
    ["s3:x-amz-grant-full-control", "GrantFullControl"],
    ["s3:x-amz-grant-read", "GrantRead"],
    ["s3:x-amz-grant-read-acp", "GrantReadACP"],
    ["s3:x-amz-grant-write", "GrantWrite"],
    ["s3:x-amz-grant-write-acp", "GrantWriteACP"],
    ["s3:x-amz-metadata-directive", "MetadataDirective"],
    ["s3:x-amz-object-ownership", "ObjectOwnership"],
    ["s3:x-amz-server-side-encryption", "ServerSideEncryption"],
    ["s3:x-amz-server-side-encryption-aws-kms-key-id", "SSEKMSKeyId"],
    ["s3:x-amz-server-side-encryption-customer-algorithm", "SSECustomerAlgorithm"],
    ["s3:x-amz-storage-class", "StorageClass"],
    ["s3:x-amz-website-redirect-location", "WebsiteRedirectLocation"],
  ],
  secretsmanager: [
    ["secretsmanager:BlockPublicPolicy", "BlockPublicPolicy"],
    ["secretsmanager:Description", "Description"],
    ["secretsmanager:ForceDeleteWithoutRecovery", "ForceDeleteWithoutRecovery"],
    ["secretsmanager:KmsKeyId", "KmsKeyId"],
    ["secretsmanager:Name", "Name"],
    ["secretsmanager:RecoveryWindowInDays", "RecoveryWindowInDays"],
    ["secretsmanager:RotationLambdaARN", "RotationLambdaARN"],
    ["secretsmanager:SecretId", "SecretId"],
    ["secretsmanager:VersionId", "VersionId"],
    ["secretsmanager:VersionStage", "VersionStage"],
  ],
  ses: [
    ["ses:FeedbackAddress", "ReturnPath", "FeedbackForwardingEmailAddress"],
    ["ses:FromAddress", "Source", "FromEmailAddress"],
    [
      "ses:Recipients",
      "Destination.ToAddresses",
      "Destination.CcAddresses",
      "Destination.BccAddresses",
      "Destinations",
    ],
  ],
  sns: [
    ["sns:Endpoint", "Endpoint"],
    ["sns:Protocol", "Protocol"],
  ],
  ssm: [
    ["ssm:DocumentType", "DocumentType"],
    ["ssm:Overwrite", "Overwrite"],
    ["ssm:Recursive", "Recursive"],
  ],
};

/** What the request says to the policies' conditions, beyond the global keys. */
export function requestConditions(call: CallToAuthorize, signed: SignedRequest): ConditionValues {
  const { input = {}, resolved } = call;
  const prefix = resolved.service?.iamPrefix ?? "";
  const table = Object.hasOwn(KEYS, prefix) ? (KEYS[prefix] ?? []) : [];
  const simple = table.flatMap(([key, ...paths]) => {
    const values = paths.flatMap((path) => valuesAt(input, path));
    return values.length === 0 ? [] : [[key, values] as const];
  });
  return { ...Object.fromEntries(simple), ...tagConditions(input), ...OWN[prefix]?.(call, signed), ...call.known };
}

type Conditions = (call: CallToAuthorize, signed: SignedRequest) => ConditionValues;

const OWN: Readonly<Record<string, Conditions>> = {
  dynamodb: ({ input = {} }) => dynamodbConditions(input),
  ec2: ({ circumstances }) => ({ "ec2:Region": [circumstances.region] }),
  kms: ({ input = {} }) => kmsConditions(input),
  lambda: (call) => functionArn(call),
  s3: s3Conditions,
};

/** How it was signed, the tags in its header, and for how long it wants to lock. */
function s3Conditions(call: CallToAuthorize, signed: SignedRequest): ConditionValues {
  const { circumstances, head, input = {} } = call;
  const tlsVersion = /^TLSv(\d(?:\.\d)?)$/.exec(call.tlsVersion ?? "")?.[1];
  const until = input["ObjectLockRetainUntilDate"] ?? structureOf(input["Retention"])["RetainUntilDate"];
  const hash = headerValue(head.headers, "x-amz-content-sha256");
  const tags = [...new URLSearchParams(typeof input["Tagging"] === "string" ? input["Tagging"] : "")];
  return {
    "s3:signatureversion": [signed.version === 2 ? "AWS" : "AWS4-HMAC-SHA256"],
    "s3:authType": [signed.form === "header" ? "REST-HEADER" : "REST-QUERY-STRING"],
    // A URL of Signature Version 2 does not say when it was made.
    ...(signed.form === "presigned" && signed.version !== 2
      ? { "s3:signatureAge": [String(Math.max(0, circumstances.now - signed.timestamp))] }
      : {}),
    ...(hash === undefined ? {} : { "s3:x-amz-content-sha256": [hash] }),
    ...(tlsVersion === undefined ? {} : { "s3:TlsVersion": [tlsVersion] }),
    ...(until instanceof Date
      ? { "s3:object-lock-remaining-retention-days": [String(daysUntil(until, circumstances.now))] }
      : {}),
    ...tagValues("s3:RequestObjectTag/", "s3:RequestObjectTagKeys", [
      ...tags,
      ...pairs(listOf(structureOf(input["Tagging"])["TagSet"])),
    ]),
  };
}

/** A day that has begun counts: who may lock for ten days may say a moment ten days from now. */
function daysUntil(date: Date, now: number): number {
  return Math.ceil((date.getTime() - now) / 86_400_000);
}

function kmsConditions(input: Input): ConditionValues {
  const contexts = ["EncryptionContext", "SourceEncryptionContext", "DestinationEncryptionContext"];
  const entries = contexts.flatMap((name) => Object.entries(structureOf(input[name])));
  const texts = entries.flatMap(([key, value]) => (typeof value === "string" ? [[key, value] as const] : []));
  const alias = valuesAt(input, "KeyId").flatMap((key) => /(?:^|:)(alias\/.+)$/.exec(key)?.[1] ?? []);
  return {
    ...tagValues("kms:EncryptionContext:", "kms:EncryptionContextKeys", texts),
    ...(alias.length === 0 ? {} : { "kms:RequestAlias": alias }),
  };
}

function functionArn({ input = {}, resources }: CallToAuthorize): ConditionValues {
  if (valuesAt(input, "FunctionName").length === 0) return {};
  const arn = resources.find(({ ARN }) => ARN?.includes(":function:") === true)?.ARN;
  return arn === undefined ? {} : { "lambda:FunctionArn": [arn] };
}

/** Members in which requests carry tags, in the spellings of the services. */
const TAG_MEMBERS = ["Tags", "tags", "TagList", "tagList", "Tag"];
const TAG_KEY_MEMBERS = ["TagKeys", "tagKeys", "TagKeyList"];

function tagConditions(input: Input): ConditionValues {
  const specified = listOf(input["TagSpecifications"] ?? input["TagSpecification"]).map(structureOf);
  const tags = [input, structureOf(input["CreateBucketConfiguration"]), ...specified].flatMap((holder) =>
    TAG_MEMBERS.flatMap((name) => tagPairs(holder[name])),
  );
  const removed = TAG_KEY_MEMBERS.flatMap((name) => valuesAt(input, name));
  const given = tagValues("aws:RequestTag/", "aws:TagKeys", tags);
  return removed.length === 0 ? given : { ...given, "aws:TagKeys": [...(given["aws:TagKeys"] ?? []), ...removed] };
}

type Pair = readonly [key: string, value: string];

/** A list of structures, or a map. */
function tagPairs(value: unknown): readonly Pair[] {
  if (Array.isArray(value)) return pairs(value);
  return Object.entries(structureOf(value)).flatMap(([key, text]) => (typeof text === "string" ? [[key, text]] : []));
}

function pairs(items: readonly unknown[]): readonly Pair[] {
  return items.map(structureOf).flatMap((tag) => {
    const key = tag["Key"] ?? tag["key"] ?? tag["TagKey"];
    const value = tag["Value"] ?? tag["value"] ?? tag["TagValue"] ?? "";
    return typeof key === "string" && typeof value === "string" ? [[key, value] as const] : [];
  });
}

function tagValues(prefix: string, keys: string, tags: readonly Pair[]): ConditionValues {
  if (tags.length === 0) return {};
  const values = Object.fromEntries(
    tags.map(([key]) => [prefix + key, tags.flatMap(([k, v]) => (k === key ? [v] : []))]),
  );
  return { ...values, [keys]: [...new Set(tags.map(([key]) => key))] };
}
