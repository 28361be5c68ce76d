/** An Amazon Resource Name, taken apart: `arn:partition:service:region:account:resource`. */
export interface Arn {
  readonly partition: string;
  readonly service: string;
  readonly region: string;
  readonly account: string;
  /** Everything after the fifth colon, further colons and slashes included. */
  readonly resource: string;
}

/** Takes an ARN apart, or answers undefined when the text is not one. */
export function parseArn(text: string): Arn | undefined {
  const parts = text.split(":");
  const [prefix, partition, service, region, account] = parts;
  if (prefix !== "arn" || !partition || !service || region === undefined || account === undefined) return undefined;
  const resource = parts.slice(5).join(":");
  return resource === "" ? undefined : { partition, service, region, account, resource };
}

/** `arn:aws:iam::123456789012:user/division/Mary`: `resource` already holds type, path and name. */
export function formatArn(service: string, region: string, account: string, resource: string): string {
  return `arn:aws:${service}:${region}:${account}:${resource}`;
}
