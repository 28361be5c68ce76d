/**
 * Signature Version 4, both directions: reading and verifying what a client signed, and signing as a client does.
 * Header and presigned form, whole bodies and signed chunks. Pure functions of the request, the secret and the time; no
 * I/O.
 *
 * Requests hold text as Node's HTTP parser gives it: one character per byte, so that UTF-8 is signed byte for byte.
 */
export { decode, readQuery, sha256, signsRawPath } from "./canonical.ts";
export { ChunkChain, type ChunkSeed, type SignedChunk, SignedChunkReader } from "./chunks.ts";
export { type DeclaredPayload, declaredPayload, UNSIGNED_PAYLOAD } from "./payload.ts";
export { readSignature, type SignedHead, type SignedRequest } from "./read.ts";
export {
  presignRequest,
  type SigningCredentials,
  type SigningScope,
  signHead,
  signRequest,
  UNSIGNABLE,
} from "./sign.ts";
export { formatTimestamp } from "./timestamp.ts";
export {
  notImplemented,
  sameSignature,
  undeclaredPayload,
  type VerifyOptions,
  verifyHead,
  verifySignature,
  wrongBody,
  wrongSignature,
} from "./verify.ts";
