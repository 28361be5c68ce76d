import { describe, expect, onTestFinished, test } from "vitest";
import type { Kysely } from "kysely";
import { systemRandom } from "../core/index.ts";
import { addDeliveries, deliveriesMigrations } from "../deliveries/index.ts";
import { SecretBox } from "../identity/index.ts";
import { openTables } from "../store/index.ts";
import { openTopics } from "./open-topics.ts";
import { topicsMigrations } from "./schema.ts";
import type { TopicsTables } from "./topic.ts";

const ACCOUNT = "123456789012";
const place = { account: ACCOUNT, region: "us-east-1" };
const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:news`;

describe("publish()", () => {
  test("writes the message into the ledger with the caller's transaction, or not at all", async () => {
    const tables = await openTables<TopicsTables>(":memory:", { ...topicsMigrations, ...deliveriesMigrations });
    onTestFinished(() => tables.destroy());
    const topics = await openTopics({
      tables,
      box: new SecretBox(new Uint8Array(32), systemRandom),
      clock: { now: () => 0, elapsed: () => 0 },
      random: systemRandom,
      publicUrl: () => "http://127.0.0.1:4588/",
      addDeliveries,
      wake: () => undefined,
    });
    const change = <Answer>(work: (transaction: Kysely<TopicsTables>) => Promise<Answer>): Promise<Answer> =>
      tables.transaction().execute(work);
    await change(async (transaction) => {
      await topics.create(transaction, { ...place, name: "news" }, 0);
      const topic = { ...place, arn: TOPIC, name: "news", attributes: {} };
      const endpoint = "https://hooks.example.org/";
      await topics.subscribe(transaction, { ...place, topic, protocol: "https", endpoint, attributes: {} }, 0);
    });
    const ledger = () => tables.selectFrom("deliveries").select(["event_id", "body"]).orderBy("delivery_id").execute();
    const [confirmation] = await ledger();
    const { SubscribeURL, Token: token } = JSON.parse(confirmation?.body ?? "") as Readonly<Record<string, string>>;
    expect(SubscribeURL).toBe(`http://127.0.0.1:4588/?Action=ConfirmSubscription&TopicArn=${TOPIC}&Token=${token}`);
    await change((transaction) =>
      topics.confirm(transaction, { topicArn: TOPIC, token: token ?? "", authenticated: false }, 1),
    );

    const message = { topicArn: TOPIC, message: "m", hops: 0 };
    const broken = change(async (transaction) => {
      await topics.publish(transaction, message, 2);
      throw new Error("the record could not be kept");
    });
    await expect(broken).rejects.toThrow("could not be kept");
    expect((await ledger()).length).toBe(1);
    const messageId = await change((transaction) => topics.publish(transaction, message, 2));
    expect((await ledger()).slice(1).map(({ event_id: id }) => id)).toEqual([messageId]);
  });
});
