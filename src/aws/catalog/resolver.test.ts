import { describe, expect, test } from "vitest";
import type { WireRequest } from "../http.ts";
import { openCatalog } from "./catalog.ts";
import { form, json, request } from "./requests.fixture.ts";
import type { ResolveHints } from "./resolver.ts";

const catalog = openCatalog();

/** `service operation`; for an operation that the service does not have, `service (eventName)`; for none, `source (eventName)`. */
function resolved(wire: WireRequest, hints: ResolveHints | string): string {
  const { service, operation, eventSource, eventName } = catalog.resolve(
    wire,
    typeof hints === "string" ? { signingName: hints } : hints,
  );
  return `${service?.id ?? eventSource} ${operation ?? `(${eventName})`}`;
}

const CBOR = { "smithy-protocol": "rpc-v2-cbor", "content-type": "application/cbor" };

describe("resolve() of the query protocols", () => {
  test.each([
    [
      "the action in a form",
      form("POST /", "Action=CreateUser&Version=2010-05-08&UserName=Mary"),
      "iam",
      "iam CreateUser",
    ],
    [
      "the action at the end",
      form("POST /", "UserName=Mary&Action=CreateUser&Version=2010-05-08"),
      "iam",
      "iam CreateUser",
    ],
    [
      "the action in the query",
      request("GET /?Action=GetCallerIdentity&Version=2011-06-15"),
      "sts",
      "sts GetCallerIdentity",
    ],
    ["an encoded name", form("POST /", "%41ction=CreateUser"), "iam", "iam CreateUser"],
    [
      "the first of two services by its version",
      form("POST /", "Action=DescribeLoadBalancers&Version=2012-06-01"),
      "elasticloadbalancing",
      "elb DescribeLoadBalancers",
    ],
    [
      "the second by its",
      form("POST /", "Action=DescribeLoadBalancers&Version=2015-12-01"),
      "elasticloadbalancing",
      "elbv2 DescribeLoadBalancers",
    ],
    [
      "an action that only one of two has",
      form("POST /", "Action=CreateListener"),
      "elasticloadbalancing",
      "elbv2 CreateListener",
    ],
    [
      "an older version of the API",
      form("POST /", "Action=RunInstances&Version=2014-10-01"),
      "ec2",
      "ec2 RunInstances",
    ],
    [
      "a queue's own path",
      form("POST /123456789012/jobs", "Action=SendMessage&Version=2012-11-05"),
      "sqs",
      "sqs SendMessage",
    ],
    [
      "the service that has the signing name, of three alike",
      form("POST /", "Action=CreateDBCluster&Version=2014-10-31"),
      "rds",
      "rds CreateDBCluster",
    ],
    [
      "an unknown action",
      form("POST /", "Action=CreateEverything&Version=2010-05-08"),
      "iam",
      "iam (CreateEverything)",
    ],
    ["an action that is no name", form("POST /", "Action=%3Cscript%3E"), "iam", "iam (UnknownOperation)"],
    ["no action", form("POST /", "UserName=Mary"), "iam", "iam (UnknownOperation)"],
    ["two different actions", form("POST /?Action=GetUser", "Action=DeleteUser"), "iam", "iam (UnknownOperation)"],
    ["one action twice", form("POST /?Action=GetUser", "Action=GetUser"), "iam", "iam GetUser"],
    [
      "an action cut off with the body",
      form("POST /", "UserName=Mary&Action=Delete", { "content-length": "900" }),
      "iam",
      "iam (UnknownOperation)",
    ],
    [
      "a whole one in a body that is cut",
      form("POST /", "Action=DeleteUser&UserName=Ma", { "content-length": "900" }),
      "iam",
      "iam DeleteUser",
    ],
  ])("finds %s", (_, wire, signingName, expected) => expect(resolved(wire, signingName)).toBe(expected));
});

describe("resolve() of the JSON protocols", () => {
  test.each([
    [
      "the long prefix of boto",
      "com.amazonaws.cloudtrail.v20131101.CloudTrail_20131101.CreateTrail",
      "cloudtrail",
      "cloudtrail CreateTrail",
    ],
    ["the short one of other SDKs", "CloudTrail_20131101.CreateTrail", "cloudtrail", "cloudtrail CreateTrail"],
    [
      "one of two services by its prefix",
      "DynamoDBStreams_20120810.ListStreams",
      "dynamodb",
      "dynamodbstreams ListStreams",
    ],
    ["a prefix that nobody has", "Something.ListTables", "dynamodb", "dynamodb ListTables"],
    ["an unknown operation of the second", "DynamoDBStreams_20120810.GetItem", "dynamodb", "dynamodbstreams (GetItem)"],
    ["another service's operation", "Kinesis_20131202.PutRecord", "dynamodb", "dynamodb (PutRecord)"],
    ["no name at all", "DynamoDB_20120810.", "dynamodb", "dynamodb (UnknownOperation)"],
    ["a name that cannot be one", "DynamoDB_20120810.Get Item", "dynamodb", "dynamodb (UnknownOperation)"],
  ])("finds %s", (_, target, signingName, expected) => expect(resolved(json(target), signingName)).toBe(expected));

  test("goes by the content type where a form has a target too", () => {
    const both = form("POST /", "Action=ListQueues", { "x-amz-target": "AmazonSQS.DeleteQueue" });
    expect(resolved(both, "sqs")).toBe("sqs ListQueues");
  });
});

describe("resolve() of CBOR", () => {
  test.each([
    [
      "an operation",
      request("POST /service/GraniteServiceVersion20100801/operation/PutMetricData", { headers: CBOR }),
      "monitoring",
      "cloudwatch PutMetricData",
    ],
    [
      "one below a prefix",
      request("POST /some/prefix/service/Other/operation/ListMetrics", { headers: CBOR }),
      "monitoring",
      "cloudwatch ListMetrics",
    ],
    [
      "an unknown one",
      request("POST /service/GraniteServiceVersion20100801/operation/Nothing", { headers: CBOR }),
      "monitoring",
      "cloudwatch (Nothing)",
    ],
    [
      "no operation elsewhere",
      request("POST /service/operation", { headers: CBOR }),
      "monitoring",
      "cloudwatch (UnknownOperation)",
    ],
    [
      "one of a service that speaks JSON",
      request("POST /service/DynamoDB_20120810/operation/GetItem", { headers: CBOR }),
      "dynamodb",
      "dynamodb GetItem",
    ],
  ])("finds %s", (_, wire, signingName, expected) => expect(resolved(wire, signingName)).toBe(expected));
});

describe("resolve() says the protocol that a request speaks", () => {
  test.each([
    [
      "JSON 1.0 of a service that was query",
      json("AmazonSQS.ListQueues", "application/x-amz-json-1.0"),
      "sqs",
      "json-1.0",
    ],
    ["query of a service that is JSON", form("POST /", "Action=ListQueues&Version=2012-11-05"), "sqs", "query"],
    [
      "the model's JSON where the content type says none",
      json("DynamoDB_20120810.ListTables", "text/plain"),
      "dynamodb",
      "json-1.0",
    ],
    ["CBOR", request("POST /service/X/operation/ListMetrics", { headers: CBOR }), "monitoring", "rpc-v2-cbor"],
    ["query for one that prefers CBOR", form("POST /", "Action=ListMetrics&Version=2010-08-01"), "monitoring", "query"],
    ["EC2's own", form("POST /", "Action=DescribeVpcs&Version=2016-11-15"), "ec2", "ec2"],
    ["that of REST services", request("GET /2015-03-31/functions/"), "lambda", "rest-json"],
    ["the favourite when nothing says any", request("GET /"), "dynamodb", "json-1.0"],
    ["JSON rather than CBOR when nothing says any", request("GET /"), "monitoring", "json-1.0"],
  ])("%s", (_, wire, signingName, protocol) => expect(catalog.resolve(wire, { signingName }).protocol).toBe(protocol));
});

describe("resolve() of the REST protocols", () => {
  test.each([
    [
      "an ARN as one label",
      "GET /2015-03-31/functions/arn%3Aaws%3Alambda%3Aus-east-1%3A123456789012%3Afunction%3Af%2Fg",
      "lambda",
      "lambda GetFunction",
    ],
    [
      "a literal before a label",
      "GET /2019-09-25/functions/f/event-invoke-config/list",
      "lambda",
      "lambda ListFunctionEventInvokeConfigs",
    ],
    [
      "a literal in the query",
      "GET /2019-09-30/functions/f/provisioned-concurrency?List=ALL",
      "lambda",
      "lambda ListProvisionedConcurrencyConfigs",
    ],
    [
      "its absence",
      "GET /2019-09-30/functions/f/provisioned-concurrency?Qualifier=1",
      "lambda",
      "lambda GetProvisionedConcurrencyConfig",
    ],
    [
      "a literal with another value as unknown",
      "POST /accounts/1?operation=something-new",
      "chime",
      "chime (UnknownOperation)",
    ],
    [
      "an unknown bare parameter as unknown where such tell",
      "POST /2020-05-31/distribution?WithWings",
      "cloudfront",
      "cloudfront (UnknownOperation)",
    ],
    [
      "a bare parameter that is known",
      "POST /2020-05-31/distribution?WithTags",
      "cloudfront",
      "cloudfront CreateDistributionWithTags",
    ],
    [
      "an ARN with slashes before literals",
      "GET /portals/arn:aws:workspaces-web:us-east-1:123456789012:portal/1/identityProviders",
      "workspaces-web",
      "workspaces-web ListIdentityProviders",
    ],
    ["a slash at the end", "POST /agents/a/", "bedrock", "bedrock-agent PrepareAgent"],
    ["no slash at the end", "POST /agents/a", "bedrock", "bedrock-agent-runtime InvokeInlineAgent"],
    ["a slash too many where it means nothing", "GET /2015-03-31/functions/f/", "lambda", "lambda GetFunction"],
    ["letters that need no encoding", "GET /2015-03-31/%66unctions/f", "lambda", "lambda GetFunction"],
    ["one of two services by its path", "GET /v2/apis", "apigateway", "apigatewayv2 GetApis"],
    [
      "one of several by its operation, beside a query service",
      "POST /v2/email/outbound-emails",
      "ses",
      "sesv2 SendEmail",
    ],
    ["an unknown path", "GET /2015-03-31/nothing", "lambda", "lambda (UnknownOperation)"],
    ["an empty label as unknown", "POST /2015-03-31/functions//invocations", "lambda", "lambda (UnknownOperation)"],
    ["another method as unknown", "PATCH /2015-03-31/functions", "lambda", "lambda (UnknownOperation)"],
  ])("finds %s", (_, line, signingName, expected) => expect(resolved(request(line), signingName)).toBe(expected));

  test("ranks by required headers and parameters, and demands none", () => {
    const line = "GET /2015-03-31/functions/f/aliases/a";
    expect(resolved(request(line), "lambda")).toBe("lambda GetAlias");
    expect(resolved(request("DELETE /tags/arn"), "mq")).toBe("mq (UnknownOperation)");
    expect(resolved(request("DELETE /v1/tags/arn"), "mq")).toBe("mq DeleteTags");
  });

  test("takes no operation from a header of another protocol", () => {
    const headers = { "x-amz-target": "SageMaker.DeleteModel", "content-type": "application/x-amz-json-1.1" };
    const wire = request("POST /endpoints/e/invocations", { headers });
    expect(resolved(wire, "sagemaker")).toBe("sagemaker-runtime InvokeEndpoint");
    expect(resolved(request("POST /2015-03-31/nothing", { headers }), "lambda")).toBe("lambda (UnknownOperation)");
  });

  test.each([
    ["models.lex.us-east-1.amazonaws.com", "lex-models StartImport"],
    ["models-v2-lex.us-east-1.amazonaws.com", "lexv2-models ListImports"],
  ])("tells what is alike apart by the host %s", (host, expected) => {
    expect(resolved(request("POST /imports/", { host }), "lex")).toBe(expected);
  });
});

describe("resolve() of unsigned requests", () => {
  const WEB_IDENTITY = "Action=AssumeRoleWithWebIdentity&Version=2011-06-15&RoleArn=r";
  test.each([
    ["a target", json("AWSCognitoIdentityProviderService.InitiateAuth"), {}, "cognito-idp InitiateAuth"],
    ["an action and its version", form("POST /", WEB_IDENTITY), {}, "sts AssumeRoleWithWebIdentity"],
    [
      "an action, whatever the fallback",
      form("POST /", WEB_IDENTITY),
      { fallback: "s3" },
      "sts AssumeRoleWithWebIdentity",
    ],
    ["an action that only one service has", form("POST /", "Action=AssumeRoleWithSAML"), {}, "sts AssumeRoleWithSAML"],
    ["an action of many by the fallback", form("POST /", "Action=TagResource"), { fallback: "sns" }, "sns TagResource"],
    ["a path", request("GET /federation/credentials?role_name=r&account_id=1"), {}, "sso GetRoleCredentials"],
    ["the host's name", request("GET /x", { host: "sqs.us-east-1.amazonaws.com" }), {}, "sqs (UnknownOperation)"],
    [
      "an endpoint of two labels",
      request("GET /x", { host: "streams.dynamodb.us-east-1.amazonaws.com" }),
      {},
      "dynamodbstreams (UnknownOperation)",
    ],
    ["the fallback by signing name", request("GET /bucket/key"), { fallback: "s3" }, "s3 GetObject"],
    ["the fallback by id", form("POST /", "Action=DescribeRules"), { fallback: "elbv2" }, "elbv2 DescribeRules"],
    ["a bucket's host", request("GET /key", { host: "bucket.s3.eu-west-1.amazonaws.com" }), {}, "s3 GetObject"],
    [
      "a presigned URL of version 2",
      request("GET /bucket/key?AWSAccessKeyId=A&Signature=s&Expires=1"),
      {},
      "s3 GetObject",
    ],
    [
      "a header of version 2",
      request("PUT /bucket/key", { headers: { authorization: "AWS AKID:sig" } }),
      {},
      "s3 PutObject",
    ],
    [
      "an object of S3, whatever a header claims",
      request("PUT /bucket/key", { headers: { "x-amz-target": "AWSCognitoIdentityProviderService.InitiateAuth" } }),
      { fallback: "s3" },
      "s3 PutObject",
    ],
    [
      "an object of S3, whatever its query claims",
      request("GET /bucket/key?Action=AssumeRoleWithSAML"),
      { fallback: "s3" },
      "s3 GetObject",
    ],
    [
      "nothing in a path that could be anything",
      request("POST /moto-api/reset"),
      {},
      "unknown.amazonaws.com (UnknownOperation)",
    ],
  ])("finds %s", (_, wire, hints, expected) => expect(resolved(wire, hints)).toBe(expected));
});

describe("resolve() of signing names", () => {
  test.each([
    [
      "a service that nobody knows",
      request("GET /things"),
      "acme-things",
      "acme-things.amazonaws.com (UnknownOperation)",
    ],
    ["its operation's own name", json("Acme.DoThings"), "acme-things", "acme-things.amazonaws.com (DoThings)"],
    ["a scope that is not a name", request("GET /"), "<b>", "unknown.amazonaws.com (UnknownOperation)"],
    ["the name of an endpoint", form("POST /", "Action=SendEmail&Version=2010-12-01"), "email", "ses SendEmail"],
    [
      "a name that only endpoint rules know",
      form("POST /", "Action=CreateJob&Version=2010-06-01"),
      "IngestionService",
      "importexport CreateJob",
    ],
  ])("knows %s", (_, wire, signingName, expected) => expect(resolved(wire, signingName)).toBe(expected));

  test.each([
    ["mq", "GET /v1/brokers", "amazonmq.amazonaws.com"],
    ["rds-data", "POST /Execute", "rdsdata.amazonaws.com"],
    ["workmailmessageflow", "GET /messages/1", "workmailMessageFlow.amazonaws.com"],
    ["servicecatalog", "GET /applications", "servicecatalog-appregistry.amazonaws.com"],
    ["awsssoportal", "GET /assignment/accounts", "sso.amazonaws.com"],
    ["mobiletargeting", "GET /v1/apps", "pinpoint.amazonaws.com"],
  ])("gives %s its own source of events", (signingName, line, eventSource) => {
    expect(catalog.resolve(request(line), { signingName }).eventSource).toBe(eventSource);
  });
});

describe("needsBody()", () => {
  const MULTIPART = { headers: { "content-type": "multipart/form-data; boundary=b" } };
  test.each([
    ["a form", form("POST /", ""), { signingName: "iam" }, true],
    ["a form with another action in its query", form("POST /?Action=GetUser", ""), { signingName: "iam" }, true],
    ["a post of unknown type to a query service", request("POST /"), { signingName: "sqs" }, true],
    ["an unsigned form", form("POST /", ""), {}, true],
    ["a form for a bucket", request("POST /bucket", MULTIPART), { fallback: "s3" }, true],
    ["a form for a bucket that says nothing of S3", request("POST /bucket", MULTIPART), {}, true],
    ["a query in a GET", request("GET /?Action=GetUser"), { signingName: "iam" }, false],
    ["a target", json("DynamoDB_20120810.GetItem"), { signingName: "dynamodb" }, false],
    ["CBOR", request("POST /service/X/operation/ListMetrics", { headers: CBOR }), { signingName: "monitoring" }, false],
    ["an upload to S3", form("POST /bucket/key?uploads", ""), { signingName: "s3" }, false],
    ["a REST service", form("POST /2015-03-31/functions", ""), { signingName: "lambda" }, false],
    ["many parts for another service", request("POST /x", MULTIPART), { signingName: "lambda" }, false],
  ])("of %s", (_, wire, hints, expected) => expect(catalog.needsBody(wire, hints)).toBe(expected));
});
