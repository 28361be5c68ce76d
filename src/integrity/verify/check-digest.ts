import { DIGEST_METADATA, HASH_ALGORITHM, isSignatureOf, SIGNATURE_ALGORITHM, stringToSign } from "../digest-file.ts";
import type { LoadedDigest } from "./load-digest.ts";
import { type Problem, problem } from "./problems.ts";
import type { CheckingKey, PublicKeys } from "./public-keys.ts";
import { type ReadDigest, timeOf } from "./read-digest.ts";

/** Where a digest file was found. */
export interface DigestPlace {
  readonly bucket: string;
  readonly key: string;
  /** Whose key signs. */
  readonly region: string;
  readonly homeRegion: string;
  readonly backfill: boolean;
  /** The valid digest file after it, when that names it. */
  readonly newer: ReadDigest | undefined;
}

/** `unsigned`: everything holds that can be checked without its signature, which is not at hand. */
export type DigestVerdict = Problem | "valid" | "unsigned";

/** Checks a digest file in the order of the AWS CLI, then what that leaves out. */
export async function checkDigest(loaded: LoadedDigest, place: DigestPlace, keys: PublicKeys): Promise<DigestVerdict> {
  const { digest, sha256, metadata } = loaded;
  if (place.backfill && metadata !== undefined && metadata[DIGEST_METADATA.generated] === undefined) {
    return problem("invalid-format");
  }
  if (digest.digestS3Bucket !== place.bucket || digest.digestS3Object !== place.key) return problem("moved");
  const key = await keys.find(place.region, digest.digestPublicKeyFingerprint, signedMs(loaded, place));
  if (key === undefined) return noPublicKey(digest, place);
  const otherAlgorithm = algorithmProblem(digest);
  if (otherAlgorithm !== undefined) return otherAlgorithm;
  // Where nobody kept the metadata, the digest file after it bears a copy, which is part of what that one's signature is over.
  const signature = metadata?.[DIGEST_METADATA.signature] ?? place.newer?.previousDigestSignature ?? undefined;
  if (signature !== undefined) {
    const wrong = signatureProblem(digest, sha256, signature, key);
    if (wrong !== undefined) return wrong;
  }
  return linkProblem(sha256, signature, place.newer) ?? (signature === undefined ? "unsigned" : "valid");
}

/** A backfill digest is signed when it is made, which may be long after its hour. */
function signedMs({ digest, metadata }: LoadedDigest, { backfill }: DigestPlace): number {
  const generated = backfill ? timeOf(metadata?.[DIGEST_METADATA.generated]) : undefined;
  return generated ?? digest.endMs;
}

/** The AWS CLI asks the digest file's Region as well, and names the home Region. */
function noPublicKey({ digestPublicKeyFingerprint: fingerprint }: ReadDigest, { homeRegion }: DigestPlace): Problem {
  return problem("no-public-key", `public key not found in region ${homeRegion} for fingerprint ${fingerprint}`);
}

function algorithmProblem(digest: ReadDigest): Problem | undefined {
  const signed = digest.digestSignatureAlgorithm ?? SIGNATURE_ALGORITHM;
  const hashed = digest.previousDigestHashAlgorithm ?? HASH_ALGORITHM;
  return signed === SIGNATURE_ALGORITHM && hashed === HASH_ALGORITHM ? undefined : problem("bad-algorithm");
}

function signatureProblem(
  digest: ReadDigest,
  sha256: string,
  signature: string,
  { value, fingerprint }: CheckingKey,
): Problem | undefined {
  try {
    const holds = isSignatureOf(stringToSign(digest, sha256), signature, value);
    return holds ? undefined : problem("bad-signature");
  } catch {
    // The key is none; nothing else is read here that could be.
    return problem("bad-public-key", `Unable to load PKCS #1 key with fingerprint ${fingerprint}`);
  }
}

function linkProblem(
  sha256: string,
  signature: string | undefined,
  newer: ReadDigest | undefined,
): Problem | undefined {
  if (newer === undefined) return undefined;
  if (newer.previousDigestHashValue?.toLowerCase() !== sha256) return problem("previous-hash-differs");
  const named = newer.previousDigestSignature?.toLowerCase();
  return signature?.toLowerCase() === named ? undefined : problem("previous-signature-differs");
}
