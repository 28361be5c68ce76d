import { createVerify, X509Certificate } from "node:crypto";
import https from "node:https";
import { Readable } from "node:stream";
import MessageValidator from "sns-validator";
import { describe, expect, onTestFinished, test, vi } from "vitest";
import { systemRandom } from "../core/index.ts";
import { SecretBox } from "../identity/index.ts";
import { openTables } from "../store/index.ts";
import { signed } from "./envelope.ts";
import { openTopicsWorld } from "./open-topics.fixture.ts";
import { type TopicsSchema, topicsMigrations } from "./schema.ts";
import { openSigningKeys } from "./signing-keys.ts";

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;

describe("openSigningKeys()", () => {
  test("makes a key at the first start, keeps it, and makes another when it is old or cannot be read", async () => {
    const tables = await openTables<TopicsSchema>(":memory:", topicsMigrations);
    onTestFinished(() => tables.destroy());
    const boxOf = (byte: number) => new SecretBox(new Uint8Array(32).fill(byte), systemRandom);
    const open = (box: SecretBox, now: number) =>
      openSigningKeys({ tables, box, clock: { now: () => now, elapsed: () => 0 }, random: systemRandom });
    const now = Date.UTC(2026, 10, 20);
    const first = await open(boxOf(1), now);
    expect(first.path).toMatch(/^\/SimpleNotificationService-[0-9a-f]{32}\.pem$/);
    expect((await open(boxOf(1), now + 7 * YEAR_MS)).path).toBe(first.path);
    const second = await open(boxOf(2), now + 1);
    const third = await open(boxOf(2), now + 9 * YEAR_MS);
    expect(new Set([first.path, second.path, third.path]).size).toBe(3);

    const certificate = (await third.certificateFor(first.path)) ?? "";
    const signature = first.sign("text", "2");
    expect(createVerify("sha256").update("text").verify(certificate, signature, "base64")).toBe(true);
    expect(createVerify("sha1").update("text").verify(certificate, first.sign("text", "1"), "base64")).toBe(true);
    expect(new X509Certificate(certificate).validToDate.getTime()).toBe(now + 10 * YEAR_MS);
    expect(JSON.stringify(await tables.selectFrom("topic_keys").selectAll().execute())).not.toContain("PRIVATE KEY");
  });

  test.each(["/", "/SimpleNotificationService-.pem", `/SimpleNotificationService-${"0".repeat(32)}.pem`])(
    "has no certificate at %s",
    async (path) => {
      const { topics } = await openTopicsWorld();
      expect(await topics.certificateFor(path)).toBeUndefined();
    },
  );
});

describe("signed()", () => {
  const common = { MessageId: "i", TopicArn: "t", Message: "Grüezi\n", Timestamp: "2026-11-20T12:00:00.789Z" };
  const validate = (message: object) =>
    new Promise((resolve, reject) => {
      new MessageValidator().validate({ ...message }, (problem, valid) => (problem ? reject(problem) : resolve(valid)));
    });

  /** The validator asks the host in the message for the certificate: that request is answered here. */
  async function openValidated() {
    const { topics, tables, certificate } = await openTopicsWorld();
    const { name } = await tables.selectFrom("topic_keys").select("name").executeTakeFirstOrThrow();
    const get = vi.spyOn(https, "get").mockImplementation(((_: string, answer: (response: object) => void) => {
      answer(Object.assign(Readable.from([Buffer.from(certificate)]), { statusCode: 200 }));
      return { on: () => undefined };
    }) as never);
    onTestFinished(() => get.mockRestore());
    expect(await topics.certificateFor(`/SimpleNotificationService-${name}.pem`)).toBe(certificate);
    const box = new SecretBox(new Uint8Array(32), systemRandom);
    return openSigningKeys({ tables, box, clock: { now: () => 0, elapsed: () => 0 }, random: systemRandom });
  }

  test.each(["1", "2"] as const)("convinces an independent validator with version %s", async (version) => {
    const keys = await openValidated();
    const signer = { keys, version, publicUrl: "https://sns.eu-central-1.amazonaws.com" };
    const told = signed({ ...common, Type: "Notification", Subject: "s" }, signer);
    expect(await validate({ ...told, UnsubscribeURL: "u" })).toMatchObject({ MessageId: "i" });
    await expect(validate({ ...told, Message: "other" })).rejects.toThrow("signature is invalid");
    await expect(validate({ ...told, Subject: "other" })).rejects.toThrow("signature is invalid");
    expect(await validate(signed({ ...common, Type: "Notification" }, signer))).toMatchObject({ MessageId: "i" });
    const confirmation = { ...common, Type: "SubscriptionConfirmation", Token: "x", SubscribeURL: "u" } as const;
    expect(await validate(signed(confirmation, signer))).toMatchObject({ Token: "x" });
    await expect(validate({ ...signed(confirmation, signer), Token: "y" })).rejects.toThrow("signature is invalid");
  });
});
