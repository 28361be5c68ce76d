/**
 * Signature Version 4, both directions: reading and verifying what a client signed, and signing as a client does.
 * Header and presigned form. Pure functions of the request, the secret and the time; no I/O.
 *
 * Requests hold text as Node's HTTP parser gives it: one character per byte, so that UTF-8 is signed byte for byte.
 */
export { readSignature, type SignedRequest } from "./read.ts";
export { presignRequest, type SigningCredentials, type SigningScope, signRequest } from "./sign.ts";
export { type VerifyOptions, verifySignature } from "./verify.ts";
