import { type Arn, parseArn } from "../../../core/index.ts";
import type { RecordResource } from "../../../record/index.ts";

/** AWS's own limit of an ARN, in characters. */
const ARN_LENGTH_MAX = 2048;

/** Visible characters, single spaces between them: what stands in a record must not pretend to be anything else. */
const PLAIN = /^[^\p{C}\p{Z}]+(?: [^\p{C}\p{Z}]+)*$/u;
/** The same for nearly all texts, and faster. */
const PLAIN_ASCII = /^[!-~]+$/;
const PARTITION = /^aws(?:-[a-z]+)*$/;
const SERVICE = /^[a-z0-9-]+$/;
const REGION = /^[a-z0-9-]*$/;
const ACCOUNT = /^(?:\d{12}|[a-z-]*)$/;

/** True when the text has the shape of an ARN: it comes from a client and may be anything. */
export function isArn(text: string): boolean {
  return partsOfArn(text) !== undefined;
}

function partsOfArn(text: string): Arn | undefined {
  if (!text.startsWith("arn:") || !isPlain(text)) return undefined;
  const arn = parseArn(text);
  if (arn === undefined || !PARTITION.test(arn.partition) || !SERVICE.test(arn.service)) return undefined;
  return REGION.test(arn.region) && ACCOUNT.test(arn.account) ? arn : undefined;
}

/** Of a text that is an ARN. */
export function serviceOfArn(arn: string): string | undefined {
  return arn.split(":", 3)[2];
}

/** True when the text could be part of an ARN. */
export function isPlain(text: string): boolean {
  return text.length <= ARN_LENGTH_MAX && (PLAIN_ASCII.test(text) || PLAIN.test(text));
}

/** `aws`, `aws-cn`, `aws-us-gov`: told by the Region's name. */
export function partitionOf(region: string): string {
  if (region.startsWith("cn-") && /^cn-[a-z]+-\d$/.test(region)) return "aws-cn";
  return region.startsWith("us-gov-") && /^us-gov-[a-z]+-\d$/.test(region) ? "aws-us-gov" : "aws";
}

/**
 * The resource of an ARN. Its owner stands in the ARN, or is `account` where ARNs of its kind do not say (buckets, hosted
 * zones); what AWS itself owns (`arn:aws:iam::aws:policy/…`) belongs to no account. Undefined when it is no ARN, or too
 * long.
 */
export function arnResource(arn: string, type: string | undefined, account: string): RecordResource | undefined {
  const parts = partsOfArn(arn);
  if (parts === undefined) return undefined;
  const owner = parts.account || account;
  const owned = /^\d{12}$/.test(owner) ? { accountId: owner } : {};
  return type === undefined ? { ...owned, ARN: arn } : { ...owned, type, ARN: arn };
}
