import { parseArn, optional } from "../../core/index.ts";
import type { UserIdentity } from "../../record/index.ts";

/** What is known of a caller beside its ARN. */
export interface BesideArn {
  readonly accessKeyId?: string;
  readonly principalId?: string;
}

/**
 * The identity that the ARN of a user, a root user or a session names, with nothing in it that the ARN does not say;
 * undefined when it is no such ARN.
 */
export function identityOfArn(arn: string, { accessKeyId, principalId }: BesideArn = {}): UserIdentity | undefined {
  const { service, account = "", resource = "" } = parseArn(arn) ?? {};
  const accountId = account === "" ? undefined : account;
  const [kind = "", ...names] = resource.split("/");
  const type = TYPES.get(`${service}:${kind}`);
  const name = names.at(-1);
  if (type === undefined || !isComplete(type, names)) return undefined;
  return inOrder({
    type,
    ...optional("principalId", principalId ?? impliedPrincipal(type, accountId, name)),
    arn,
    ...optional("accountId", accountId),
    ...optional("accessKeyId", accessKeyId),
    ...(type === "IAMUser" ? optional("userName", name) : {}),
    ...(type === "AssumedRole"
      ? { sessionContext: { sessionIssuer: roleIssuer(arn, principalId), webIdFederationData: {} } }
      : {}),
  });
}

/** A user's name comes after its path; a session's after its role's. */
function isComplete(type: string, names: readonly string[]): boolean {
  if (type === "Root") return names.length === 0;
  return names.every((name) => name !== "") && (type === "AssumedRole" ? names.length === 2 : names.length > 0);
}

const TYPES: ReadonlyMap<string, string> = new Map([
  ["iam:root", "Root"],
  ["iam:user", "IAMUser"],
  ["sts:assumed-role", "AssumedRole"],
  ["sts:federated-user", "FederatedUser"],
]);

/** The ids of these are made of what the ARN says. */
function impliedPrincipal(type: string, account: string | undefined, name: string | undefined): string | undefined {
  if (account === undefined) return undefined;
  if (type === "Root") return account;
  return type === "FederatedUser" ? `${account}:${name}` : undefined;
}

/**
 * The role of a session. A session's ARN lacks the role's path, so that the role's own ARN is `asked` for: it counts only
 * when it names the same role.
 */
export function roleIssuer(
  sessionArn: string,
  assumedRoleId: string | undefined,
  asked?: string,
): Readonly<Record<string, string>> {
  const session = parseArn(sessionArn);
  const name = session?.resource.split("/")[1];
  const role = asked === undefined ? undefined : parseArn(asked);
  const isRole = role?.service === "iam" && role.resource.startsWith("role/") && role.account === session?.account;
  return {
    type: "Role",
    ...optional("principalId", assumedRoleId?.split(":", 1)[0]),
    ...(isRole && asked?.slice(asked.lastIndexOf("/") + 1) === name ? optional("arn", asked) : {}),
    ...optional("accountId", session?.account || undefined),
    ...optional("userName", name),
  };
}

/** The order of members in production records. */
const ORDER: readonly (keyof UserIdentity)[] = [
  "type",
  "principalId",
  "arn",
  "accountId",
  "accessKeyId",
  "userName",
  "sessionContext",
  "invokedBy",
  "identityProvider",
];

/** The same identity, its members in the order of production records. */
export function inOrder(identity: UserIdentity): UserIdentity {
  return Object.fromEntries(ORDER.flatMap((name) => (identity[name] === undefined ? [] : [[name, identity[name]]])));
}
