import { parseArn } from "../../../core/index.ts";
import type { RecordResource } from "../../../record/index.ts";

/** AWS's own limit of an ARN, in characters. */
const ARN_LENGTH_MAX = 2048;

/** Visible characters, single spaces between them: what stands in a record must not pretend to be anything else. */
const PLAIN = /^[^\p{C}\p{Z}]+(?: [^\p{C}\p{Z}]+)*$/u;
const PARTITION = /^aws(?:-[a-z]+)*$/;
const SERVICE = /^[a-z0-9-]+$/;
const REGION = /^[a-z0-9-]*$/;
const ACCOUNT = /^(?:\d{12}|[a-z-]*)$/;

/** True when the text has the shape of an ARN: it comes from a client and may be anything. */
export function isArn(text: string): boolean {
  if (!isPlain(text)) return false;
  const arn = parseArn(text);
  if (arn === undefined || !PARTITION.test(arn.partition) || !SERVICE.test(arn.service)) return false;
  return REGION.test(arn.region) && ACCOUNT.test(arn.account);
}

/** True when the text could be part of an ARN. */
export function isPlain(text: string): boolean {
  return text.length <= ARN_LENGTH_MAX && PLAIN.test(text);
}

/** `aws`, `aws-cn`, `aws-us-gov`: told by the Region's name. */
export function partitionOf(region: string): string {
  if (/^cn-[a-z]+-\d$/.test(region)) return "aws-cn";
  return /^us-gov-[a-z]+-\d$/.test(region) ? "aws-us-gov" : "aws";
}

/**
 * The resource of an ARN. Its owner stands in the ARN, or is `account` where ARNs of its kind do not say (buckets, hosted
 * zones); what AWS itself owns (`arn:aws:iam::aws:policy/…`) belongs to no account. Undefined when the ARN is too long.
 */
export function arnResource(arn: string, type: string | undefined, account: string): RecordResource | undefined {
  if (!isArn(arn)) return undefined;
  const owner = parseArn(arn)?.account || account;
  return {
    ...(/^\d{12}$/.test(owner) && { accountId: owner }),
    ...(type !== undefined && { type }),
    ARN: arn,
  };
}
