import { assertWithin } from "./limits.ts";
import { parsePolicy } from "./policy/index.ts";

/** The size of a policy document as IAM counts it: characters, white space left out. */
export function documentSize(document: string): number {
  return document.replace(/\s/g, "").length;
}

/** @throws {Refusal} `MalformedPolicyDocument`, `LimitExceeded` when it is larger than a managed policy may be. */
export function checkManagedPolicy(document: string): void {
  parsePolicy(document, "identity");
  assertWithin("PolicySize", documentSize(document));
}

/** @throws {Refusal} `MalformedPolicyDocument`, `LimitExceeded` when it is larger than a trust policy may be. */
export function checkTrustPolicy(document: string): void {
  parsePolicy(document, "trust");
  assertWithin("ACLSizePerRole", documentSize(document));
}

/** Its size counts together with the holder's others. @throws {Refusal} `MalformedPolicyDocument`. */
export function checkInlinePolicy(document: string): void {
  parsePolicy(document, "identity");
}
