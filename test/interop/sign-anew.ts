import { createPrivateKey, sign } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { gunzipSync, gzipSync } from "node:zlib";
import { systemRandom } from "../../src/core/index.ts";
import { SecretBox } from "../../src/identity/index.ts";
import { DIGEST_METADATA, type Digest, sha256Hex, stringToSign, writeDigest } from "../../src/integrity/digest-file.ts";
import type { TestServer } from "../server.ts";

interface DigestObject {
  readonly bytes: Uint8Array;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A digest file with other members, as whoever can read the server's data directory can make it: its signature is right. */
export async function signAnew(
  { dataDirectory }: TestServer,
  { bytes, metadata }: DigestObject,
  other: Partial<Digest>,
): Promise<DigestObject> {
  const digest = { ...(JSON.parse(gunzipSync(bytes).toString()) as Digest), ...other };
  const plain = writeDigest(digest);
  const key = privateKey(dataDirectory, digest.digestPublicKeyFingerprint);
  const signature = sign("RSA-SHA256", Buffer.from(stringToSign(digest, sha256Hex(plain))), key).toString("hex");
  return { bytes: gzipSync(plain), metadata: { ...metadata, [DIGEST_METADATA.signature]: signature } };
}

function privateKey(dataDirectory: string, fingerprint: string): ReturnType<typeof createPrivateKey> {
  const tables = new DatabaseSync(join(dataDirectory, "tables.db"), { readOnly: true });
  const row = tables.prepare("select private_key from digest_keys where fingerprint = ?").get(fingerprint);
  tables.close();
  const box = new SecretBox(readFileSync(join(dataDirectory, "secret.key")), systemRandom);
  const der = box.open(row?.["private_key"] as Uint8Array, `digest key ${fingerprint}`);
  return createPrivateKey({ key: Buffer.from(der, "base64"), format: "der", type: "pkcs8" });
}
