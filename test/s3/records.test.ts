import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import type { AuditRecord } from "../../src/record/index.ts";
import { OTHER, type OwnS3, OWNER, presignedV2, startOwnS3 } from "../own-s3.ts";

let s3: OwnS3;

beforeAll(async () => {
  s3 = await startOwnS3();
  await s3.ask("root", "PUT", "/logs");
  await s3.ask("root", "PUT", "/logs/a", { body: "x" });
  await s3.ask("stranger", "PUT", "/theirs");
  await s3.ask("root", "DELETE", "/logs?publicAccessBlock");
  const Resource = ["arn:aws:s3:::logs", "arn:aws:s3:::logs/*"];
  const Statement = [{ Effect: "Allow", Principal: { AWS: OTHER }, Action: "s3:*", Resource }];
  await s3.ask("root", "PUT", "/logs?policy", { body: JSON.stringify({ Statement }) });
});
afterAll(async () => await s3.close());
beforeEach(() => {
  s3.wants = () => true;
  s3.audit.records.length = 0;
});

/** `account eventName caller's account`, of each record. */
function told(): readonly string[] {
  return s3.audit.records.map(
    ({ recipientAccountId, eventName, userIdentity }) => `${recipientAccountId} ${eventName} ${userIdentity.accountId}`,
  );
}

describe("what somebody of another account does", () => {
  test("is told to both accounts, and which bucket's it was", async () => {
    await s3.ask("stranger", "GET", "/logs/a");
    expect(told()).toEqual([`${OTHER} GetObject ${OTHER}`, `${OWNER} GetObject ${OTHER}`]);
    const [one, other] = s3.audit.records;
    expect(one?.["sharedEventID"]).toBe(other?.["sharedEventID"]);
    expect(one?.eventID).not.toBe(other?.eventID);
    const bucket = { accountId: OWNER, type: "AWS::S3::Bucket", ARN: "arn:aws:s3:::logs" };
    expect(one?.resources).toEqual([{ type: "AWS::S3::Object", ARN: "arn:aws:s3:::logs/a" }, bucket]);
  });

  test("is recorded when only the owner asks for it, who must not miss it", async () => {
    s3.wants = ({ recipientAccountId }: AuditRecord) => recipientAccountId === OWNER;
    await s3.ask("stranger", "GET", "/logs/a");
    expect(told()).toContain(`${OWNER} GetObject ${OTHER}`);
  });

  test("is no news to an owner who does not ask for it", async () => {
    s3.wants = ({ recipientAccountId }: AuditRecord) => recipientAccountId === OTHER;
    await s3.ask("stranger", "GET", "/logs/a");
    expect(told()).toEqual([`${OTHER} GetObject ${OTHER}`]);
  });

  test("tells the owner of a bucket that is deleted whose it was", async () => {
    await s3.ask("root", "PUT", "/gone");
    const Statement = [{ Effect: "Allow", Principal: { AWS: OTHER }, Action: "s3:*", Resource: "arn:aws:s3:::gone" }];
    await s3.ask("root", "PUT", "/gone?policy", { body: JSON.stringify({ Statement }) });
    s3.audit.records.length = 0;
    expect((await s3.ask("stranger", "DELETE", "/gone")).status).toBe(204);
    expect(told()).toEqual([`${OTHER} DeleteBucket ${OTHER}`, `${OWNER} DeleteBucket ${OTHER}`]);
  });

  test("is told of each object that DeleteObjects deletes", async () => {
    await s3.ask("root", "PUT", "/logs/b", { body: "x" });
    s3.audit.records.length = 0;
    await s3.ask("stranger", "POST", "/logs?delete", { body: "<Delete><Object><Key>b</Key></Object></Delete>" });
    expect(told().toSorted()).toEqual(
      [
        `${OWNER} DeleteObject ${OTHER}`,
        `${OWNER} DeleteObjects ${OTHER}`,
        `${OTHER} DeleteObject ${OTHER}`,
        `${OTHER} DeleteObjects ${OTHER}`,
      ].toSorted(),
    );
  });

  test("is the owner's to know when nobody can be told to have done it", async () => {
    await s3.ask(undefined, "GET", "/theirs/a");
    await s3.ask("nobody", "GET", "/theirs/a");
    expect(told()).toEqual([`${OTHER} GetObject ANONYMOUS_PRINCIPAL`, `${OTHER} GetObject undefined`]);
    expect(s3.audit.records.map(({ userIdentity }) => userIdentity.type)).toEqual(["AWSAccount", "Unknown"]);
  });
});

describe("no record shows", () => {
  const KEY = "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0ISEhIT0=";
  test.each([
    ["a customer's key", { "x-amz-server-side-encryption-customer-key": KEY }],
    ["that of a copy's source", { "x-amz-copy-source-server-side-encryption-customer-key": KEY }],
    ["a key's hash", { "x-amz-server-side-encryption-customer-key-md5": KEY }],
    ["a session's token", { "x-amz-security-token": KEY }],
    ["a one-time code", { "x-amz-mfa": KEY }],
  ])("%s", async (_, headers) => {
    await s3.ask("root", "PUT", "/logs/secret", { headers, body: "x" });
    expect(s3.audit.records).toHaveLength(1);
    expect(JSON.stringify(s3.audit.records)).not.toContain(KEY);
  });

  test.each([true, false])(
    "the signature of a presigned URL, nor its key as a parameter (taken: %s)",
    async (taken) => {
      const query = presignedV2("root", taken ? "GET" : "PUT", "/logs/a", s3.clock.now);
      const { status } = await s3.ask(undefined, "GET", `/logs/a?${query}`);
      expect(status).toBe(taken ? 200 : 403);
      const [record] = s3.audit.records;
      expect(record?.requestParameters).toEqual({
        bucketName: "logs",
        key: "a",
        Host: expect.any(String),
        Expires: expect.any(String),
      });
      expect(record?.userIdentity.accessKeyId).toBe("AKIAROOT");
      const signature = new URLSearchParams(query).get("Signature") ?? "";
      expect(JSON.stringify(s3.audit.records)).not.toContain(signature);
      expect(record?.additionalEventData).toMatchObject({
        SignatureVersion: "SigV2",
        AuthenticationMethod: "QueryString",
      });
    },
  );
});

test("a record of S3 counts the bytes that came, whatever the client says", async () => {
  await s3.ask("root", "PUT", "/logs/five", { body: "hello", headers: { "x-amz-decoded-content-length": "999999" } });
  expect(s3.audit.records[0]?.additionalEventData).toMatchObject({ bytesTransferredIn: 5 });
});

test("a record of S3 over AWS's partition alone names resources, whatever Region is signed for", async () => {
  await s3.ask("root", "GET", "/logs/a", { region: "cn-north-1" });
  expect(s3.audit.records[0]?.resources?.[0]).toEqual({ type: "AWS::S3::Object", ARN: "arn:aws:s3:::logs/a" });
});
