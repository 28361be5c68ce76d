import { createPrivateKey, generateKeyPair, type KeyObject, sign } from "node:crypto";
import { promisify } from "node:util";
import type { Kysely } from "kysely";
import { type Clock, Failure, type Random } from "../core/index.ts";
import type { SecretBox } from "../identity/index.ts";
import { selfSignedCertificate } from "./certificate.ts";
import type { TopicsSchema } from "./schema.ts";

/** The key that signs messages now, and the certificates of all that ever did. */
export interface SigningKeys {
  /** Path of the certificate, as it stands in a message's SigningCertURL. */
  readonly path: string;
  /** Base64; version 1 signs with SHA-1 as AWS does by default, 2 with SHA-256. */
  sign(text: string, version: "1" | "2"): string;
  /** PEM; undefined when the path is no certificate's. */
  certificateFor(path: string): Promise<string | undefined>;
}

export interface SigningNeeds {
  readonly tables: Kysely<TopicsSchema>;
  readonly box: Pick<SecretBox, "seal" | "open">;
  readonly clock: Clock;
  readonly random: Random;
}

const YEAR_MS = 365 * 24 * 60 * 60 * 1000;
const LIFETIME_MS = 10 * YEAR_MS;
/** What is signed on the last day shall be provable for a while. */
const USED_FOR_MS = 8 * YEAR_MS;
const DAY_MS = 24 * 60 * 60 * 1000;

/** The newest key, or a new one at the first start, and when the newest is old. */
export async function openSigningKeys(needs: SigningNeeds): Promise<SigningKeys> {
  const { name, key } = (await newestKey(needs)) ?? (await makeKey(needs));
  return {
    path: pathOf(name),
    sign: (text, version) => sign(version === "1" ? "sha1" : "sha256", Buffer.from(text), key).toString("base64"),
    certificateFor: async (path) => {
      const asked = PATH.exec(path)?.[1];
      if (asked === undefined) return undefined;
      const row = await needs.tables
        .selectFrom("topic_keys")
        .select("certificate")
        .where("name", "=", asked)
        .executeTakeFirst();
      return row?.certificate;
    },
  };
}

const PATH = /^\/SimpleNotificationService-([0-9a-f]{32})\.pem$/;

function pathOf(name: string): string {
  return `/SimpleNotificationService-${name}.pem`;
}

interface NamedKey {
  readonly name: string;
  readonly key: KeyObject;
}

async function newestKey({ tables, box, clock }: SigningNeeds): Promise<NamedKey | undefined> {
  const row = await tables
    .selectFrom("topic_keys")
    .selectAll()
    .orderBy("created_at", "desc")
    .limit(1)
    .executeTakeFirst();
  if (row === undefined || clock.now() > row.created_at + USED_FOR_MS) return undefined;
  try {
    return { name: row.name, key: createPrivateKey(box.open(row.secret, purposeOf(row.name))) };
  } catch (thrown) {
    // Another key seals now than before: what was signed stays provable, and a new key goes on.
    if (thrown instanceof Failure) return undefined;
    throw thrown;
  }
}

async function makeKey({ tables, box, clock, random }: SigningNeeds): Promise<NamedKey> {
  const { privateKey } = await promisify(generateKeyPair)("rsa", { modulusLength: 2048 });
  const secret = privateKey.export({ type: "pkcs8", format: "pem" }).toString();
  const serial = random.bytes(16);
  const name = Buffer.from(serial).toString("hex");
  const now = clock.now();
  const certificate = selfSignedCertificate(secret, {
    commonName: "OpenTrail notifications",
    serial,
    // The clocks of receivers may be behind.
    validFrom: now - DAY_MS,
    validTo: now + LIFETIME_MS,
  });
  const row = { name, secret: box.seal(secret, purposeOf(name)), certificate, created_at: now };
  await tables.insertInto("topic_keys").values(row).execute();
  return { name, key: privateKey };
}

function purposeOf(name: string): string {
  return `topic key ${name}`;
}
