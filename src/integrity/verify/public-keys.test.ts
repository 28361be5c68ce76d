import { describe, expect, test } from "vitest";
import { askedKeys, parsePublicKeys } from "./public-keys.ts";
import { KEY } from "./signed-bucket.fixture.ts";

const ENTRY = { Value: Buffer.from(KEY.value).toString("base64"), Fingerprint: KEY.fingerprint };

describe("parsePublicKeys()", () => {
  test("reads what aws cloudtrail list-public-keys prints", () => {
    expect(parsePublicKeys(JSON.stringify({ PublicKeyList: [ENTRY] }))).toEqual([KEY]);
  });

  test.each([
    ["no JSON", "{", "no JSON"],
    ["nothing", "null", "no PublicKeyList"],
    ["something else", '{"Keys":[]}', "no PublicKeyList"],
    ["a key that is none", '{"PublicKeyList":[7]}', "no PublicKeyList"],
    ["a key without a value", JSON.stringify([{ Fingerprint: "00" }]), "no Value or Fingerprint"],
    [
      "a key under another's fingerprint",
      JSON.stringify([{ ...ENTRY, Fingerprint: "0".repeat(32) }]),
      "has the fingerprint",
    ],
  ])("refuses %s", (_, text, says) => expect(() => parsePublicKeys(text)).toThrow(says));
});

describe("askedKeys()", () => {
  const HOUR_MS = 3_600_000;
  const range = { fromMs: 100 * HOUR_MS, toMs: 110 * HOUR_MS };

  test("asks once for the range and two hours more, and around the time of a digest that was made outside of it", async () => {
    const asked: (readonly number[])[] = [];
    const keys = askedKeys(async (_, fromMs, toMs) => {
      asked.push([fromMs / HOUR_MS, toMs / HOUR_MS]);
      return fromMs > range.toMs ? [KEY] : [{ ...KEY, fingerprint: "other" }];
    }, range);
    expect(await keys.find("us-east-1", KEY.fingerprint, 105 * HOUR_MS)).toBeUndefined();
    expect(await keys.find("us-east-1", KEY.fingerprint, 200 * HOUR_MS)).toEqual(KEY);
    expect(asked).toEqual([
      [100, 112],
      [199, 201],
    ]);
  });

  test("fails when there are no keys at all, as the AWS CLI does", async () => {
    const keys = askedKeys(async () => [], range);
    await expect(keys.find("us-east-1", "00", range.fromMs)).rejects.toThrow("no public keys found between");
  });
});
