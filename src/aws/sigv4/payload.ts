import { headerValue } from "../http.ts";
import { decode, readQuery } from "./canonical.ts";
import type { SignedHead } from "./read.ts";

/**
 * What a signed request says about its body.
 *
 * - `undeclared`: nothing; its hash is part of the signature all the same, but for presigned requests to S3.
 * - `hash`: this is its SHA-256, in lower-case hexadecimal.
 * - `unsigned`: it may be anything.
 * - `chunks`: aws-chunked; `signed` when every chunk and the trailer are, `trailer` when there is one.
 * - `events`: an event stream whose messages are signed one by one.
 * - `unknown`: a word that we do not know.
 */
export type DeclaredPayload =
  | { readonly kind: "undeclared" }
  | { readonly kind: "hash"; readonly sha256: string }
  | { readonly kind: "unsigned" }
  | { readonly kind: "chunks"; readonly signed: boolean; readonly trailer: boolean; readonly word: string }
  | { readonly kind: "events"; readonly word: string }
  | { readonly kind: "unknown"; readonly word: string };

/**
 * Reads `x-amz-content-sha256`, or its like in a presigned query.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-auth-using-authorization-header.html
 */
export function declaredPayload(head: SignedHead, form: "header" | "presigned"): DeclaredPayload {
  const word = headerValue(head.headers, "x-amz-content-sha256") ?? presignedWord(head, form);
  if (word === undefined) return { kind: "undeclared" };
  if (/^[0-9a-f]{64}$/.test(word)) return { kind: "hash", sha256: word };
  switch (word) {
    case UNSIGNED_PAYLOAD:
      return { kind: "unsigned" };
    case "STREAMING-UNSIGNED-PAYLOAD-TRAILER":
      return { kind: "chunks", signed: false, trailer: true, word };
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD":
      return { kind: "chunks", signed: true, trailer: false, word };
    case "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER":
      return { kind: "chunks", signed: true, trailer: true, word };
    case "STREAMING-AWS4-HMAC-SHA256-EVENTS":
      return { kind: "events", word };
    default:
      return { kind: "unknown", word };
  }
}

export const UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD";

function presignedWord(head: SignedHead, form: "header" | "presigned"): string | undefined {
  if (form !== "presigned") return undefined;
  const found = readQuery(head.query).find(([name]) => name === "X-Amz-Content-Sha256");
  return found === undefined ? undefined : decode(found[1]);
}
