import * as cloudtrail from "@aws-sdk/client-cloudtrail";
import * as cloudwatch from "@aws-sdk/client-cloudwatch";
import * as dynamodb from "@aws-sdk/client-dynamodb";
import * as iam from "@aws-sdk/client-iam";
import * as lambda from "@aws-sdk/client-lambda";
import * as s3 from "@aws-sdk/client-s3";
import * as sqs from "@aws-sdk/client-sqs";
import * as sts from "@aws-sdk/client-sts";
import { describe, expect, test } from "vitest";
import type { WireRequest } from "../../src/aws/index.ts";
import { openCatalog } from "../../src/aws/index.ts";
import { SAME } from "../alike-operations.ts";
import { sampleInput } from "../sample-input.ts";

/** Every command of the AWS SDK for JavaScript that is installed: it has its own serialisers, made from other models. */

interface Sendable {
  send(command: unknown): Promise<unknown>;
  readonly middlewareStack: { add(middleware: unknown, options: object): void };
}

type Constructor<T> = new (options: object) => T;

interface Sdk {
  readonly id: string;
  readonly commands: object;
  readonly client: Constructor<object>;
  readonly options?: object;
}

const SDKS: readonly Sdk[] = [
  { id: "cloudtrail", commands: cloudtrail, client: cloudtrail.CloudTrailClient },
  { id: "cloudwatch", commands: cloudwatch, client: cloudwatch.CloudWatchClient },
  { id: "dynamodb", commands: dynamodb, client: dynamodb.DynamoDBClient },
  { id: "iam", commands: iam, client: iam.IAMClient },
  { id: "lambda", commands: lambda, client: lambda.LambdaClient },
  { id: "s3", commands: s3, client: s3.S3Client },
  { id: "s3", commands: s3, client: s3.S3Client, options: { forcePathStyle: true } },
  { id: "sqs", commands: sqs, client: sqs.SQSClient },
  { id: "sts", commands: sts, client: sts.STSClient },
];

const catalog = openCatalog();

describe.each(SDKS)("the SDK's client for $id, $options", ({ id, commands: all, client: Client, options = {} }) => {
  const commands = Object.entries(all).filter(([name]) => /^[A-Z]\w+Command$/.test(name));

  test("has all its commands understood by resolve()", async () => {
    const { client, sent } = openClient(Client as Constructor<Sendable>, options);
    const wrong: string[] = [];
    for (const [name, Command] of commands) {
      const operation = name.replace(/Command$/, "");
      const model = catalog.model(id)?.operations.get(operation);
      const command = new (Command as Constructor<object>)(
        sampleInput(model?.input, { optional: false, label: "some-label" }),
      );
      await client.send(command).catch((thrown: unknown) => thrown);
      const wire = sent.pop();
      const resolved = wire && nameOf(wire);
      const truth = `${id} ${operation}`;
      if (resolved !== truth && resolved !== SAME[truth] && model !== undefined)
        wrong.push(`${truth} is taken for ${resolved}`);
    }
    expect(wrong).toEqual([]);
    expect(commands.length).toBeGreaterThan(7);
  });
});

function nameOf(wire: WireRequest): string {
  const signingName = /Credential=[^,]+\/([^/,]+)\/aws4_request/.exec(wire.headers["authorization"]?.[0] ?? "")?.[1];
  const call = catalog.resolve(wire, signingName === undefined ? {} : { signingName });
  return `${call.service?.id} ${call.operation ?? call.eventName}`;
}

/** A client whose requests are kept when they are ready, and go nowhere. */
function openClient(Client: Constructor<Sendable>, options: object): { client: Sendable; sent: WireRequest[] } {
  const sent: WireRequest[] = [];
  const requestHandler = {
    handle(request: Parameters<typeof wireOf>[0]): Promise<never> {
      sent.push(wireOf(request));
      return Promise.reject(new Error("kept"));
    },
  };
  const credentials = { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "some-secret" };
  const endpoint = "http://localhost:4580";
  const all = { region: "us-east-1", endpoint, credentials, requestHandler, maxAttempts: 1, ...options };
  return { client: new Client(all), sent };
}

function wireOf(request: {
  readonly method: string;
  readonly path: string;
  readonly query: Readonly<Record<string, string | readonly string[] | null>>;
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: unknown;
}): WireRequest {
  const { body } = request;
  const pairs = Object.entries(request.query).flatMap(([name, value]) => {
    if (value === null) return [encodeURIComponent(name)];
    return [value].flat().map((one) => `${encodeURIComponent(name)}=${encodeURIComponent(one)}`);
  });
  return {
    method: request.method,
    path: request.path,
    query: pairs.join("&"),
    headers: Object.fromEntries(Object.entries(request.headers).map(([name, value]) => [name.toLowerCase(), [value]])),
    body: typeof body === "string" || body instanceof Uint8Array ? Buffer.from(body) : new Uint8Array(0),
  };
}
