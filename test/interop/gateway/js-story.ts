import { createHash, randomBytes } from "node:crypto";
import { Readable } from "node:stream";
import * as cloudwatch from "@aws-sdk/client-cloudwatch";
import * as dynamodb from "@aws-sdk/client-dynamodb";
import * as lambda from "@aws-sdk/client-lambda";
import * as s3 from "@aws-sdk/client-s3";
import * as sqs from "@aws-sdk/client-sqs";
import type { Attempt, OracleOptions, Parameters } from "./oracle.ts";

/** What we use of any client of the SDK. */
interface Client {
  readonly middlewareStack: { add(middleware: unknown, options: object): void };
}

interface Sent {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
}

/** A refusal as the SDK throws it. */
interface SdkError extends Error {
  readonly Code?: string;
  readonly $metadata?: { readonly requestId?: string; readonly httpStatusCode?: number };
}

const MEBIBYTE = 1024 * 1024;

/** What an application in JavaScript does in a day, each attempt of it told; bodies are compared on the way. */
export async function jsStory(options: OracleOptions, bucket: string): Promise<readonly Attempt[]> {
  const told: Attempt[] = [];
  const configuration = {
    endpoint: options.endpoint,
    credentials: { ...options.credentials },
    region: "us-east-1",
    maxAttempts: 1,
  };
  await storeObjects(watched("s3", new s3.S3Client({ ...configuration, forcePathStyle: true }), told), bucket);
  await keepTable(watched("dynamodb", new dynamodb.DynamoDBClient(configuration), told));
  await queueUp(watched("sqs", new sqs.SQSClient(configuration), told));
  await runFunctions(watched("lambda", new lambda.LambdaClient(configuration), told));
  await measure(watched("cloudwatch", new cloudwatch.CloudWatchClient(configuration), told));
  return told;
}

async function storeObjects(client: s3.S3Client, bucket: string): Promise<void> {
  const about = { Bucket: bucket, Key: "from js/grüße + %.bin" };
  await client.send(new s3.CreateBucketCommand({ Bucket: bucket }));
  for (const size of [0, 10, 3 * MEBIBYTE]) {
    const sent = randomBytes(size);
    // A stream goes out in chunks with its checksum behind them.
    const Body = Readable.from([sent.subarray(0, size / 2), sent.subarray(size / 2)]);
    await client.send(new s3.PutObjectCommand({ ...about, Body, ContentLength: size }));
    const { Body: got } = await client.send(new s3.GetObjectCommand(about));
    same(await got?.transformToByteArray(), sent);
  }
  await client.send(new s3.HeadObjectCommand(about));
  await refused(client.send(new s3.HeadObjectCommand({ ...about, Key: "absent" })));
  await refused(client.send(new s3.GetObjectCommand({ ...about, Key: "absent" })));
  await client.send(
    new s3.CopyObjectCommand({ ...about, CopySource: `${bucket}/${encodeURIComponent(about.Key)}`, Key: "copy" }),
  );
  await client.send(new s3.ListObjectsV2Command({ Bucket: bucket, Prefix: "from js/" }));
  const parts = await uploadParts(client, bucket);
  const { Body: whole } = await client.send(new s3.GetObjectCommand({ Bucket: bucket, Key: "parts" }));
  same(await whole?.transformToByteArray(), parts);
  const Objects = ["copy", "parts", about.Key].map((Key) => ({ Key }));
  await client.send(new s3.DeleteObjectsCommand({ Bucket: bucket, Delete: { Objects } }));
  await client.send(new s3.DeleteBucketCommand({ Bucket: bucket }));
}

async function uploadParts(client: s3.S3Client, bucket: string): Promise<Uint8Array> {
  const content = randomBytes(5 * MEBIBYTE + 1);
  const about = { Bucket: bucket, Key: "parts" };
  const { UploadId } = await client.send(new s3.CreateMultipartUploadCommand(about));
  const Parts: s3.CompletedPart[] = [];
  for (const [index, Body] of [content.subarray(0, 5 * MEBIBYTE), content.subarray(5 * MEBIBYTE)].entries()) {
    const PartNumber = index + 1;
    const { ETag } = await client.send(new s3.UploadPartCommand({ ...about, UploadId, PartNumber, Body }));
    Parts.push({ PartNumber, ETag });
  }
  await client.send(new s3.CompleteMultipartUploadCommand({ ...about, UploadId, MultipartUpload: { Parts } }));
  return content;
}

async function keepTable(client: dynamodb.DynamoDBClient): Promise<void> {
  const TableName = "guests-of-js";
  await client.send(
    new dynamodb.CreateTableCommand({
      TableName,
      KeySchema: [{ AttributeName: "name", KeyType: "HASH" }],
      AttributeDefinitions: [{ AttributeName: "name", AttributeType: "S" }],
      BillingMode: "PAY_PER_REQUEST",
    }),
  );
  await client.send(new dynamodb.PutItemCommand({ TableName, Item: { name: { S: "Mary" }, cups: { N: "3" } } }));
  await client.send(new dynamodb.GetItemCommand({ TableName, Key: { name: { S: "Mary" } } }));
  await client.send(new dynamodb.DeleteTableCommand({ TableName }));
  await refused(client.send(new dynamodb.DescribeTableCommand({ TableName })));
}

async function queueUp(client: sqs.SQSClient): Promise<void> {
  const { QueueUrl } = await client.send(new sqs.CreateQueueCommand({ QueueName: "orders-of-js" }));
  await client.send(new sqs.SendMessageCommand({ QueueUrl, MessageBody: "one mocha" }));
  const { Messages = [] } = await client.send(new sqs.ReceiveMessageCommand({ QueueUrl }));
  await client.send(new sqs.DeleteMessageCommand({ QueueUrl, ReceiptHandle: Messages[0]?.ReceiptHandle }));
  await client.send(new sqs.DeleteQueueCommand({ QueueUrl }));
  await refused(client.send(new sqs.GetQueueUrlCommand({ QueueName: "orders-of-js" })));
}

async function runFunctions(client: lambda.LambdaClient): Promise<void> {
  await client.send(new lambda.ListFunctionsCommand({}));
  await refused(client.send(new lambda.GetFunctionCommand({ FunctionName: "none" })));
  await refused(client.send(new lambda.InvokeCommand({ FunctionName: "none", Payload: Buffer.from('{"cup":1}') })));
}

async function measure(client: cloudwatch.CloudWatchClient): Promise<void> {
  const MetricData = [{ MetricName: "Cups", Value: 2, Timestamp: new Date(1_767_323_045_000) }];
  await client.send(new cloudwatch.PutMetricDataCommand({ Namespace: "Js", MetricData }));
  await client.send(new cloudwatch.DescribeAlarmsCommand({ AlarmNamePrefix: "dry" }));
  await refused(client.send(new cloudwatch.GetDashboardCommand({ DashboardName: "none" })));
}

/** A call that must fail, on the server's side. */
async function refused(call: Promise<unknown>): Promise<void> {
  const outcome = await call.then(
    () => "it went well",
    (error: SdkError) => error,
  );
  if (typeof outcome === "string" || outcome.$metadata?.httpStatusCode === undefined) {
    throw new Error("a call was not refused", { cause: outcome });
  }
}

function same(got: Uint8Array | undefined, sent: Uint8Array): void {
  const sum = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("hex");
  if (got === undefined || sum(got) !== sum(sent)) throw new Error(`${got?.length} other bytes for ${sent.length}`);
}

/** Marks each attempt of a client and tells it; marks of this language begin far from those of the others. */
function watched<Watched extends Client>(service: string, client: Watched, told: Attempt[]): Watched {
  const seeAttempt =
    (next: (args: unknown) => Promise<{ readonly output: { readonly $metadata: object } }>, context: Parameters) =>
    async (args: { readonly request: Sent; readonly input: Parameters }): Promise<unknown> => {
      const { request, input } = args;
      const mark = 1_000_000 + told.length;
      request.headers["user-agent"] = `${request.headers["user-agent"]} oracle.${mark}`;
      const fact = {
        service,
        signingName: service === "cloudwatch" ? "monitoring" : service,
        operation: String(context["commandName"]).replace(/Command$/, ""),
        parameters: parametersOf(input),
        secrets: [],
        mark,
        method: request.method,
        url: request.path,
        userAgent: request.headers["user-agent"],
        invocationId: request.headers["amz-sdk-invocation-id"] ?? "",
        attempt: 1,
      };
      try {
        const result = await next(args);
        told.push({ ...fact, status: 200, errorCode: "" });
        return result;
      } catch (thrown) {
        const { Code, name, $metadata } = thrown as SdkError;
        // An answer to HEAD has no body: the name is the SDK's own.
        const codes = request.method === "HEAD" ? { errorCode: "" } : { errorCode: name, queryError: Code ?? name };
        told.push({ ...fact, ...codes, status: $metadata?.httpStatusCode ?? 0 });
        throw thrown;
      }
    };
  client.middlewareStack.add(seeAttempt, { step: "deserialize", name: "seeAttempt", priority: "high" });
  return client;
}

/** In the form that the other oracles tell them. */
function parametersOf(input: Parameters): Parameters {
  const told = (value: unknown): unknown => {
    if (value instanceof Date) return { $time: value.getTime() / 1000 };
    if (value instanceof Readable || value instanceof Uint8Array) return { $blob: "" };
    if (Array.isArray(value)) return value.map(told);
    if (typeof value !== "object" || value === null) return value;
    const members = Object.entries(value).filter(([, inner]) => inner !== undefined);
    return Object.fromEntries(members.map(([member, inner]) => [member, told(inner)]));
  };
  return told(input) as Parameters;
}
