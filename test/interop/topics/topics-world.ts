import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { CreateTopicCommand, SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import type { AuditRecord } from "../../../src/record/index.ts";
import { readJournal } from "../../read-journal.ts";
import { startServer, type TestServer } from "../../server.ts";
import { ACCOUNT, until } from "../../trail.ts";
import type { HookRequest, Webhook } from "../receivers.ts";

export const REGION = "us-east-1";

/** Lets subscriptions reach what runs on this machine. */
export const TO_THIS_MACHINE: readonly string[] = ["--targets-allow", "127.0.0.0/8"];

/** A message as it is in the body of a delivery. */
export type Message = Readonly<Record<string, string>> & {
  readonly MessageAttributes?: Readonly<Record<string, { readonly Type: string; readonly Value: string }>>;
};

export function topicArn(name: string): string {
  return `arn:aws:sns:${REGION}:${ACCOUNT}:${name}`;
}

export function snsOf({ endpoint, root }: Pick<TestServer, "endpoint" | "root">): SNSClient {
  return new SNSClient({ endpoint, region: REGION, credentials: root, maxAttempts: 1 });
}

export async function createTopic(sns: SNSClient, Name: string, Attributes = {}): Promise<string> {
  const { TopicArn = "" } = await sns.send(new CreateTopicCommand({ Name, Attributes }));
  return TopicArn;
}

/** What came to one path of a webhook, in order. */
export function requestsTo(hook: Webhook, path: string): readonly HookRequest[] {
  return hook.requests.filter((request) => request.path === path);
}

/** The bodies of a type that came to one path. */
export function messagesTo(hook: Webhook, path: string, type = "Notification"): readonly Message[] {
  const typed = requestsTo(hook, path).filter(({ headers }) => headers["x-amz-sns-message-type"] === type);
  return typed.map(({ body }) => JSON.parse(body) as Message);
}

/** Waits for the nth message of a type. */
export async function messageTo(hook: Webhook, path: string, type = "Notification", nth = 1): Promise<Message> {
  const all = await until(
    `message ${nth} (${type}) to ${path}`,
    () => messagesTo(hook, path, type),
    (messages) => messages.length >= nth,
  );
  return all[nth - 1] ?? {};
}

/** Subscribes a path of a webhook and follows the link that comes to it, as people do; resolves with the subscription's ARN. */
export async function subscribeHook(
  sns: SNSClient,
  hook: Webhook,
  TopicArn: string,
  path: string,
  Attributes: Readonly<Record<string, string>> = {},
): Promise<string> {
  const Endpoint = hook.url + path;
  const subscribed = await sns.send(new SubscribeCommand({ TopicArn, Protocol: "http", Endpoint, Attributes }));
  if (subscribed.SubscriptionArn !== "pending confirmation")
    throw new Error(`confirmed: ${subscribed.SubscriptionArn}`);
  const { SubscribeURL = "" } = await messageTo(hook, path, "SubscriptionConfirmation");
  return arnOf(await follow(SubscribeURL));
}

/** A link opened by somebody without credentials. @throws {Error} with the answer when it is no success. */
export async function follow(link: string): Promise<string> {
  const response = await fetch(link);
  const body = await response.text();
  if (!response.ok) throw new Error(`${link}: ${response.status} ${body}`);
  return body;
}

/** The subscription that an answer in XML speaks of. */
export function arnOf(xml: string): string {
  const arn = /<SubscriptionArn>([^<]+)<\/SubscriptionArn>/.exec(xml)?.[1];
  if (arn === undefined) throw new Error(`no SubscriptionArn in ${xml}`);
  return arn;
}

/** Long enough for whatever might come in vain, on a machine that has brought everything else within it. */
export async function settle(): Promise<void> {
  await sleep(700);
}

/** A server whose records can be read once it has stopped. */
export interface AuditedServer {
  readonly server: TestServer;
  /** Stops it; resolves with every record of its journal. @throws {Error} when it does not end well. */
  records(): Promise<readonly AuditRecord[]>;
  /** Ends it, if it still runs, and takes its data away. */
  remove(): Promise<void>;
}

export async function startAudited(flags: readonly string[]): Promise<AuditedServer> {
  const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-topics-"));
  const server = await startServer({ dataDirectory, flags: [...TO_THIS_MACHINE, ...flags] });
  return {
    server,
    records: async () => {
      const code = await server.stop();
      if (code !== 0) throw new Error(`the server ended with ${code}\n${server.log()}`);
      const { texts } = await readJournal(dataDirectory);
      return texts.map((text) => JSON.parse(text) as AuditRecord);
    },
    remove: async () => {
      await server.kill();
      rmSync(dataDirectory, { recursive: true, force: true });
    },
  };
}
