import { isArn } from "./arn-of.ts";
import type { Members, ResourceForm } from "./row.ts";

/** Names of keys begin with `alias/` or do not: one member holds both. */
export const keyId: ResourceForm = (value) => (isAlias(value) ? undefined : value);
export const aliasName: ResourceForm = (value) => (isAlias(value) ? value : undefined);

function isAlias(value: string): boolean {
  return /^(?:arn:[^:]*:kms:[^:]*:[^:]*:)?alias\//.test(value);
}

/** `https://sqs.eu-west-1.amazonaws.com/123456789012/orders` names account and queue; hosts of emulators vary, the path not. */
export const queueOfUrl: ResourceForm = (value) => {
  const [, account, name] =
    /^https?:\/\/[^/]+\/(?:queue\/[a-z0-9-]+\/|[^?#]*\/)?(\d{12})\/([\w-]{1,80}(?:\.fifo)?)\/?$/.exec(value) ?? [];
  return account === undefined ? undefined : `${account}:${name}`;
};

/**
 * `name`, `name:qualifier`, `123456789012:function:name` or a whole ARN, each perhaps with a qualifier, which a resource does
 * not have.
 */
export const functionName: ResourceForm = (value) => {
  const parts = value.split(":");
  const at = parts.indexOf("function");
  if (isArn(value)) return at === 5 ? parts.slice(0, 7).join(":") : undefined;
  return at < 0 ? parts[0] : parts[at + 1];
};

/** `/hostedzone/Z1` and `Z1` are the same zone. */
export const lastStep: ResourceForm = (value) => value.slice(value.lastIndexOf("/") + 1);

/** A parameter may be asked for at a version or a label: `/app/key:3`. */
export const parameterName: ResourceForm = (value) =>
  isArn(value) ? value : value.replace(/^\//, "").replace(/:[^:/]*$/, "");

/** Rules of the default bus are named without it. */
export const ruleOfBus: ResourceForm = (value, input) => {
  const bus = text(input, "EventBusName");
  const name = bus === undefined ? "default" : bus.slice(bus.lastIndexOf("/") + 1);
  return name === "default" || isArn(value) ? value : `${name}/${value}`;
};

/** `regional/webacl/name/id`: a web ACL is named by three members. */
export function wafEntity(kind: string): ResourceForm {
  return (value, input) => {
    const id = text(input, "Id");
    const scope = text(input, "Scope") === "CLOUDFRONT" ? "global" : "regional";
    return id === undefined ? undefined : `${scope}/${kind}/${value}/${id}`;
  };
}

/** The table of a PartiQL statement, as far as it is plain. */
export const tableOfStatement: ResourceForm = (value) =>
  /^\s*(?:SELECT\b[^']{0,4000}?\bFROM|INSERT\s+INTO|UPDATE|DELETE\s+FROM)\s+"?([\w.-]{3,255})\b/i.exec(value)?.[1];

/** Agents of machines that are not EC2 instances have ids of their own. */
export const instanceId: ResourceForm = (value) => (/^i-[0-9A-Za-z]+$/.test(value) ? value : undefined);
export const managedInstanceId: ResourceForm = (value) => (/^mi-[0-9A-Za-z]+$/.test(value) ? value : undefined);

function text(members: Members, name: string): string | undefined {
  const value = members[name];
  return typeof value === "string" && value !== "" ? value : undefined;
}
