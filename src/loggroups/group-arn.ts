import { formatArn, parseArn } from "../core/index.ts";

/** Where a log group is. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

const GROUP = /^log-group:([\w./#-]{1,512})(?::\*)?$/;

/** Without `:*`. */
export function groupArn({ account, region }: Place, name: string): string {
  return formatArn("logs", region, account, `log-group:${name}`);
}

/** A group's ARN as groups are kept and named to others, whether it came with `:*` or without. */
export function withoutWildcard(arn: string): string {
  return arn.replace(/:\*$/, "");
}

export function streamArn(group: string, stream: string): string {
  return `${group}:log-stream:${stream}`;
}

/** Takes the ARN of a group apart, with or without `:*`; undefined when the text is none. */
export function parseGroupArn(text: string): (Place & { readonly name: string }) | undefined {
  const arn = parseArn(text);
  if (arn?.service !== "logs") return undefined;
  const name = GROUP.exec(arn.resource)?.[1];
  return name === undefined ? undefined : { account: arn.account, region: arn.region, name };
}
