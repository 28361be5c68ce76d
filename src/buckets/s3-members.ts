import type { HeadObjectCommandOutput } from "@aws-sdk/client-s3";
import { optional } from "../core/index.ts";
import type { Encryption, ObjectFacts } from "./bucket-store.ts";

/** What a request says of how its object is to be encrypted. */
export function encryptionMembers(encryption: Encryption | undefined): object {
  if (encryption === undefined) return {};
  if (encryption.algorithm === "AES256") return { ServerSideEncryption: "AES256" };
  const { keyId, context } = encryption;
  return {
    ServerSideEncryption: "aws:kms",
    SSEKMSKeyId: keyId,
    ...(context === undefined
      ? {}
      : { SSEKMSEncryptionContext: Buffer.from(JSON.stringify(context)).toString("base64") }),
  };
}

/** What the answer to Get or Head tells. */
export function factsOf(key: string, answer: Omit<HeadObjectCommandOutput, "Body">): ObjectFacts {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until } = answer;
  return {
    key,
    size: answer.ContentLength ?? 0,
    etag: quoted(answer.ETag),
    lastModified: answer.LastModified?.getTime() ?? 0,
    ...versionOf(answer.VersionId),
    ...optional("contentType", answer.ContentType),
    ...optional("contentEncoding", answer.ContentEncoding),
    metadata: answer.Metadata ?? {},
    ...(mode === undefined || until === undefined ? {} : { lock: { mode, until: until.getTime() } }),
  };
}

/** `null` is the name of what was put while there were no versions. */
export function versionOf(versionId: string | undefined): { versionId?: string } {
  return versionId === undefined || versionId === "null" ? {} : { versionId };
}

/** Some servers forget the quotes. */
export function quoted(etag = ""): string {
  return etag.startsWith('"') ? etag : `"${etag}"`;
}
