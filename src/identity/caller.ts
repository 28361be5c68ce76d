/**
 * Who makes a call, once a signature has proven it. Everything a record's `userIdentity` needs is here.
 *
 * - `root`: the account itself; `session` only with GetSessionToken credentials.
 * - `user`: an IAM user; `session` only with GetSessionToken credentials.
 * - `role`: an assumed-role session; `session.issuer` is the role.
 * - `federated`: GetFederationToken; `session.issuer` is the user or root that asked for it.
 */
export interface Caller {
  readonly kind: "root" | "user" | "role" | "federated";
  readonly account: string;
  /** `arn:aws:iam::A:user/path/name`, `arn:aws:sts::A:assumed-role/Role/session` … as a record shows it. */
  readonly arn: string;
  /** Account id, `AIDA…`, `AROA…:session`, `A:name`. */
  readonly principalId: string;
  /** The user's name, or for root the account's alias if there is one; absent for sessions of roles and federated users. */
  readonly userName?: string;
  readonly accessKeyId: string;
  readonly session?: CallerSession;
}

/** What temporary credentials add. */
export interface CallerSession {
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly mfaAuthenticated: boolean;
  /** The role (for `role`), or the user or root (for `federated`); absent for GetSessionToken. */
  readonly issuer?: {
    readonly type: "Role" | "IAMUser" | "Root";
    readonly principalId: string;
    readonly arn: string;
    readonly account: string;
    readonly userName?: string;
  };
  readonly sourceIdentity?: string;
  readonly tags: Readonly<Record<string, string>>;
  readonly transitiveTagKeys: readonly string[];
  /** Inline session policy, JSON text, and managed ones by ARN: they only ever narrow. */
  readonly policy?: string;
  readonly policyArns: readonly string[];
}
