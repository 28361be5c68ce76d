import { isoSeconds } from "../core/index.ts";
import type { SessionContext, UserIdentity } from "../record/index.ts";
import type { Caller, CallerSession } from "./caller.ts";

const TYPES: Readonly<Record<Caller["kind"], string>> = {
  root: "Root",
  user: "IAMUser",
  role: "AssumedRole",
  federated: "FederatedUser",
};

/** A proven caller as a record's `userIdentity` shows it; member order is that of production records. */
export function userIdentity(caller: Caller): UserIdentity {
  return {
    type: TYPES[caller.kind],
    principalId: caller.principalId,
    arn: caller.arn,
    accountId: caller.account,
    accessKeyId: caller.accessKeyId,
    ...(caller.userName === undefined ? {} : { userName: caller.userName }),
    ...(caller.session === undefined ? {} : { sessionContext: sessionContext(caller.session) }),
  };
}

/** What the owner of a resource sees of a caller from another account. */
export function foreignIdentity(caller: Caller): UserIdentity {
  return { type: "AWSAccount", principalId: caller.principalId, accountId: caller.account };
}

/** A caller that no signature has proven. The key it claimed is shown, the identity behind the key is not. */
export function unknownIdentity(claimedAccessKeyId: string | undefined): UserIdentity {
  return claimedAccessKeyId === undefined ? { type: "Unknown" } : { type: "Unknown", accessKeyId: claimedAccessKeyId };
}

/** The empty objects and the text booleans are really there in what AWS records. */
function sessionContext(session: CallerSession): SessionContext {
  const issuer = session.issuer;
  return {
    sessionIssuer:
      issuer === undefined
        ? {}
        : {
            type: issuer.type,
            principalId: issuer.principalId,
            arn: issuer.arn,
            accountId: issuer.account,
            ...(issuer.userName === undefined ? {} : { userName: issuer.userName }),
          },
    webIdFederationData: {},
    attributes: {
      creationDate: isoSeconds(session.createdAt),
      mfaAuthenticated: String(session.mfaAuthenticated),
    },
    ...(session.sourceIdentity === undefined ? {} : { sourceIdentity: session.sourceIdentity }),
  };
}
