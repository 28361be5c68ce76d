import { type Brand, parseArn, Refusal } from "../core/index.ts";

export type TrailName = Brand<string, "TrailName">;

const LENGTH_MIN = 3;
const LENGTH_MAX = 128;

/** What a name must not be, and what AWS then says, its English included: the first that is met is told. */
const RULES: readonly (readonly [broken: (name: string) => boolean, message: string | ((name: string) => string)])[] = [
  [
    (name) => name.length < LENGTH_MIN,
    (name) =>
      `Trail name too short. Minimum allowed length: ${LENGTH_MIN} characters. Specified name length: ${name.length} characters.`,
  ],
  [
    (name) => name.length > LENGTH_MAX,
    (name) =>
      `Trail name too long. Maximum allowed length: ${LENGTH_MAX} characters. Specified name length: ${name.length} characters.`,
  ],
  [(name) => !/^[A-Za-z0-9]/.test(name), "Trail name must starts with a letter or number."],
  [(name) => !/[A-Za-z0-9]$/.test(name), "Trail name must ends with a letter or number."],
  [
    (name) => !/^[A-Za-z0-9._-]+$/.test(name),
    "Trail name or ARN can only contain uppercase letters, lowercase letters, numbers, periods (.), hyphens (-), and underscores (_).",
  ],
  [(name) => /[._-]{2}/.test(name), "Trail name cannot have adjacent periods, hyphens or underscores."],
  [(name) => /^\d{1,3}(\.\d{1,3}){3}$/.test(name), "Trail name cannot be in IP address format."],
];

/** @throws {Refusal} `InvalidTrailNameException`. */
export function parseTrailName(text: string): TrailName {
  for (const [broken, message] of RULES) {
    if (!broken(text)) continue;
    throw new Refusal("InvalidTrailNameException", typeof message === "string" ? message : message(text));
  }
  return text as TrailName; // the one cast: every rule has held
}

/** Where a call is made: what a bare name is completed with. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

/** `arn:aws:cloudtrail:us-east-1:123456789012:trail/Default` */
export function trailArn({ account, region }: Place, name: string): string {
  return `arn:aws:cloudtrail:${region}:${account}:trail/${name}`;
}

/**
 * The ARN of the trail that a text names, by its ARN or by its name in the Region and account of the call.
 * @throws {Refusal} `InvalidTrailNameException`; `CloudTrailARNInvalidException` when it is another thing's ARN.
 */
export function parseTrailReference(text: string, place: Place): string {
  if (!text.startsWith("arn:")) return trailArn(place, parseTrailName(text));
  const arn = parseArn(text);
  const name = /^trail\/(.*)$/s.exec(arn?.resource ?? "")?.[1];
  const isTrail = arn?.partition === "aws" && arn.service === "cloudtrail" && arn.region !== "" && name !== undefined;
  if (!isTrail || !/^\d{12}$/.test(arn.account)) {
    throw new Refusal("CloudTrailARNInvalidException", `The trail ARN is not valid: ${text}`);
  }
  return trailArn(arn, parseTrailName(name));
}
