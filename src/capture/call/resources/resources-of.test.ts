import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { openCatalog, type ResolvedCall, type Service, type Shape } from "../../../aws/index.ts";
import type { RecordResource } from "../../../record/index.ts";
import { type Members, parsePath, type ResourcePath } from "./row.ts";
import { TABLES } from "./resource-plan.ts";
import { resourcesOf } from "./resources-of.ts";

const PLACE = { account: "123456789012", region: "eu-west-1", bucketHosts: [] };
const catalog = openCatalog();

function call(source: string, operation: string): ResolvedCall {
  const eventSource = `${source}.amazonaws.com`;
  const service = { id: source, signingName: source, eventSource, iamPrefix: source, apiVersion: "" };
  return { service, operation, eventSource, eventName: operation, protocol: "json-1.1" };
}

function named(resources: readonly RecordResource[]): unknown[] {
  return resources.map(({ type, ARN, ARNPrefix }) => [type, ARN ?? `${ARNPrefix}*`]);
}

describe("resourcesOf() tells", () => {
  test.each([
    [
      "sqs CreateQueue",
      { QueueName: "q" },
      { QueueUrl: "http://localhost:4566/queue/eu-west-1/123456789012/q" },
      "AWS::SQS::Queue arn:aws:sqs:eu-west-1:123456789012:q",
    ],
    [
      "sqs SendMessage",
      { QueueUrl: "https://sqs.eu-west-1.amazonaws.com/210987654321/q.fifo" },
      undefined,
      "AWS::SQS::Queue arn:aws:sqs:eu-west-1:210987654321:q.fifo",
    ],
    [
      "sns Publish",
      { TopicArn: "arn:aws:sns:eu-west-1:210987654321:t" },
      undefined,
      "AWS::SNS::Topic arn:aws:sns:eu-west-1:210987654321:t",
    ],
    [
      "lambda Invoke",
      { FunctionName: "f:PROD" },
      undefined,
      "AWS::Lambda::Function arn:aws:lambda:eu-west-1:123456789012:function:f",
    ],
    [
      "lambda Invoke",
      { FunctionName: "arn:aws:lambda:us-east-1:1:function:f" },
      undefined,
      "AWS::Lambda::Function arn:aws:lambda:eu-west-1:123456789012:function:f",
    ],
    [
      "lambda Invoke",
      { FunctionName: "arn:aws:lambda:us-east-1:210987654321:function:f:7" },
      undefined,
      "AWS::Lambda::Function arn:aws:lambda:us-east-1:210987654321:function:f",
    ],
    [
      "dynamodb BatchGetItem",
      { RequestItems: { a: {}, b: {} } },
      undefined,
      "AWS::DynamoDB::Table arn:aws:dynamodb:eu-west-1:123456789012:table/a",
      "AWS::DynamoDB::Table arn:aws:dynamodb:eu-west-1:123456789012:table/b",
    ],
    [
      "dynamodb Query",
      { TableName: "a", IndexName: "i" },
      undefined,
      "AWS::DynamoDB::Table arn:aws:dynamodb:eu-west-1:123456789012:table/a",
      "AWS::DynamoDB::Index arn:aws:dynamodb:eu-west-1:123456789012:table/a/index/i",
    ],
    [
      "dynamodb ExecuteStatement",
      { Statement: 'SELECT * FROM "Music"."idx" WHERE a = 1' },
      undefined,
      "AWS::DynamoDB::Table arn:aws:dynamodb:eu-west-1:123456789012:table/Music",
    ],
    [
      "kms Encrypt",
      { KeyId: "alias/a" },
      { KeyId: "arn:aws:kms:eu-west-1:123456789012:key/k" },
      "AWS::KMS::Key arn:aws:kms:eu-west-1:123456789012:key/k",
      "AWS::KMS::Alias arn:aws:kms:eu-west-1:123456789012:alias/a",
    ],
    [
      "kms CreateAlias",
      { AliasName: "alias/a", TargetKeyId: "k" },
      undefined,
      "AWS::KMS::Key arn:aws:kms:eu-west-1:123456789012:key/k",
      "AWS::KMS::Alias arn:aws:kms:eu-west-1:123456789012:alias/a",
    ],
    [
      "iam CreateUser",
      { UserName: "Mary", Path: "/staff/" },
      undefined,
      "AWS::IAM::User arn:aws:iam::123456789012:user/staff/Mary",
    ],
    [
      "iam GetRole",
      { RoleName: "r" },
      { Role: { Arn: "arn:aws:iam::123456789012:role/p/r" } },
      "AWS::IAM::Role arn:aws:iam::123456789012:role/p/r",
    ],
    [
      "iam AttachUserPolicy",
      { UserName: "Mary", PolicyArn: "arn:aws:iam::aws:policy/ReadOnlyAccess" },
      undefined,
      "AWS::IAM::User arn:aws:iam::123456789012:user/Mary",
      "AWS::IAM::Policy arn:aws:iam::aws:policy/ReadOnlyAccess",
    ],
    [
      "secretsmanager GetSecretValue",
      { SecretId: "s" },
      undefined,
      "AWS::SecretsManager::Secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-*",
    ],
    [
      "secretsmanager CreateSecret",
      { Name: "s" },
      { ARN: "arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-AbCdEf" },
      "AWS::SecretsManager::Secret arn:aws:secretsmanager:eu-west-1:123456789012:secret:s-AbCdEf",
    ],
    [
      "ec2 RunInstances",
      { ImageId: "ami-1", SecurityGroupIds: ["sg-1"], KeyName: "k" },
      { Instances: [{ InstanceId: "i-1" }, { InstanceId: "i-2" }] },
      "AWS::EC2::Instance arn:aws:ec2:eu-west-1:123456789012:instance/i-1",
      "AWS::EC2::Instance arn:aws:ec2:eu-west-1:123456789012:instance/i-2",
      "AWS::EC2::Ami arn:aws:ec2:eu-west-1::image/ami-1",
      "AWS::EC2::SecurityGroup arn:aws:ec2:eu-west-1:123456789012:security-group/sg-1",
      "AWS::EC2::KeyPair arn:aws:ec2:eu-west-1:123456789012:key-pair/k",
    ],
    [
      "ec2 CreateTags",
      { Resources: ["vol-1", "vpc-1", "strange"] },
      undefined,
      "AWS::EC2::Volume arn:aws:ec2:eu-west-1:123456789012:volume/vol-1",
      "AWS::EC2::VPC arn:aws:ec2:eu-west-1:123456789012:vpc/vpc-1",
    ],
    [
      "ec2 DescribeInstances",
      { InstanceIds: ["i-1"] },
      { Instances: [{ InstanceId: "i-2" }] },
      "AWS::EC2::Instance arn:aws:ec2:eu-west-1:123456789012:instance/i-1",
    ],
    [
      "events PutRule",
      { Name: "r", EventBusName: "b" },
      undefined,
      "AWS::Events::Rule arn:aws:events:eu-west-1:123456789012:rule/b/r",
      "AWS::Events::EventBus arn:aws:events:eu-west-1:123456789012:event-bus/b",
    ],
    ["events PutTargets", { Rule: "r" }, undefined, "AWS::Events::Rule arn:aws:events:eu-west-1:123456789012:rule/r"],
    [
      "ecs UpdateService",
      { service: "s", cluster: "arn:aws:ecs:eu-west-1:123456789012:cluster/c" },
      undefined,
      "AWS::ECS::Cluster arn:aws:ecs:eu-west-1:123456789012:cluster/c",
      "AWS::ECS::Service arn:aws:ecs:eu-west-1:123456789012:service/c/s",
    ],
    [
      "ecr PutImage",
      { repositoryName: "r", registryId: "210987654321" },
      undefined,
      "AWS::ECR::Repository arn:aws:ecr:eu-west-1:210987654321:repository/r",
    ],
    [
      "route53 GetHostedZone",
      { Id: "/hostedzone/Z1" },
      undefined,
      "AWS::Route53::HostedZone arn:aws:route53:::hostedzone/Z1",
    ],
    ["route53 GetChange", { Id: "/change/C1" }, undefined],
    [
      "cloudformation CreateStack",
      { StackName: "s" },
      undefined,
      "AWS::CloudFormation::Stack arn:aws:cloudformation:eu-west-1:123456789012:stack/s/*",
    ],
    [
      "apigateway GetStage",
      { restApiId: "a", stageName: "s" },
      undefined,
      "AWS::ApiGateway::RestApi arn:aws:apigateway:eu-west-1::/restapis/a",
      "AWS::ApiGateway::Stage arn:aws:apigateway:eu-west-1::/restapis/a/stages/s",
    ],
    [
      "apigateway CreateRestApi",
      { name: "n" },
      { id: "a" },
      "AWS::ApiGateway::RestApi arn:aws:apigateway:eu-west-1::/restapis/a",
    ],
    [
      "wafv2 GetWebACL",
      { Name: "n", Scope: "REGIONAL", Id: "i" },
      undefined,
      "AWS::WAFv2::WebACL arn:aws:wafv2:eu-west-1:123456789012:regional/webacl/n/i",
    ],
    [
      "ssm GetParameters",
      { Names: ["/a/b:3", "c"] },
      undefined,
      "undefined arn:aws:ssm:eu-west-1:123456789012:parameter/a/b",
      "undefined arn:aws:ssm:eu-west-1:123456789012:parameter/c",
    ],
    ["ssm GetDocument", { Name: "d" }, undefined, "undefined arn:aws:ssm:eu-west-1:123456789012:document/d"],
    [
      "ssm StartSession",
      { Target: "mi-1" },
      undefined,
      "undefined arn:aws:ssm:eu-west-1:123456789012:managed-instance/mi-1",
    ],
    [
      "logs PutLogEvents",
      { logGroupName: "/g", logStreamName: "s" },
      undefined,
      "AWS::Logs::LogGroup arn:aws:logs:eu-west-1:123456789012:log-group:/g",
      "AWS::Logs::LogStream arn:aws:logs:eu-west-1:123456789012:log-group:/g:log-stream:s",
    ],
    [
      "monitoring PutMetricAlarm",
      { AlarmName: "too hot" },
      undefined,
      "AWS::CloudWatch::Alarm arn:aws:cloudwatch:eu-west-1:123456789012:alarm:too hot",
    ],
    [
      "s3 GetObject",
      { Bucket: "b", Key: "k" },
      undefined,
      "AWS::S3::Object arn:aws:s3:::b/k",
      "AWS::S3::Bucket arn:aws:s3:::b",
    ],
    [
      "neverheardof CreateThing",
      { OwnerArn: "arn:aws:x:eu-west-1:123456789012:y", other: "arn:aws:x:::z" },
      undefined,
      "undefined arn:aws:x:eu-west-1:123456789012:y",
    ],
    [
      "neverheardof CreateThing",
      {},
      { ThingArns: ["arn:aws:x:eu-west-1:123456789012:y"] },
      "undefined arn:aws:x:eu-west-1:123456789012:y",
    ],
    ["sns Subscribe", { TopicArn: "not an arn\n" }, { SubscriptionArn: "pending confirmation" }],
  ] as [string, Members, Members | undefined, ...string[]][])(
    "%s of %j with %j",
    (name, input, output, ...resources: string[]) => {
      const [source = "", operation = ""] = name.split(" ");
      const found = named(resourcesOf(call(source, operation), input, output, PLACE));
      expect(found).toEqual(
        resources.map((text) =>
          /^(\S+) (.+)$/
            .exec(text)
            ?.slice(1)
            .map((part) => (part === "undefined" ? undefined : part)),
        ),
      );
    },
  );

  test.each([
    ["the owner in the ARN", "sns", { TopicArn: "arn:aws:sns:eu-west-1:210987654321:t" }, "210987654321"],
    ["the place's account where ARNs have none", "route53", { HostedZoneId: "Z" }, PLACE.account],
    ["nobody for what AWS owns", "iam", { PolicyArn: "arn:aws:iam::aws:policy/P" }, undefined],
  ])("%s", (_, source, input, account) => {
    expect(resourcesOf(call(source, "Any"), input, undefined, PLACE)[0]?.accountId).toBe(account);
  });

  test("the partition by the Region", () => {
    const of = (region: string) =>
      resourcesOf(call("kinesis", "PutRecord"), { StreamName: "s" }, undefined, { ...PLACE, region })[0]?.ARN;
    expect(of("cn-north-1")).toBe("arn:aws-cn:kinesis:cn-north-1:123456789012:stream/s");
    expect(of("us-gov-west-1")).toBe("arn:aws-us-gov:kinesis:us-gov-west-1:123456789012:stream/s");
  });

  test("no more than a hundred, each once", () => {
    const ids = Array.from({ length: 500 }, (_, index) => `i-${index % 200}`);
    const found = resourcesOf(call("ec2", "StopInstances"), { InstanceIds: ids }, undefined, PLACE);
    expect(found).toHaveLength(100);
    expect(new Set(found.map(({ ARN }) => ARN)).size).toBe(100);
  });

  test("nothing of names that cannot be part of an ARN", () => {
    for (const name of ["a\nb", "a\u202Eb", " a", "a  b", "x".repeat(2049), "", "\u0000", "\uD800"]) {
      expect(resourcesOf(call("kinesis", "PutRecord"), { StreamName: name }, undefined, PLACE)).toEqual([]);
    }
  });
});

test("resourcesOf() takes any input and output, and gives ARNs of a bounded length without control characters", () => {
  const names = [
    ...new Set(Object.values(TABLES).flatMap((rows) => rows.flatMap(([, , paths]) => paths.match(/\w+/g) ?? []))),
  ];
  const text = fc.oneof(
    fc.string({ unit: "binary" }),
    fc.constantFrom("arn:aws:iam::1:x", "alias/x", "https://a/123456789012/q", "x"),
  );
  const { members } = fc.letrec((tie) => ({
    members: fc.dictionary(fc.constantFrom(...names, "__proto__", "constructor"), tie("value"), { maxKeys: 6 }),
    value: fc.oneof(
      text,
      fc.array(text, { maxLength: 3 }),
      fc.array(tie("members"), { maxLength: 2 }),
      tie("members"),
      fc.anything(),
    ),
  }));
  const source = fc.constantFrom(...Object.keys(TABLES), "s3");
  const operation = fc.constantFrom("CreateX", "GetParameter", "PutRule", "CreateTopic", "GetWebACL");
  fc.assert(
    fc.property(source, operation, members, members, (service, name, input, output) => {
      const found = resourcesOf(call(service, name), input as Members, output as Members, PLACE);
      expect(found.length).toBeLessThanOrEqual(100);
      for (const { ARN, ARNPrefix } of found) expect(ARN ?? ARNPrefix).toMatch(/^arn:aws[^\p{C}]{1,2048}$/u);
    }),
    { numRuns: 200 },
  );
});

describe("TABLES", () => {
  /** Whether the path leads to a text in an operation's input or output. */
  function leads(shape: Shape | undefined, steps: ResourcePath["steps"]): boolean {
    const [step, ...rest] = steps;
    if (shape === undefined) return false;
    if (step === undefined) return shape.type === "string";
    const next = shape.type === "structure" ? shape.byName.get(step.name)?.shape : undefined;
    if (step.take === "keys") return next?.type === "map";
    if (step.take === "each") return next?.type === "list" && leads(next.member.shape, rest);
    return leads(next, rest);
  }

  function isModelled(services: readonly Service[], { operations, half, steps }: ResourcePath): boolean {
    return services
      .flatMap((service) => [...service.operations])
      .some(([name, operation]) => operations?.test(name) !== false && leads(operation[half], steps));
  }

  test.each(Object.keys(TABLES))("of %s name only members that the models have", (source) => {
    const services = catalog
      .services()
      .filter(({ eventSource }) => eventSource === `${source}.amazonaws.com`)
      .flatMap(({ id }) => catalog.model(id) ?? []);
    const paths = (TABLES[source] ?? []).flatMap(([, , text]) => text.split(" "));
    expect(paths.filter((path) => !isModelled(services, parsePath(path)))).toEqual([]);
  });

  test("know the most used services and kinds of resources", () => {
    expect(Object.keys(TABLES).length).toBeGreaterThan(60);
    expect(new Set(Object.values(TABLES).flatMap((rows) => rows.map(([type]) => type))).size).toBeGreaterThan(180);
  });

  test("refuse a path that is none", () => {
    expect(() => parsePath("a b")).toThrow(SyntaxError);
  });
});
