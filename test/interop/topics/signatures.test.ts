import { execFileSync, spawn } from "node:child_process";
import { createVerify } from "node:crypto";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { Agent, get } from "node:https";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { PublishCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import {
  CreateQueueCommand,
  type Message as QueueMessage,
  ReceiveMessageCommand,
  SQSClient,
} from "@aws-sdk/client-sqs";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { startServer, type TestServer } from "../../server.ts";
import { until } from "../../trail.ts";
import { whySkipped } from "../clients.ts";
import { makeCertificate } from "../gateway/gateway-run.ts";
import { type Moto, MOTO_MISSING, startMoto } from "../gateway/moto.ts";
import { freePort, startWebhook, type Webhook } from "../receivers.ts";
import { createTopic, type Message, messageTo, REGION, requestsTo, TO_THIS_MACHINE, topicArn } from "./topics-world.ts";

const QUEUE = "arn:aws:sqs:us-east-1:123456789012:";
const FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:on-alarm";
const TEXT = 'A "quoted" line,\nand ünïcode \u{1f600}';

let directory: string;
let pem: { readonly certificate: string; readonly key: string };
let publicUrl: string;
let server: TestServer;
let sns: SNSClient;
let hook: Webhook;
let secureHook: Webhook;
let functions: Webhook;
let moto: Moto | undefined;
let sqs: SQSClient;

beforeAll(async () => {
  directory = mkdtempSync(join(tmpdir(), "opentrail-signatures-"));
  pem = makeCertificate(directory);
  const port = await freePort();
  publicUrl = `https://localhost:${port}`;
  [hook, secureHook, functions] = await Promise.all([
    startWebhook(),
    startWebhook(undefined, pem),
    startWebhook(() => 202),
  ]);
  moto = MOTO_MISSING === undefined ? await startMoto() : undefined;
  server = await startServer({
    flags: [
      `--api=127.0.0.1:${port}`,
      `--api-public-url=${publicUrl}`,
      `--tls-certificate=${pem.certificate}`,
      `--tls-key=${pem.key}`,
      `--targets-lambda-endpoint=${functions.url}`,
      ...(moto === undefined ? [] : [`--targets-sqs-endpoint=${moto.endpoint}`]),
      ...TO_THIS_MACHINE,
    ],
    environment: {
      NODE_EXTRA_CA_CERTS: pem.certificate,
      AWS_ACCESS_KEY_ID: "AKIAIOSFODNN7EXAMPLE",
      AWS_SECRET_ACCESS_KEY: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
    },
  });
  const httpsAgent = new Agent({ ca: readFileSync(pem.certificate) });
  sns = new SNSClient({
    endpoint: publicUrl,
    region: REGION,
    credentials: server.root,
    requestHandler: { httpsAgent },
  });
  sqs = new SQSClient({
    endpoint: moto?.endpoint ?? "http://127.0.0.1:1",
    region: REGION,
    credentials: { accessKeyId: "moto", secretAccessKey: "moto" },
  });
});

afterAll(async () => {
  sns.destroy();
  sqs.destroy();
  await Promise.all([server.stop(), hook.stop(), secureHook.stop(), functions.stop(), moto?.stop()]);
  rmSync(directory, { recursive: true, force: true });
});

/** `sns-validator` as it is, in a process that trusts the server's certificate: what it says of each message. */
async function verdicts(messages: readonly object[], hostPattern?: RegExp): Promise<readonly string[]> {
  const script = `
    const Validator = require(${JSON.stringify(createRequire(import.meta.url).resolve("sns-validator"))});
    const validator = new Validator(${hostPattern === undefined ? "" : String(hostPattern)});
    const verdict = (message) => new Promise((told) =>
      validator.validate(message, (refused) => told(refused ? refused.message : "valid")));
    require("node:stream/consumers").json(process.stdin)
      .then((messages) => Promise.all(messages.map(verdict)))
      .then((all) => console.log(JSON.stringify(all)));`;
  const child = spawn(process.execPath, ["-e", script], {
    stdio: ["pipe", "pipe", "inherit"],
    env: { NODE_EXTRA_CA_CERTS: pem.certificate },
  });
  child.stdin.end(JSON.stringify(messages));
  const said = text(child.stdout);
  await once(child, "close");
  return JSON.parse(await said) as readonly string[];
}

const OURS = /^localhost:\d+$/;
const VALID = "valid";
const INVALID = "The message signature is invalid.";

/** What a receiver who trusts the server opens. */
async function open(link: string): Promise<string> {
  const [response] = await once(get(link, { ca: readFileSync(pem.certificate) }), "response");
  return await text(response);
}

async function subscribe(name: string, hookOf: Webhook, Attributes = {}): Promise<void> {
  const Endpoint = `${hookOf.url}/${name}`;
  const Protocol = Endpoint.split(":")[0];
  await sns.send(new SubscribeCommand({ TopicArn: topicArn(name), Protocol, Endpoint, Attributes }));
  const { SubscribeURL = "" } = await messageTo(hookOf, `/${name}`, "SubscriptionConfirmation");
  expect(SubscribeURL.startsWith(`${publicUrl}/?Action=ConfirmSubscription&`)).toBe(true);
  expect(await open(SubscribeURL)).toContain("<ConfirmSubscriptionResult>");
}

function flipped(letters: string): string {
  const middle = Math.floor(letters.length / 2);
  const other = letters[middle] === "A" ? "B" : "A";
  return letters.slice(0, middle) + other + letters.slice(middle + 1);
}

describe.each([
  ["1", "http"],
  ["2", "https"],
])("SignatureVersion %s over %s", (SignatureVersion, protocol) => {
  test("sns-validator accepts every message as it came, and none with a flipped byte", async () => {
    const name = `signed-${SignatureVersion}`;
    const hookOf = protocol === "http" ? hook : secureHook;
    const TopicArn = await createTopic(sns, name, { SignatureVersion });
    await subscribe(name, hookOf);
    await sns.send(new PublishCommand({ TopicArn, Message: TEXT, Subject: "Ünder attack" }));
    await sns.send(new PublishCommand({ TopicArn, Message: "no subject" }));
    await messageTo(hookOf, `/${name}`, "Notification", 2);
    const messages = requestsTo(hookOf, `/${name}`).map(({ body }) => JSON.parse(body) as Message);
    expect(messages.map((message) => message["SignatureVersion"])).toEqual(messages.map(() => SignatureVersion));
    expect(messages).toHaveLength(3);
    expect(await verdicts(messages, OURS)).toEqual(messages.map(() => VALID));
    const signed = ["Message", "MessageId", "Timestamp", "TopicArn", "Signature"];
    const forged = messages.flatMap((message) =>
      signed.map((member) => ({ ...message, [member]: flipped(message[member] ?? "") })),
    );
    expect(await verdicts(forged, OURS)).toEqual(forged.map(() => INVALID));
    const [notification = {}] = messages.filter(({ Subject }) => Subject !== undefined);
    const { Subject: _, ...unsubjected } = notification as Message;
    expect(await verdicts([unsubjected], OURS)).toEqual([INVALID]);
    // The package trusts Amazon's hosts unless it is told another: that it was not changed shows in this.
    expect(await verdicts([notification])).toEqual(["The certificate is located on an invalid domain."]);
  });

  test("the message of an end is signed over what AWS documents", async () => {
    const name = `signed-${SignatureVersion}`;
    const hookOf = protocol === "http" ? hook : secureHook;
    const { UnsubscribeURL = "" } = await messageTo(hookOf, `/${name}`);
    await open(UnsubscribeURL);
    // sns-validator leaves the token of this type out, which AWS's documentation names.
    const left = await messageTo(hookOf, `/${name}`, "UnsubscribeConfirmation");
    const members = ["Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"];
    const verify = createVerify(SignatureVersion === "1" ? "RSA-SHA1" : "RSA-SHA256");
    verify.update(members.map((member) => `${member}\n${left[member]}\n`).join(""));
    expect(verify.verify(await open(left["SigningCertURL"] ?? ""), left["Signature"] ?? "", "base64")).toBe(true);
  });
});

test("openssl reads the certificate, which is no authority", async () => {
  const certificate = await open((await messageTo(hook, "/signed-1"))["SigningCertURL"] ?? "");
  const read = execFileSync("/usr/bin/openssl", ["x509", "-noout", "-text"], { input: certificate, encoding: "utf8" });
  expect(read).toContain("Public-Key: (2048 bit)");
  expect(read).not.toContain("CA:TRUE");
});

test("a function gets AWS's event, whose message sns-validator accepts", async () => {
  const TopicArn = await createTopic(sns, "functions");
  const { SubscriptionArn } = await sns.send(
    new SubscribeCommand({ TopicArn, Protocol: "lambda", Endpoint: FUNCTION }),
  );
  const MessageAttributes = { level: { DataType: "Number", StringValue: "3" } };
  const { MessageId } = await sns.send(new PublishCommand({ TopicArn, Message: TEXT, MessageAttributes }));
  await until(
    "invocation",
    () => functions.requests,
    ({ length }) => length > 0,
  );
  const [invoked] = functions.requests;
  expect(invoked).toMatchObject({
    method: "POST",
    path: `/2015-03-31/functions/${encodeURIComponent(FUNCTION)}/invocations`,
    headers: { "x-amz-invocation-type": "Event", authorization: expect.stringMatching(/^AWS4-HMAC-SHA256 /) },
  });
  const event = JSON.parse(invoked?.body ?? "") as { readonly Records: readonly { readonly Sns: Message }[] };
  expect(event).toMatchObject({
    Records: [
      {
        EventSource: "aws:sns",
        EventVersion: "1.0",
        EventSubscriptionArn: SubscriptionArn,
        Sns: {
          Type: "Notification",
          MessageId,
          TopicArn,
          Subject: null,
          Message: TEXT,
          SigningCertUrl: expect.stringMatching(/\.pem$/),
          UnsubscribeUrl: expect.stringContaining("Action=Unsubscribe"),
          MessageAttributes: { level: { Type: "Number", Value: "3" } },
        },
      },
    ],
  });
  expect(
    await verdicts(
      event.Records.map(({ Sns }) => Sns),
      OURS,
    ),
  ).toEqual([VALID]);
});

describe.skipIf(MOTO_MISSING !== undefined)(`queues of moto${whySkipped(MOTO_MISSING)}`, () => {
  /** Waits for the first message in a queue. */
  async function received(QueueName: string): Promise<QueueMessage> {
    const QueueUrl = `${moto?.endpoint}/123456789012/${QueueName}`;
    const receive = new ReceiveMessageCommand({ QueueUrl, MessageAttributeNames: ["All"], VisibilityTimeout: 0 });
    const { Messages = [] } = await until(
      `a message in ${QueueName}`,
      () => sqs.send(receive),
      (received) => (received.Messages ?? []).length > 0,
    );
    return Messages[0] ?? {};
  }

  test("a queue gets the envelope, which sns-validator accepts, or the raw message with its attributes", async () => {
    const TopicArn = await createTopic(sns, "queues", { SignatureVersion: "2" });
    for (const [QueueName, RawMessageDelivery] of [
      ["wrapped", "false"],
      ["raw", "true"],
    ] as const) {
      await sqs.send(new CreateQueueCommand({ QueueName }));
      const Endpoint = QUEUE + QueueName;
      const Attributes = { RawMessageDelivery };
      await sns.send(new SubscribeCommand({ TopicArn, Protocol: "sqs", Endpoint, Attributes }));
    }
    const MessageAttributes = {
      level: { DataType: "Number", StringValue: "3" },
      bytes: { DataType: "Binary", BinaryValue: new Uint8Array([0, 200]) },
    };
    const { MessageId } = await sns.send(new PublishCommand({ TopicArn, Message: TEXT, MessageAttributes }));
    const wrapped = await received("wrapped");
    const envelope = JSON.parse(wrapped.Body ?? "") as Message;
    expect(envelope).toMatchObject({
      Type: "Notification",
      MessageId,
      Message: TEXT,
      MessageAttributes: { level: { Type: "Number", Value: "3" }, bytes: { Type: "Binary", Value: "AMg=" } },
    });
    expect(wrapped.MessageAttributes).toBeUndefined();
    expect(await verdicts([envelope], OURS)).toEqual([VALID]);
    const raw = await received("raw");
    expect(raw.Body).toBe(TEXT);
    expect(raw.MessageAttributes).toMatchObject({
      level: { DataType: "Number", StringValue: "3" },
      bytes: { DataType: "Binary", BinaryValue: new Uint8Array([0, 200]) },
    });
  });

  test("what a webhook refuses goes to the queue that the RedrivePolicy names", async () => {
    await sqs.send(new CreateQueueCommand({ QueueName: "dead" }));
    const refusing = await startWebhook((_, nth) => (nth === 1 ? 200 : 404));
    const TopicArn = await createTopic(sns, "dying");
    await subscribe("dying", refusing, { RedrivePolicy: JSON.stringify({ deadLetterTargetArn: `${QUEUE}dead` }) });
    const { MessageId } = await sns.send(new PublishCommand({ TopicArn, Message: "nobody takes me" }));
    const dead = JSON.parse((await received("dead")).Body ?? "") as Message;
    expect(dead).toMatchObject({ Type: "Notification", MessageId, Message: "nobody takes me" });
    expect(requestsTo(refusing, "/dying")).toHaveLength(2);
    await refusing.stop();
  });
});
