import type { Generated } from "kysely";

/** Identity's tables. Times are milliseconds since 1970; documents are the JSON text as the caller gave it. */
export interface IdentitySchema {
  accounts: AccountRow;
  users: UserRow;
  groups: GroupRow;
  group_members: GroupMemberRow;
  roles: RoleRow;
  access_keys: AccessKeyRow;
  policies: PolicyRow;
  policy_versions: PolicyVersionRow;
  attached_policies: AttachedPolicyRow;
  inline_policies: InlinePolicyRow;
  identity_tags: TagRow;
}

/** What can hold policies and tags; `policy` can only hold tags. */
export type HolderKind = "user" | "group" | "role" | "policy";

export interface AccountRow {
  account_id: string;
  alias: string | null;
  created_at: number;
}

export interface UserRow {
  account_id: string;
  /** `AIDA…`, never given twice, so that a new user of an old name is somebody else. */
  user_id: string;
  name: string;
  /** Names are unique whatever their case; this is the name in lower case. */
  name_key: string;
  /** `/` or `/division/team/`. */
  path: string;
  created_at: number;
  boundary_arn: string | null;
  /** `scrypt$N$r$p$salt$hash`, base64; null without a login profile. */
  password_hash: string | null;
  password_created_at: number | null;
  password_reset_required: Generated<number>;
  password_last_used_at: number | null;
}

export interface GroupRow {
  account_id: string;
  /** `AGPA…` */
  group_id: string;
  name: string;
  name_key: string;
  path: string;
  created_at: number;
}

export interface GroupMemberRow {
  group_id: string;
  user_id: string;
}

export interface RoleRow {
  account_id: string;
  /** `AROA…` */
  role_id: string;
  name: string;
  name_key: string;
  path: string;
  created_at: number;
  description: string | null;
  trust_policy: string;
  /** 3,600 to 43,200 seconds. */
  session_seconds_max: number;
  boundary_arn: string | null;
  last_used_at: number | null;
  last_used_region: string | null;
}

export interface AccessKeyRow {
  /** `AKIA…` */
  access_key_id: string;
  account_id: string;
  /** null for a key of the account's root. */
  user_id: string | null;
  /** The secret, encrypted with the installation's key (`SecretBox`). */
  secret: Uint8Array;
  status: "Active" | "Inactive";
  created_at: number;
  last_used_at: number | null;
  last_used_service: string | null;
  last_used_region: string | null;
}

export interface PolicyRow {
  account_id: string;
  /** `ANPA…` */
  policy_id: string;
  arn: string;
  name: string;
  name_key: string;
  path: string;
  description: string | null;
  created_at: number;
  updated_at: number;
  /** The number that the next version will get: they are never given twice. */
  next_version: number;
}

export interface PolicyVersionRow {
  policy_id: string;
  /** 1 is `v1`. */
  version: number;
  document: string;
  is_default: number;
  created_at: number;
}

export interface AttachedPolicyRow {
  holder_kind: "user" | "group" | "role";
  holder_id: string;
  /** A policy of the account, or one of `arn:aws:iam::aws:policy/…`. */
  policy_arn: string;
  attached_at: number;
}

export interface InlinePolicyRow {
  holder_kind: "user" | "group" | "role";
  holder_id: string;
  name: string;
  document: string;
}

export interface TagRow {
  holder_kind: HolderKind;
  holder_id: string;
  key: string;
  /** Keys are unique whatever their case. */
  key_key: string;
  value: string;
}
