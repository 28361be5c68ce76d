import { describe, expect, test } from "vitest";
import { openCatalog, type Protocol } from "../../aws/index.ts";
import { readError } from "./read-error.ts";

const catalog = openCatalog();

interface Case {
  readonly id: string;
  readonly protocol: Protocol;
  readonly status: number;
  readonly body?: string;
  readonly headers?: Record<string, string>;
  readonly hasKey?: boolean;
}

function read({ id, protocol, status, body = "", headers = {}, hasKey = false }: Case): unknown {
  const service = catalog.model(id);
  const known = catalog.service(id);
  if (service === undefined || known === undefined) throw new Error(`no ${id}`);
  const needs = { service, protocol, eventSource: known.eventSource, hasKey };
  return readError(needs, { status, headers, body: Buffer.from(body) });
}

const ec2 = (code: string) =>
  `<Response><Errors><Error><Code>${code}</Code><Message>m</Message></Error></Errors></Response>`;

describe("readError()", () => {
  test.each<[string, Case, string, string?]>([
    [
      "JSON's type",
      { id: "kms", protocol: "json-1.1", status: 400, body: '{"__type":"a.b#NotFoundException","message":"m"}' },
      "NotFoundException",
      "m",
    ],
    [
      "the code that a service told when it spoke query",
      {
        id: "sqs",
        protocol: "json-1.0",
        status: 400,
        body: '{"__type":"com.amazonaws.sqs#QueueDoesNotExist","message":"m"}',
        headers: { "x-amzn-query-error": "AWS.SimpleQueueService.NonExistentQueue;Sender" },
      },
      "AWS.SimpleQueueService.NonExistentQueue",
      "m",
    ],
    [
      "a header's type",
      {
        id: "lambda",
        protocol: "rest-json",
        status: 404,
        body: '{"Message":"m"}',
        headers: { "x-amzn-errortype": "ResourceNotFoundException:http://x" },
      },
      "ResourceNotFoundException",
      "m",
    ],
    [
      "query's code",
      {
        id: "iam",
        protocol: "query",
        status: 404,
        body: "<ErrorResponse><Error><Code>NoSuchEntity</Code><Message>m</Message></Error></ErrorResponse>",
      },
      "NoSuchEntity",
      "m",
    ],
    [
      "who is to blame in EC2",
      { id: "ec2", protocol: "ec2", status: 400, body: ec2("InvalidGroup.NotFound") },
      "Client.InvalidGroup.NotFound",
      "m",
    ],
    [
      "that EC2 itself failed",
      { id: "ec2", protocol: "ec2", status: 503, body: ec2("Unavailable") },
      "Server.Unavailable",
      "m",
    ],
    [
      "S3's code",
      {
        id: "s3",
        protocol: "rest-xml",
        status: 404,
        body: "<Error><Code>NoSuchKey</Code><Message>m</Message></Error>",
      },
      "NoSuchKey",
      "m",
    ],
    ["what HEAD of an object misses", { id: "s3", protocol: "rest-xml", status: 404, hasKey: true }, "NoSuchKey"],
    ["what HEAD of a bucket misses", { id: "s3", protocol: "rest-xml", status: 404 }, "NoSuchBucket"],
    ["what HEAD may not", { id: "s3", protocol: "rest-xml", status: 403, hasKey: true }, "AccessDenied"],
    [
      "a condition that does not hold",
      { id: "s3", protocol: "rest-xml", status: 412, hasKey: true },
      "PreconditionFailed",
    ],
    [
      "a server that answers JSON to XML",
      { id: "s3", protocol: "rest-xml", status: 500, body: '{"code":"InternalError","message":"m"}' },
      "InternalError",
      "m",
    ],
    [
      "a proxy's page",
      { id: "kms", protocol: "json-1.1", status: 502, body: "<html><title>502 Bad Gateway</title>" },
      "BadGateway",
      "502 Bad Gateway",
    ],
    ["a status alone", { id: "kms", protocol: "json-1.1", status: 418 }, "HTTP418"],
    [
      "a code that is no name",
      { id: "kms", protocol: "json-1.1", status: 400, body: '{"__type":"<script>"}' },
      "BadRequest",
    ],
  ])("tells %s", (_, answered, errorCode, errorMessage) => {
    expect(read(answered)).toEqual({ errorCode, ...(errorMessage === undefined ? {} : { errorMessage }) });
  });

  test("cuts a message that is longer than a record can have it", () => {
    const said = read({
      id: "kms",
      protocol: "json-1.1",
      status: 400,
      body: JSON.stringify({ __type: "X", message: "m".repeat(9000) }),
    });
    expect((said as { errorMessage: string }).errorMessage.length).toBe(2048);
  });
});
