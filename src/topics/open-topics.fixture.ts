import { generateKeyPairSync } from "node:crypto";
import type { Kysely } from "kysely";
import { onTestFinished } from "vitest";
import { systemRandom } from "../core/index.ts";
import type { NewDelivery } from "../deliveries/index.ts";
import { SecretBox } from "../identity/index.ts";
import { openTables } from "../store/index.ts";
import { selfSignedCertificate } from "./certificate.ts";
import { type OpenTopics, openTopics } from "./open-topics.ts";
import { topicsMigrations } from "./schema.ts";
import type { TopicsTables } from "./topic.ts";

export const ACCOUNT = "123456789012";
export const OTHER_ACCOUNT = "210987654321";
export const NOW: number = Date.UTC(2026, 10, 20, 12, 0, 0, 789);
export const URL_OF_API = "https://sns.us-east-1.amazonaws.com";

export interface TopicsWorld {
  readonly tables: Kysely<TopicsTables>;
  readonly topics: OpenTopics;
  /** What was written into the ledger, oldest first. */
  readonly deliveries: NewDelivery[];
  /** How often the ledger was told. */
  readonly wakes: () => number;
  readonly certificate: string;
  now: number;
}

/** Topics over tables of their own, with a ledger that only remembers. */
export async function openTopicsWorld(path = ":memory:"): Promise<TopicsWorld> {
  const tables = await openTables<TopicsTables>(path, topicsMigrations);
  onTestFinished(() => tables.destroy());
  const box = new SecretBox(new Uint8Array(32), systemRandom);
  const row = { name: KEY_NAME, secret: box.seal(PRIVATE_KEY, `topic key ${KEY_NAME}`), certificate: CERTIFICATE };
  await tables
    .insertInto("topic_keys")
    .values({ ...row, created_at: NOW })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  const deliveries: NewDelivery[] = [];
  let wakes = 0;
  const time = { now: NOW };
  const topics = await openTopics({
    tables,
    box,
    clock: { now: () => time.now, elapsed: () => 0 },
    random: systemRandom,
    publicUrl: () => URL_OF_API,
    addDeliveries: async (_, added) => {
      deliveries.push(...added);
    },
    wake: () => {
      wakes += 1;
    },
  });
  return {
    tables,
    topics,
    deliveries,
    wakes: () => wakes,
    certificate: CERTIFICATE,
    get now() {
      return time.now;
    },
    set now(ms: number) {
      time.now = ms;
    },
  };
}

/** Made once: a key takes a while. */
const KEY_NAME = "0123456789abcdef".repeat(2);
const PRIVATE_KEY = generateKeyPairSync("rsa", { modulusLength: 2048 })
  .privateKey.export({ type: "pkcs8", format: "pem" })
  .toString();
const CERTIFICATE = selfSignedCertificate(PRIVATE_KEY, {
  commonName: "OpenTrail notifications",
  serial: Uint8Array.of(1),
  validFrom: NOW,
  validTo: NOW + 1000,
});

/** The headers, subject and so on of a delivery. */
export function headersOf(delivery: NewDelivery | undefined): Readonly<Record<string, string>> {
  return (delivery?.parameters.headers ?? {}) as Readonly<Record<string, string>>;
}
