/**
 * Who calls, and what they may do: accounts, users, groups, roles, keys and sessions, and the evaluation of their
 * policies. Secrets are encrypted at rest; nothing here knows HTTP.
 */
export * from "./access-keys.ts";
export * from "./accounts.ts";
export * from "./attachments.ts";
export * from "./authorizer.ts";
export * from "./boundaries.ts";
export * from "./bootstrap.ts";
export * from "./caller-context.ts";
export * from "./caller.ts";
export { assumedRoleArn, federatedUserArn } from "./callers.ts";
export * from "./credentials.ts";
export { findEntity, listEntities, type User } from "./entities.ts";
export * from "./groups.ts";
export * from "./held-policies.ts";
export * from "./holders.ts";
export * from "./ids.ts";
export * from "./inline-policies.ts";
export * from "./limits.ts";
export * from "./login-profiles.ts";
export * from "./migrations.ts";
export * from "./names.ts";
export * from "./passwords.ts";
export * from "./policies.ts";
export * from "./policy/index.ts";
export * from "./policy-uses.ts";
export * from "./policy-versions.ts";
export * from "./roles.ts";
export * from "./schema.ts";
export * from "./secret-box.ts";
export { createSession, type Session, type SessionHolder, type TemporaryCredentials } from "./session-token.ts";
export { assertSessionMayCall } from "./session-limits.ts";
export * from "./slices.ts";
export * from "./tags.ts";
export * from "./user-identity.ts";
export * from "./users.ts";
