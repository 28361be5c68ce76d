import {
  declaredPayload,
  formatTimestamp,
  headerValue,
  type PresignedUrl,
  readPresignedUrl,
  readSignature,
  type SignedRequest,
  sha256,
  signsRawPath,
  UNSIGNED_PAYLOAD,
  undeclaredPayload,
  verifyHead,
  verifyPresignedUrl,
  wrongBody,
  wrongSignature,
} from "../../aws/index.ts";
import { assert, optional, Refusal } from "../../core/index.ts";
import type { Caller, CredentialStore } from "../../identity/index.ts";
import type { CapturedBody, CapturedHead } from "../call/captured.ts";
import { claimedKey } from "./claimed-key.ts";
import { type PendingBody, readWholeBody } from "./guard-body.ts";

export interface ProofNeeds {
  readonly credentials: CredentialStore;
  /** How far the caller's clock may be off, in milliseconds; 15 minutes if not said. */
  readonly skewMsMax?: number;
}

/** A request whose body has passed, or is yet to come. */
export interface RequestToProve {
  readonly head: CapturedHead;
  /** Undefined while it has not passed; `needsWholeBody()` tells when that is too early. No body is an empty one. */
  readonly body: CapturedBody | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
  /**
   * The path of a request to our own buckets, its bucket in front: URLs that were presigned with Signature Version 2 are
   * taken too. Elsewhere they could not be signed anew.
   */
  readonly bucketPath?: string;
  readonly region?: string;
}

/** Who calls, proven. */
export interface Proof {
  readonly caller: Caller;
  readonly signed: SignedRequest;
  /**
   * What the body must still be seen to be, by `guardBody()`; undefined when it was seen, or may be anything. It says
   * nothing about who calls: the head's signature has proven that.
   */
  readonly pending?: PendingBody;
}

/**
 * Verifies a request's signature with the secret of its key.
 *
 * @throws {Refusal} `MissingAuthenticationToken`: the request is not signed, or only by a form in its body.
 * @throws {Refusal} `InvalidRequest`: it is signed in a way other than Signature Version 4.
 * @throws {Refusal} `InvalidClientTokenId`, `ExpiredToken`: the key is none of ours, or no longer.
 * @throws {Refusal} `IncompleteSignature`, `SignatureDoesNotMatch`, `RequestExpired`, `AccessDenied`,
 * `XAmzContentSHA256Mismatch`, `IncompleteBody`: the signature or the body is wrong.
 * @throws {Failure} when the key's secret cannot be read.
 */
export async function proveCaller(needs: ProofNeeds, request: RequestToProve): Promise<Proof> {
  const { head, body, now, bucketPath } = request;
  const presigned = bucketPath === undefined ? undefined : readPresignedUrl(head.query);
  if (presigned !== undefined && bucketPath !== undefined && headerValue(head.headers, "authorization") === undefined) {
    return await provePresignedUrl(needs, request, presigned, bucketPath);
  }
  refuseOtherMechanisms(head);
  const signed = readSignature(head);
  if (signed === undefined) {
    throw new Refusal("MissingAuthenticationToken", "Request is missing Authentication Token", 403);
  }
  const { caller, secretAccessKey } = await needs.credentials.find(signed.accessKeyId, signed.sessionToken, now);
  const { line, pending } = payloadOf(head, body, signed, secretAccessKey);
  verifyHead(head, signed, secretAccessKey, line, {
    now,
    ...(needs.skewMsMax === undefined ? {} : { skewMsMax: needs.skewMsMax }),
  });
  // Only now: who did not sign shall not learn what is wrong with the body.
  const remains = pending !== undefined && body !== undefined ? sawBody(pending, body) : pending;
  needs.credentials.used(signed.accessKeyId, signed.service, signed.region, now);
  return { caller, signed, ...(remains === undefined ? {} : { pending: remains }) };
}

async function provePresignedUrl(
  { credentials }: ProofNeeds,
  { head, now, region = "" }: RequestToProve,
  url: PresignedUrl,
  path: string,
): Promise<Proof> {
  const { accessKeyId, sessionToken, signature, expires } = url;
  const { caller, secretAccessKey } = await credentials.find(accessKeyId, sessionToken, now);
  verifyPresignedUrl(head, url, secretAccessKey, { path, now });
  credentials.used(accessKeyId, "s3", region, now);
  const signed: SignedRequest = {
    form: "presigned",
    version: 2,
    accessKeyId,
    date: "",
    // Such a URL does not say when it was made.
    timestamp: now,
    region,
    service: "s3",
    signedHeaders: [],
    signature,
    expiresAt: Number(expires) * 1000,
    ...optional("sessionToken", sessionToken),
  };
  return { caller, signed };
}

/**
 * Whether the signature can be judged only with the whole body at hand: its hash is signed, and the head does not say
 * it. Never throws; what is no signature needs nothing.
 */
export function needsWholeBody(head: CapturedHead): boolean {
  const form = headerValue(head.headers, "authorization") === undefined ? "presigned" : "header";
  const service = claimedKey(head)?.signingName;
  if (service === undefined || declaredPayload(head, form).kind !== "undeclared") return false;
  return undeclaredPayload({ form, service }) === undefined;
}

function refuseOtherMechanisms(head: CapturedHead): void {
  const form = claimedKey(head)?.form;
  if (form !== "sigv2-header" && form !== "sigv2-query" && form !== "sigv4a") return;
  throw new Refusal(
    "InvalidRequest",
    "The authorization mechanism you have provided is not supported. Please use AWS4-HMAC-SHA256.",
  );
}

interface Payload {
  /** The last line of what was signed. */
  readonly line: string;
  readonly pending?: PendingBody;
}

function payloadOf(
  head: CapturedHead,
  body: CapturedBody | undefined,
  signed: SignedRequest,
  secretAccessKey: string,
): Payload {
  const declared = declaredPayload(head, signed.form);
  switch (declared.kind) {
    case "undeclared": {
      const line = undeclaredPayload(signed) ?? hashOf(body);
      assert(line !== undefined, "a body whose hash is signed and not declared has passed before it is asked for");
      return { line };
    }
    case "hash":
      return { line: declared.sha256, pending: { kind: "hash", sha256: declared.sha256, service: signed.service } };
    case "unsigned":
      if (!mayBeUnsigned(signed.service)) throw wrongSignature();
      return { line: UNSIGNED_PAYLOAD };
    case "chunks": {
      if (!signsRawPath(signed.service)) throw wrongSignature();
      if (!declared.signed) return { line: declared.word };
      const { date, region, service, signature } = signed;
      const scope = { date, region, service };
      const seed = { secretAccessKey, scope, timestamp: formatTimestamp(signed.timestamp), signature };
      const size = decodedLength(head);
      const pending = {
        kind: "chunks",
        seed,
        trailer: declared.trailer,
        ...(size === undefined ? {} : { size }),
      } as const;
      return { line: declared.word, pending };
    }
    case "events":
      return { line: declared.word, pending: { kind: "events" } };
    case "unknown":
      throw wrongBody(signed.service);
  }
}

/** What is left to be seen of a body once it has passed: nothing, but where it must be written anew. */
function sawBody(pending: PendingBody, body: CapturedBody): PendingBody | undefined {
  switch (pending.kind) {
    case "hash":
      if (hashOf(body) !== pending.sha256) throw wrongBody(pending.service);
      return undefined;
    case "chunks":
      if (body.whole) readWholeBody(pending, body.bytes);
      return pending;
    case "events":
      return pending;
  }
}

function hashOf(body: CapturedBody | undefined): string | undefined {
  return body?.whole === true ? sha256(body.bytes) : body?.sha256;
}

function decodedLength(head: CapturedHead): number | undefined {
  const text = headerValue(head.headers, "x-amz-decoded-content-length");
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}

/** S3 and its relatives, and the few services with an operation whose body clients do not sign (`v4-unsigned-body`). */
function mayBeUnsigned(service: string): boolean {
  return signsRawPath(service) || UNSIGNED_BODIES.has(service);
}

const UNSIGNED_BODIES: ReadonlySet<string> = new Set(["ebs", "lex", "mediastore", "omics"]);
