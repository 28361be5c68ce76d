/**
 * Who calls, and what they may do: accounts, users, groups, roles, keys and sessions, and the evaluation of their
 * policies. Secrets are encrypted at rest; nothing here knows HTTP.
 */
export * from "./authorizer.ts";
export * from "./caller-context.ts";
export * from "./caller.ts";
export * from "./migrations.ts";
export * from "./policy/index.ts";
export * from "./schema.ts";
export * from "./secret-box.ts";
