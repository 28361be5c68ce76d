import { Refusal } from "../core/index.ts";
import { assertWithin } from "./limits.ts";

/** The size of a policy document as IAM counts it: characters, white space left out. */
export function documentSize(document: string): number {
  return document.replace(/\s/g, "").length;
}

/** @throws {Refusal} `MalformedPolicyDocument`, `LimitExceeded` when it is larger than a managed policy may be. */
export function checkManagedPolicy(document: string): void {
  checkJson(document);
  assertWithin("PolicySize", documentSize(document));
}

/** @throws {Refusal} `MalformedPolicyDocument`, `LimitExceeded` when it is larger than a trust policy may be. */
export function checkTrustPolicy(document: string): void {
  checkJson(document);
  assertWithin("ACLSizePerRole", documentSize(document));
}

/** Its size counts together with the holder's others. @throws {Refusal} `MalformedPolicyDocument`. */
export function checkInlinePolicy(document: string): void {
  checkJson(document);
}

function checkJson(document: string): void {
  try {
    JSON.parse(document);
  } catch {
    throw new Refusal("MalformedPolicyDocument", "This policy contains invalid Json");
  }
}
