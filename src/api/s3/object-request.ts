import type { LockMode, ObjectEncryption, ObjectLock, PutObjectRequest, WriteCondition } from "../../buckets/index.ts";
import { optional, Refusal } from "../../core/index.ts";
import { invalidArgument, notImplemented } from "./errors.ts";
import { quoted } from "./conditions.ts";
import { withoutFraming } from "./request-body.ts";
import { tagsOfHeader } from "./tags.ts";

/** What PutObject, CopyObject and CreateMultipartUpload say alike of the object that is to be. */
export interface ObjectMembers {
  readonly ACL?: string | undefined;
  readonly CacheControl?: string | undefined;
  readonly ContentDisposition?: string | undefined;
  readonly ContentEncoding?: string | undefined;
  readonly ContentLanguage?: string | undefined;
  readonly ContentType?: string | undefined;
  readonly Expires?: string | undefined;
  readonly Metadata?: Readonly<Record<string, string>> | undefined;
  readonly ServerSideEncryption?: string | undefined;
  readonly SSEKMSKeyId?: string | undefined;
  readonly SSEKMSEncryptionContext?: string | undefined;
  readonly StorageClass?: string | undefined;
  readonly Tagging?: string | undefined;
  readonly ObjectLockMode?: string | undefined;
  readonly ObjectLockRetainUntilDate?: Date | undefined;
  readonly ObjectLockLegalHoldStatus?: string | undefined;
}

type Described = Pick<PutObjectRequest, "headers" | "metadata" | "tags" | "storageClass" | "encryption" | "lock">;

/** Names and values of user metadata together, bytes. */
const METADATA_BYTES_MAX = 2048;

/** @throws {Refusal} as each of its parts says. */
export function objectRequest(input: ObjectMembers): Described {
  requireOwnersAcl(input.ACL);
  return {
    headers: headersFrom(input),
    metadata: metadataFrom(input),
    tags: tagsOfHeader(input.Tagging),
    storageClass: storageClassFrom(input.StorageClass),
    ...optional("encryption", encryptionFrom(input)),
    ...optional("lock", lockFrom(input)),
  };
}

/** The headers that are kept with an object. */
export function headersFrom(input: ObjectMembers): Record<string, string> {
  const given: Readonly<Record<string, string | undefined>> = {
    "cache-control": input.CacheControl,
    "content-disposition": input.ContentDisposition,
    "content-encoding": withoutFraming(input.ContentEncoding),
    "content-language": input.ContentLanguage,
    "content-type": input.ContentType,
    expires: input.Expires,
  };
  return Object.fromEntries(
    Object.entries(given).flatMap(([name, value]) => (value === undefined ? [] : [[name, value]])),
  );
}

/** @throws {Refusal} `MetadataTooLarge`. */
export function metadataFrom({ Metadata = {} }: ObjectMembers): Readonly<Record<string, string>> {
  // A character of a header is a byte.
  const size = Object.entries(Metadata).reduce((sum, [name, value]) => sum + name.length + value.length, 0);
  if (size > METADATA_BYTES_MAX) {
    throw new Refusal("MetadataTooLarge", "Your metadata headers exceed the maximum allowed metadata size", 400, {
      Size: size,
      MaxSizeAllowed: METADATA_BYTES_MAX,
    });
  }
  return Metadata;
}

/** Classes from which an object can be read at once, as all objects here can; they are kept as a label. */
const STORAGE_CLASSES: ReadonlySet<string> = new Set([
  "STANDARD",
  "REDUCED_REDUNDANCY",
  "STANDARD_IA",
  "ONEZONE_IA",
  "INTELLIGENT_TIERING",
  "GLACIER_IR",
]);

/** @throws {Refusal} `InvalidStorageClass`. */
export function storageClassFrom(given = "STANDARD"): string {
  if (STORAGE_CLASSES.has(given)) return given;
  throw new Refusal("InvalidStorageClass", "The storage class you specified is not valid", 400, {
    StorageClassRequested: given,
  });
}

/** @throws {Refusal} `InvalidArgument`, `NotImplemented`. */
export function encryptionFrom(input: ObjectMembers): ObjectEncryption | undefined {
  const { ServerSideEncryption: algorithm, SSEKMSKeyId: keyId, SSEKMSEncryptionContext: context } = input;
  if (algorithm !== "aws:kms" && (keyId !== undefined || context !== undefined)) {
    const message =
      "Server Side Encryption with AWS KMS managed key requires HTTP header x-amz-server-side-encryption : aws:kms";
    throw invalidArgument(message, "x-amz-server-side-encryption", algorithm ?? "null");
  }
  switch (algorithm) {
    case undefined:
      return undefined;
    case "AES256":
      return { algorithm };
    case "aws:kms":
      return { algorithm, ...optional("keyId", keyId), ...optional("context", contextFrom(context)) };
    case "aws:kms:dsse":
      throw notImplemented("Encryption with aws:kms:dsse");
    default:
      throw invalidArgument(
        "The encryption method specified is not supported",
        "x-amz-server-side-encryption",
        algorithm,
      );
  }
}

function contextFrom(base64: string | undefined): Readonly<Record<string, string>> | undefined {
  if (base64 === undefined) return undefined;
  const refusal = invalidArgument(
    "The header 'x-amz-server-side-encryption-context' shall be Base64-encoded UTF-8 string holding JSON which represents a string-string map",
    "x-amz-server-side-encryption-context",
    base64,
  );
  let context: unknown;
  try {
    context = JSON.parse(Buffer.from(base64, "base64").toString());
  } catch {
    throw refusal;
  }
  const isMap = typeof context === "object" && context !== null && !Array.isArray(context);
  if (!isMap || !Object.values(context as object).every((value) => typeof value === "string")) throw refusal;
  return context as Readonly<Record<string, string>>;
}

/**
 * What an object is to be locked by. Whether its bucket has Object Lock, and whether the date lies ahead, is judged by
 * `Buckets`.
 * @throws {Refusal} `InvalidArgument` for half a retention, or another mode.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-lock.html
 */
export function lockFrom(input: ObjectMembers): ObjectLock | undefined {
  const { ObjectLockMode: mode, ObjectLockRetainUntilDate: until, ObjectLockLegalHoldStatus: hold } = input;
  if (mode === undefined && until === undefined && hold === undefined) return undefined;
  return {
    ...optional("retention", mode === undefined && until === undefined ? undefined : retentionFrom(mode, until)),
    ...optional("legalHold", hold === undefined ? undefined : isHeld(hold)),
  };
}

function retentionFrom(mode: string | undefined, until: Date | undefined): ObjectLock["retention"] {
  if (mode === undefined || until === undefined) {
    const message = "x-amz-object-lock-retain-until-date and x-amz-object-lock-mode must both be supplied";
    throw new Refusal("InvalidArgument", message, 400);
  }
  return { mode: lockModeFrom(mode), until: until.getTime() };
}

export function lockModeFrom(mode: string): LockMode {
  if (mode === "GOVERNANCE" || mode === "COMPLIANCE") return mode;
  throw invalidArgument("Unknown wormMode directive.", "x-amz-object-lock-mode", mode);
}

/** @throws {Refusal} `InvalidArgument`. */
export function isHeld(status: string): boolean {
  if (status !== "ON" && status !== "OFF") {
    throw invalidArgument("Legal Hold must be either of 'ON' or 'OFF'", "x-amz-object-lock-legal-hold", status);
  }
  return status === "ON";
}

/** Access control lists that say what holds anyway: the owner has full control. */
const OWNERS_ACLS: ReadonlySet<string | undefined> = new Set([undefined, "private", "bucket-owner-full-control"]);

/** @throws {Refusal} `AccessControlListNotSupported`: objects are their bucket's owner's. */
export function requireOwnersAcl(acl: string | undefined): void {
  if (OWNERS_ACLS.has(acl)) return;
  throw new Refusal("AccessControlListNotSupported", "The bucket does not allow ACLs", 400);
}

/** @throws {Refusal} `NotImplemented` for ETags in If-None-Match, as S3 says it. */
export function writeCondition(input: {
  readonly IfMatch?: string | undefined;
  readonly IfNoneMatch?: string | undefined;
}): WriteCondition | undefined {
  const { IfMatch, IfNoneMatch } = input;
  if (IfMatch === undefined && IfNoneMatch === undefined) return undefined;
  if (IfNoneMatch !== undefined && IfNoneMatch !== "*") {
    const message = "A header you provided implies functionality that is not implemented";
    throw new Refusal("NotImplemented", message, 501, { Header: "If-None-Match" });
  }
  return {
    ...optional("ifMatch", IfMatch === undefined || IfMatch === "*" ? IfMatch : quoted(IfMatch)),
    ...(IfNoneMatch === undefined ? {} : { ifNoneMatch: IfNoneMatch }),
  };
}
