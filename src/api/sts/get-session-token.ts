import { createSession } from "../../identity/index.ts";
import {
  endOfSession,
  longSessionSeconds,
  refuseMfa,
  requireLongTermKey,
  type StsNeeds,
  type StsOperation,
  shownCredentials,
} from "./sts-operation.ts";

/**
 * Temporary credentials of the user or root that calls, with the same permissions; needs none itself.
 *
 * @throws {Refusal} `AccessDenied` for sessions, and for every MFA code.
 * @see https://docs.aws.amazon.com/STS/latest/APIReference/API_GetSessionToken.html
 */
export function getSessionToken(needs: StsNeeds): StsOperation<"GetSessionToken"> {
  return {
    mutates: true,
    open: true,
    run: async (input, call) => {
      requireLongTermKey(call, "GetSessionToken");
      refuseMfa(input);
      const { caller, now } = call;
      const made = createSession(needs, {
        account: caller.account,
        holder: caller.kind === "root" ? { kind: "root" } : { kind: "user", userId: caller.principalId },
        createdAt: now,
        expiresAt: endOfSession(now, longSessionSeconds(call, input.DurationSeconds)),
        mfaAuthenticated: false,
        tags: {},
        transitiveTagKeys: [],
        policyArns: [],
      });
      return { Credentials: shownCredentials(made) };
    },
  };
}
