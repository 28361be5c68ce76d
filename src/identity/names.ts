import type { RawBuilder } from "kysely";
import { sql } from "kysely";
import { formatArn, parseArn, Refusal } from "../core/index.ts";
import type { HolderKind } from "./schema.ts";

/** Names are kept as given and are unique whatever their case: this is what is compared and ordered by. */
export function nameKey(name: string): string {
  return name.toLowerCase();
}

/** `arn:aws:iam::123456789012:user/division/Mary`; `path` begins and ends with a slash. */
export function entityArn(account: string, kind: HolderKind, path: string, name: string): string {
  return formatArn("iam", "", account, `${kind}${path}${name}`);
}

/** `arn:aws:iam::123456789012:root`. */
export function rootArn(account: string): string {
  return formatArn("iam", "", account, "root");
}

/** Whose policy an ARN names: an account's, or `aws` for one that AWS manages. */
export interface PolicyArn {
  readonly arn: string;
  readonly owner: string;
}

/** @throws {Refusal} `ValidationError` when the text is not the ARN of a managed policy. */
export function parsePolicyArn(text: string): PolicyArn {
  const arn = parseArn(text);
  const wellFormed =
    arn?.service === "iam" && arn.region === "" && /^policy\/([!-~]+\/)?[\w+=,.@-]+$/.test(arn.resource);
  if (!wellFormed) throw new Refusal("ValidationError", `ARN ${text} is not valid.`);
  return { arn: text, owner: arn.account };
}

/** True for the rows of a table with a column `path` that lie under `prefix`; no letter of it is a wildcard. */
export function underPath(prefix: string): RawBuilder<boolean> {
  return sql<boolean>`substr(path, 1, ${prefix.length}) = ${prefix}`;
}
