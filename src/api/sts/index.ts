/**
 * The Security Token Service, one file per operation: who one is, and temporary credentials. What is not in the table
 * (SAML, web identity, AssumeRoot and delegated access need parties that we do not have) is refused by name.
 */
import type { StsOperations } from "../../aws/index.ts";
import type { IdentitySchema } from "../../identity/index.ts";
import type { Operations } from "../operation.ts";
import { assumeRole } from "./assume-role.ts";
import { decodeAuthorizationMessage } from "./decode-authorization-message.ts";
import { getAccessKeyInfo } from "./get-access-key-info.ts";
import { getCallerIdentity } from "./get-caller-identity.ts";
import { getFederationToken } from "./get-federation-token.ts";
import { getSessionToken } from "./get-session-token.ts";
import type { StsNeeds } from "./sts-operation.ts";

export function stsOperations(needs: StsNeeds): Operations<StsOperations, IdentitySchema> {
  return {
    AssumeRole: assumeRole(needs),
    DecodeAuthorizationMessage: decodeAuthorizationMessage,
    GetAccessKeyInfo: getAccessKeyInfo,
    GetCallerIdentity: getCallerIdentity,
    GetFederationToken: getFederationToken(needs),
    GetSessionToken: getSessionToken(needs),
  };
}

export type { StsNeeds } from "./sts-operation.ts";
