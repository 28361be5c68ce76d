import { describe, expect, test } from "vitest";
import { Failure, systemRandom } from "../core/index.ts";
import type { Bucket, ObjectEncryption } from "./buckets.ts";
import { ObjectKeys } from "./object-keys.ts";

const MASTER = new Uint8Array(32).fill(1);
const ID = "1234abcd-12ab-34cd-56ef-1234567890ab";
const keys = new ObjectKeys(MASTER, systemRandom, ["alias/trail", `arn:aws:kms:eu-west-1:123456789012:key/${ID}`]);
const place = { bucket: "logs", key: "a/b" };
const bucket: Bucket = {
  name: "logs",
  account: "123456789012",
  region: "eu-west-1",
  createdAt: 0,
  versioning: undefined,
  objectLock: false,
};

describe("check()", () => {
  test.each([
    "alias/trail",
    "arn:aws:kms:us-east-1:123456789012:alias/trail",
    ID,
    `key/${ID}`,
    `arn:aws:kms:us-east-1:123456789012:key/${ID}`,
    "alias/aws/s3",
  ])("knows %s", (keyId) => {
    expect(() => keys.check(keyId)).not.toThrow();
  });

  test.each([
    ["alias/other", "Alias alias/other is not found."],
    ["trail", "Key 'trail' does not exist"],
    ["arn:aws:kms:us-east-1:1:key/x", "Key 'arn:aws:kms:us-east-1:1:key/x' does not exist"],
    ["", "Key '' does not exist"],
  ])("does not know %s", (keyId, message) => {
    expect(() => keys.check(keyId)).toThrow(
      expect.objectContaining({ code: "KMS.NotFoundException", status: 400, message }),
    );
  });
});

describe("choose()", () => {
  const kms: ObjectEncryption = { algorithm: "aws:kms", keyId: "alias/trail" };

  test.each([
    ["nothing", bucket, undefined, undefined],
    ["what the object says", bucket, kms, kms],
    ["what the bucket says", { ...bucket, encryption: kms }, undefined, kms],
    [
      "the object's before the bucket's",
      { ...bucket, encryption: kms },
      { algorithm: "AES256" },
      { algorithm: "AES256" },
    ],
    [
      "S3's own key, when none is named",
      bucket,
      { algorithm: "aws:kms" },
      { algorithm: "aws:kms", keyId: "arn:aws:kms:eu-west-1:123456789012:alias/aws/s3" },
    ],
  ] as const)("is %s", (_, where, own, expected) => {
    expect(keys.choose(where, own)).toEqual(expected);
  });
});

describe("open()", () => {
  const context = { "aws:cloudtrail:arn": "arn:aws:cloudtrail:eu-west-1:123456789012:trail/t", b: "2" };
  const encryption: ObjectEncryption = { algorithm: "aws:kms", keyId: "alias/trail", context };
  const { key, sealed } = keys.create(encryption, place);

  test("gives the key back, in whatever order the context is said", () => {
    expect(sealed).toHaveLength(61);
    const reordered = { ...encryption, context: Object.fromEntries(Object.entries(context).toReversed()) };
    expect(Buffer.from(keys.open(sealed, reordered, place)).equals(key)).toBe(true);
  });

  test.each([
    ["another context", { ...encryption, context: { ...context, b: "3" } }, place, keys, sealed],
    ["another object", encryption, { ...place, key: "a/c" }, keys, sealed],
    ["another key", { ...encryption, keyId: ID }, place, keys, sealed],
    ["another algorithm", { algorithm: "AES256" }, place, keys, sealed],
    [
      "another master key",
      encryption,
      place,
      new ObjectKeys(new Uint8Array(32), systemRandom, ["alias/trail"]),
      sealed,
    ],
    ["a changed byte", encryption, place, keys, sealed.map((byte, index) => (index === 40 ? byte ^ 1 : byte))],
  ] as const)("does not open with %s", (_, said, where, held, bytes) => {
    expect(() => held.open(bytes, said, where)).toThrow(Failure);
  });

  test("refuses a key that was taken away", () => {
    const fewer = new ObjectKeys(MASTER, systemRandom, []);
    expect(() => fewer.open(sealed, encryption, place)).toThrow(
      expect.objectContaining({ code: "KMS.NotFoundException" }),
    );
  });
});
