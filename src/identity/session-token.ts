import { deflateRawSync, inflateRawSync } from "node:zlib";
import { Failure, type Random, Refusal } from "../core/index.ts";
import { newAccessKeyId, newSecretAccessKey } from "./ids.ts";
import type { SecretBox } from "./secret-box.ts";

/**
 * What temporary credentials say about their holder. Users and roles stand in it by id, so that a session ends with
 * them: a new user of an old name is somebody else.
 */
export interface Session {
  readonly account: string;
  readonly holder: SessionHolder;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly mfaAuthenticated: boolean;
  readonly sourceIdentity?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
  /** Inline session policy, JSON text, and managed ones by ARN. */
  readonly policy?: string;
  readonly policyArns: readonly string[];
}

/** `root` and `user` come from GetSessionToken, `role` from AssumeRole, `federated` (user null: root) from GetFederationToken. */
export type SessionHolder =
  | { readonly kind: "root" }
  | { readonly kind: "user"; readonly userId: string }
  | { readonly kind: "role"; readonly roleId: string; readonly sessionName: string }
  | { readonly kind: "federated"; readonly userId: string | null; readonly name: string };

export interface TemporaryCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken: string;
  readonly expiresAt: number;
  /** How much of the room for policies and tags is used, in percent; absent when there are none. */
  readonly packedPercent?: number;
}

/**
 * Makes temporary credentials. They are kept nowhere: everything stands in the token, encrypted, and bound to its
 * access key id.
 *
 * @throws {Refusal} `PackedPolicyTooLarge` when policies and tags do not fit, so that a token stays below 6 KiB.
 */
export function createSession(
  means: { readonly random: Random; readonly box: SecretBox },
  session: Session,
): TemporaryCredentials {
  const packedPercent = packedSize(session);
  if (packedPercent > 100) throw tooLarge(packedPercent);
  const accessKeyId = newAccessKeyId(means.random, "ASIA", session.account);
  const secretAccessKey = newSecretAccessKey(means.random);
  const text = deflateRawSync(JSON.stringify({ ...session, secretAccessKey })).toString("base64");
  const sessionToken = Buffer.from(means.box.seal(text, purpose(accessKeyId))).toString("base64");
  const credentials = { accessKeyId, secretAccessKey, sessionToken, expiresAt: session.expiresAt };
  return packedPercent === 0 ? credentials : { ...credentials, packedPercent };
}

/** What stands in a token, or undefined when this installation did not make it for this access key. */
export function openSession(
  box: SecretBox,
  accessKeyId: string,
  sessionToken: string,
): (Session & { readonly secretAccessKey: string }) | undefined {
  // Anybody can send a token: its length is the first thing to look at.
  if (sessionToken.length > TOKEN_LENGTH_MAX) return undefined;
  try {
    const text = box.open(Buffer.from(sessionToken, "base64"), purpose(accessKeyId));
    return JSON.parse(inflateRawSync(Buffer.from(text, "base64")).toString());
  } catch (thrown) {
    if (thrown instanceof Failure) return undefined;
    throw thrown;
  }
}

/** Compressed, in bytes: what policies and tags may take of a token. AWS tells its own limit only as a percentage. */
const PACKED_BYTES_MAX = 2_048;
const TOKEN_LENGTH_MAX = 6_144;

function purpose(accessKeyId: string): string {
  return `session-token:${accessKeyId}`;
}

/** Percent of the room; more than 100 does not fit. */
function packedSize({ policy, policyArns, tags, transitiveTagKeys }: Session): number {
  if (policy === undefined && policyArns.length === 0 && Object.keys(tags).length === 0) return 0;
  const bytes = deflateRawSync(JSON.stringify([policy, policyArns, tags, transitiveTagKeys])).length;
  return Math.ceil((bytes * 100) / PACKED_BYTES_MAX);
}

function tooLarge(percent: number): Refusal {
  const message = `Packed policy consumes ${percent}% of allotted space, please use smaller policy.`;
  return new Refusal("PackedPolicyTooLarge", message, 400);
}
