import { Readable } from "node:stream";
import { GetTrailCommand, CloudTrailClient } from "@aws-sdk/client-cloudtrail";
import { CloudWatchClient, ListMetricsCommand } from "@aws-sdk/client-cloudwatch";
import { DynamoDBClient, ListTablesCommand } from "@aws-sdk/client-dynamodb";
import { IAMClient, ListUsersCommand } from "@aws-sdk/client-iam";
import { LambdaClient, ListFunctionsCommand } from "@aws-sdk/client-lambda";
import { GetObjectCommand, HeadObjectCommand, S3Client } from "@aws-sdk/client-s3";
import { ListQueuesCommand, SQSClient } from "@aws-sdk/client-sqs";
import { describe, expect, test } from "vitest";
import { type Protocol, type ResolvedCall, type Service, service, type WireResponse } from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import { recordedRefusal, refusalAnswer } from "../index.ts";

const DENIED = new Refusal("AccessDenied", "User: <alice> is not authorized", 403);
const DEAD = new Refusal("ServiceUnavailable", "The upstream does not answer.", 503);
const REQUEST_ID = "a-request";

function resolved(id: string | undefined, protocol: Protocol): ResolvedCall {
  const common = { eventSource: `${id}.amazonaws.com`, eventName: "Anything", protocol };
  if (id === undefined) return common;
  const names = { id, signingName: id, eventSource: common.eventSource, iamPrefix: id, apiVersion: "2020-01-01" };
  return { ...common, service: names, operation: "Anything" };
}

function answer(
  id: string | undefined,
  protocol: Protocol,
  refusal: Refusal,
  method = "POST",
  model?: Service,
): WireResponse {
  const head = { method, path: "/bucket/a&b" };
  return refusalAnswer(
    { resolved: resolved(id, protocol), head, requestId: REQUEST_ID, ...(model && { model }) },
    refusal,
  );
}

/** What the SDK's client throws when it is answered so. */
async function thrown(response: WireResponse, call: (options: never) => Promise<unknown>): Promise<unknown> {
  const handle = async (): Promise<unknown> => ({
    response: { statusCode: response.status, headers: response.headers, body: Readable.from([response.body]) },
  });
  const options = {
    region: "us-east-1",
    credentials: { accessKeyId: "A", secretAccessKey: "b" },
    maxAttempts: 1,
    requestHandler: { handle },
  };
  return await call(options as never).then(
    () => "nothing",
    (error: unknown) => error,
  );
}

describe("refusalAnswer() as AWS's JavaScript SDK reads it", () => {
  test.each<[string, Protocol, string, string, (options: never) => Promise<unknown>]>([
    [
      "dynamodb",
      "json-1.0",
      "AccessDeniedException",
      "ServiceUnavailableException",
      async (o) => await new DynamoDBClient(o).send(new ListTablesCommand()),
    ],
    [
      "sqs",
      "json-1.0",
      "AccessDeniedException",
      "ServiceUnavailableException",
      async (o) => await new SQSClient(o).send(new ListQueuesCommand()),
    ],
    [
      "cloudtrail",
      "json-1.1",
      "AccessDeniedException",
      "ServiceUnavailableException",
      async (o) => await new CloudTrailClient(o).send(new GetTrailCommand({ Name: "abc" })),
    ],
    [
      "lambda",
      "rest-json",
      "AccessDeniedException",
      "ServiceUnavailableException",
      async (o) => await new LambdaClient(o).send(new ListFunctionsCommand()),
    ],
    [
      "iam",
      "query",
      "AccessDenied",
      "ServiceUnavailable",
      async (o) => await new IAMClient(o).send(new ListUsersCommand()),
    ],
    [
      "s3",
      "rest-xml",
      "AccessDenied",
      "ServiceUnavailable",
      async (o) => await new S3Client(o).send(new GetObjectCommand({ Bucket: "b", Key: "k" })),
    ],
  ])("refusalAnswer() is %s's own", async (id, protocol, denied, unavailable, call) => {
    const metadata = { requestId: REQUEST_ID };
    expect(await thrown(answer(id, protocol, DENIED), call)).toMatchObject({
      name: denied,
      message: DENIED.message,
      $metadata: metadata,
    });
    expect(await thrown(answer(id, protocol, DEAD), call)).toMatchObject({
      name: unavailable,
      message: DEAD.message,
      $metadata: { ...metadata, httpStatusCode: 503 },
    });
  });

  test("refusalAnswer() speaks the protocol of the client, whatever that of the service", async () => {
    const call = async (options: never): Promise<unknown> =>
      await new CloudWatchClient(options).send(new ListMetricsCommand());
    const json = await thrown(answer("cloudwatch", "json-1.0", DENIED), call);
    expect(json).toMatchObject({ name: "AccessDeniedException" });
    expect(Buffer.from(answer("cloudwatch", "query", DENIED).body).toString()).toContain("<Code>AccessDenied</Code>");
    expect(answer("cloudwatch", "rpc-v2-cbor", DENIED).headers["smithy-protocol"]).toBe("rpc-v2-cbor");
  });

  test("refusalAnswer() to HEAD is understood without a body", async () => {
    const response = answer("s3", "rest-xml", DENIED, "HEAD");
    expect(response.body).toHaveLength(0);
    const call = async (o: never): Promise<unknown> =>
      await new S3Client(o).send(new HeadObjectCommand({ Bucket: "b", Key: "k" }));
    expect(await thrown(response, call)).toMatchObject({ $metadata: { httpStatusCode: 403, requestId: REQUEST_ID } });
  });
});

describe("refusalAnswer() on the wire", () => {
  test("refusalAnswer() of S3", () => {
    expect(Buffer.from(answer("s3", "rest-xml", DENIED).body).toString()).toBe(
      '<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>AccessDenied</Code><Message>User: &lt;alice&gt; is not authorized</Message><Resource>/bucket/a&amp;b</Resource><RequestId>a-request</RequestId></Error>',
    );
  });

  test("refusalAnswer() of EC2", () => {
    const { status, body } = answer("ec2", "ec2", DENIED);
    expect(status).toBe(403);
    expect(Buffer.from(body).toString()).toContain(
      "<Response><Errors><Error><Code>UnauthorizedOperation</Code><Message>You are not authorized to perform this operation. User: &lt;alice&gt; is not authorized</Message></Error></Errors><RequestID>a-request</RequestID></Response>",
    );
  });

  const code = (id: string | undefined, protocol: Protocol, refused: string): readonly [string, number] => {
    const { body, headers, status } = answer(id, protocol, new Refusal(refused, "", 403));
    const text = Buffer.from(body).toString("latin1");
    return [
      /<Code>(\w+)/.exec(text)?.[1] ?? headers["x-amzn-errortype"] ?? /__type"?[:"`-\x7f]+?(\w+)/.exec(text)?.[1] ?? "",
      status,
    ];
  };

  test.each<[string | undefined, Protocol, string, string, number]>([
    ["s3", "rest-xml", "MissingAuthenticationToken", "AccessDenied", 403],
    ["s3", "rest-xml", "InvalidClientTokenId", "InvalidAccessKeyId", 403],
    ["s3", "rest-xml", "Throttling", "SlowDown", 503],
    ["s3", "rest-xml", "IncompleteSignature", "AuthorizationHeaderMalformed", 400],
    ["s3", "rest-xml", "XAmzContentSHA256Mismatch", "XAmzContentSHA256Mismatch", 403],
    ["ec2", "ec2", "SignatureDoesNotMatch", "AuthFailure", 401],
    ["ec2", "ec2", "ServiceUnavailable", "Unavailable", 503],
    ["sns", "query", "AccessDenied", "AuthorizationError", 403],
    ["cloudfront", "rest-xml", "AccessDenied", "AccessDenied", 403],
    ["eks", "rest-json", "AccessDenied", "AccessDeniedException", 403],
    ["dynamodb", "json-1.0", "InvalidClientTokenId", "UnrecognizedClientException", 400],
    ["dynamodb", "json-1.0", "SignatureDoesNotMatch", "InvalidSignatureException", 400],
    [undefined, "json-1.1", "AccessDenied", "AccessDeniedException", 400],
    [undefined, "query", "AccessDenied", "AccessDenied", 403],
    ["constructor", "query", "constructor", "constructor", 403],
  ])("refusalAnswer() of %s in %s to %s is %s, %i", (id, protocol, refused, name, status) =>
    expect(code(id, protocol, refused)).toEqual([name, status]),
  );

  test("refusalAnswer() tells clients of a service that left the query protocol the name it had there", () => {
    const model: Service = { ...service("cloudtrail"), queryCompatible: true };
    expect(answer("sqs", "json-1.0", DENIED, "POST", model).headers["x-amzn-query-error"]).toBe("AccessDenied;Sender");
    expect(answer("sqs", "json-1.0", DEAD, "POST", model).headers["x-amzn-query-error"]).toBe(
      "ServiceUnavailable;Receiver",
    );
  });
});

describe("recordedRefusal()", () => {
  test.each<[string, Protocol, Refusal, string]>([
    ["ec2", "ec2", DENIED, "Client.UnauthorizedOperation"],
    ["ec2", "ec2", DEAD, "Server.Unavailable"],
    ["dynamodb", "json-1.0", DENIED, "AccessDenied"],
    ["lambda", "rest-json", DENIED, "AccessDenied"],
    ["dynamodb", "json-1.0", DEAD, "ServiceUnavailableException"],
    ["s3", "rest-xml", DENIED, "AccessDenied"],
    ["sns", "query", DENIED, "AuthorizationError"],
    ["iam", "query", DENIED, "AccessDenied"],
  ])("names for %s in %s what its client reads, as CloudTrail does", (id, protocol, refusal, errorCode) => {
    expect(recordedRefusal(resolved(id, protocol), refusal).errorCode).toBe(errorCode);
  });

  test("tells what the client is told", () => {
    const { errorMessage } = recordedRefusal(resolved("ec2", "ec2"), DENIED);
    expect(errorMessage).toBe(`You are not authorized to perform this operation. ${DENIED.message}`);
    expect(Buffer.from(answer("ec2", "ec2", DENIED).body).toString()).toContain("You are not authorized to perform");
  });
});
