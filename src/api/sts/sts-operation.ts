import type { StsOperations } from "../../aws/index.ts";
import { type Random, Refusal } from "../../core/index.ts";
import type { IdentitySchema, SecretBox, TemporaryCredentials } from "../../identity/index.ts";
import type { Call, Operation } from "../operation.ts";

/** What giving out credentials takes. */
export interface StsNeeds {
  readonly random: Random;
  readonly box: SecretBox;
}

export type StsCall = Call<IdentitySchema>;

/** One operation of the service, by its name. */
export type StsOperation<Name extends keyof StsOperations> = Operation<
  StsOperations[Name]["input"],
  StsOperations[Name]["output"],
  IdentitySchema
>;

/** Temporary credentials as every answer shows them. */
export function shownCredentials(made: TemporaryCredentials): {
  readonly AccessKeyId: string;
  readonly SecretAccessKey: string;
  readonly SessionToken: string;
  readonly Expiration: Date;
} {
  return {
    AccessKeyId: made.accessKeyId,
    SecretAccessKey: made.secretAccessKey,
    SessionToken: made.sessionToken,
    Expiration: new Date(made.expiresAt),
  };
}

/** When a session ends: answers tell it in whole seconds, so it is one. */
export function endOfSession(now: number, seconds: number): number {
  return (Math.floor(now / 1000) + seconds) * 1000;
}

export const HOUR_SECONDS = 3_600;

/** GetSessionToken and GetFederationToken: 12 hours, but root gets an hour at most, whatever it asks for. */
export function longSessionSeconds(call: StsCall, asked: number | undefined): number {
  const isRoot = call.caller.kind === "root";
  return isRoot ? Math.min(asked ?? HOUR_SECONDS, HOUR_SECONDS) : (asked ?? 12 * HOUR_SECONDS);
}

/** Sessions do not make sessions in this way. @throws {Refusal} `AccessDenied`. */
export function requireLongTermKey(call: StsCall, operation: "GetFederationToken" | "GetSessionToken"): void {
  if (call.caller.session === undefined) return;
  throw new Refusal("AccessDenied", `Cannot call ${operation} with session credentials`, 403);
}

/** Nobody has an MFA device here, so no code is right. @throws {Refusal} `AccessDenied`. */
export function refuseMfa(input: {
  readonly SerialNumber?: string | undefined;
  readonly TokenCode?: string | undefined;
}): void {
  if (input.SerialNumber === undefined && input.TokenCode === undefined) return;
  const message =
    "MultiFactorAuthentication failed, unable to validate MFA code.  Please verify your MFA serial number is valid and associated with this user.";
  throw new Refusal("AccessDenied", message, 403);
}

export function validationError(message: string): Refusal {
  return new Refusal("ValidationError", message, 400);
}
