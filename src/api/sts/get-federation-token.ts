import { createSession, federatedUserArn } from "../../identity/index.ts";
import { requirePermission } from "./permissions.ts";
import { readSessionPolicies } from "./session-policies.ts";
import { sessionTags, tagConditions } from "./session-tags.ts";
import {
  endOfSession,
  longSessionSeconds,
  requireLongTermKey,
  type StsNeeds,
  type StsOperation,
  shownCredentials,
} from "./sts-operation.ts";

/**
 * Temporary credentials for somebody that the calling user or root vouches for. They allow what both the caller's
 * policies and the session policies allow; without session policies, nothing.
 *
 * @throws {Refusal} `AccessDenied` for sessions; `MalformedPolicyDocument`; `PackedPolicyTooLarge`.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetFederationToken.html
 */
export function getFederationToken(needs: StsNeeds): StsOperation<"GetFederationToken"> {
  return {
    mutates: true,
    resources: ({ Name }, { caller }) => [federatedUserArn(caller.account, Name)],
    conditions: (input) => tagConditions(sessionTags(input, undefined)),
    run: async (input, call) => {
      requireLongTermKey(call, "GetFederationToken");
      const { caller, now } = call;
      const arn = federatedUserArn(caller.account, input.Name);
      const tags = sessionTags(input, undefined);
      if (Object.keys(tags.tags).length > 0) {
        await requirePermission(call, { action: "sts:TagSession", resource: arn, conditions: tagConditions(tags) });
      }
      const userId = caller.kind === "root" ? null : caller.principalId;
      const made = createSession(needs, {
        account: caller.account,
        holder: { kind: "federated", userId, name: input.Name },
        createdAt: now,
        expiresAt: endOfSession(now, longSessionSeconds(call, input.DurationSeconds)),
        mfaAuthenticated: false,
        ...tags,
        ...(await readSessionPolicies(input, caller.account, call)),
      });
      return {
        Credentials: shownCredentials(made),
        FederatedUser: { FederatedUserId: `${caller.account}:${input.Name}`, Arn: arn },
        PackedPolicySize: made.packedPercent,
      };
    },
  };
}
