import { Refusal } from "../core/index.ts";
import type { Caller } from "./caller.ts";

/**
 * What no policy can give to credentials of GetFederationToken, and none to those of GetSessionToken made without MFA:
 * calls to IAM. Sessions of roles may call whatever the role may.
 * @throws {Refusal} `InvalidClientTokenId`, the name and text under which AWS refuses them.
 * @see https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_sts-comparison.html
 */
export function assertSessionMayCall(caller: Caller, service: string): void {
  if (service !== "iam" || caller.session === undefined || caller.kind === "role") return;
  if (caller.kind !== "federated" && caller.session.mfaAuthenticated) return;
  throw new Refusal("InvalidClientTokenId", "The security token included in the request is invalid", 403);
}
