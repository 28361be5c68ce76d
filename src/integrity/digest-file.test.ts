import { generateKeyPairSync } from "node:crypto";
import { existsSync, globSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import {
  DIGEST_METADATA,
  type Digest,
  fingerprintOf,
  isSignatureOf,
  sha256Hex,
  stringToSign,
  writeDigest,
} from "./digest-file.ts";
import { digestKey, parseDigestKey } from "./digest-key.ts";

/** Digests that AWS's own validator has judged; see the folder's README. */
const VECTORS = "../shared/data/digest-vectors";
const MISSING = existsSync(VECTORS) ? "" : ` (skipped: ${VECTORS} is absent)`;

function vector<Content>(file: string): Content {
  return JSON.parse(readFileSync(`${VECTORS}/${file}`, "utf8")) as Content;
}

describe.skipIf(MISSING !== "")(`digests that AWS's validator accepts${MISSING}`, () => {
  const bucket = `${VECTORS}/bucket/example-trail-bucket`;
  const files = globSync("AWSLogs/*/CloudTrail-Digest/**/*.json.gz", { cwd: bucket }).sort();
  const read = (key: string): Buffer => gunzipSync(readFileSync(`${bucket}/${key}`));
  const parse = (key: string): Digest => JSON.parse(read(key).toString()) as Digest;

  test("were found", () => expect(files.length).toBe(6));

  test.each(files)("writeDigest() writes %s byte for byte", (key) => {
    const shuffled = Object.fromEntries(Object.entries(parse(key)).toReversed()) as unknown as Digest;
    expect(writeDigest(shuffled).equals(read(key))).toBe(true);
  });

  test.each(files)("digestKey() names %s", (key) => {
    const name = parseDigestKey(key);
    expect(name && digestKey(name)).toBe(key);
    expect(name?.endMs).toBe(Date.parse(parse(key).digestEndTime));
  });

  test("stringToSign(), sha256Hex() and isSignatureOf() agree with the vectors", () => {
    const vectors =
      vector<{ key: string; stringToSign: string; signature: string; sha256OfUncompressed: string }[]>(
        "signing-vectors.json",
      );
    const [key] = vector<{ PublicKeyList: { Value: string; Fingerprint: string }[] }>(
      "list-public-keys.json",
    ).PublicKeyList;
    const der = Buffer.from(key?.Value ?? "", "base64");
    expect(fingerprintOf(der)).toBe(key?.Fingerprint);
    expect(vectors.length).toBe(files.length);
    for (const one of vectors) {
      const sha256 = sha256Hex(read(one.key));
      expect(sha256).toBe(one.sha256OfUncompressed);
      const text = stringToSign(parse(one.key), sha256);
      expect(text).toBe(one.stringToSign);
      expect(isSignatureOf(text, one.signature, der)).toBe(true);
      expect(isSignatureOf(`${text}\n`, one.signature, der)).toBe(false);
      expect(
        isSignatureOf(
          text,
          one.signature.replace(/^./, (digit) => (digit === "0" ? "1" : "0")),
          der,
        ),
      ).toBe(false);
    }
  });

  test("DIGEST_METADATA names what the objects bear", () => {
    const named = vector<{ key: string; metadata: Record<string, string> }[]>("objects.json")
      .filter(({ key }) => parseDigestKey(key) !== undefined)
      .flatMap(({ metadata }) => Object.keys(metadata));
    expect([...new Set(named)].sort()).toEqual(Object.values(DIGEST_METADATA).sort());
  });
});

describe("isSignatureOf()", () => {
  const { publicKey } = generateKeyPairSync("rsa", {
    modulusLength: 1024,
    publicKeyEncoding: { type: "pkcs1", format: "der" },
    privateKeyEncoding: { type: "pkcs8", format: "pem" },
  });

  test.each(["", "0", "zz", "00", "null", " 00"])("is false for the signature %o", (signature) => {
    expect(isSignatureOf("text", signature, publicKey)).toBe(false);
  });

  test("throws for a key that is none", () => {
    expect(() => isSignatureOf("text", "00", publicKey.subarray(1))).toThrow("Failed to read asymmetric key");
    expect(() => isSignatureOf("text", "00", new Uint8Array())).toThrow("Failed to read asymmetric key");
  });
});
