/** A policy that `parsePolicy` has accepted. */
export interface PolicyDocument {
  readonly Statement: PolicyStatement | readonly PolicyStatement[];
}

type Texts = string | readonly string[];

export interface PolicyStatement {
  readonly Effect: "Allow" | "Deny";
  readonly Principal?: "*" | Readonly<Record<string, Texts>>;
  readonly NotPrincipal?: unknown;
  readonly Action?: Texts;
  readonly NotAction?: Texts;
  readonly Resource?: Texts;
  readonly NotResource?: Texts;
  readonly Condition?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

export function statementsOf({ Statement }: PolicyDocument): readonly PolicyStatement[] {
  return Array.isArray(Statement) ? (Statement as readonly PolicyStatement[]) : [Statement as PolicyStatement];
}

/**
 * Whether a policy lets in everybody: a statement that allows any principal, and no condition that names who or whence in
 * fixed values.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/access-control-block-public-access.html#access-control-block-public-access-policy-status
 */
export function isPublic(policy: PolicyDocument): boolean {
  return statementsOf(policy).some(
    (statement) => statement.Effect === "Allow" && namesAnybody(statement) && !isNarrowed(statement),
  );
}

function namesAnybody({ Principal, NotPrincipal }: PolicyStatement): boolean {
  if (NotPrincipal !== undefined || Principal === "*") return true;
  return Object.values(Principal ?? {}).some((names) => [names].flat().includes("*"));
}

/** Conditions whose fixed values make a statement one for somebody. */
const NARROWING: ReadonlySet<string> = new Set([
  "aws:principalaccount",
  "aws:principalarn",
  "aws:principalorgid",
  "aws:principalorgpaths",
  "aws:sourceaccount",
  "aws:sourcearn",
  "aws:sourceip",
  "aws:sourceorgid",
  "aws:sourceowner",
  "aws:sourcevpc",
  "aws:sourcevpce",
  "aws:userid",
  "aws:vpcsourceip",
  "s3:dataaccesspointaccount",
  "s3:dataaccesspointarn",
  "s3:x-amz-server-side-encryption-aws-kms-key-id",
]);

const COMPARING = /^(?:StringEquals|StringEqualsIgnoreCase|StringLike|ArnEquals|ArnLike|IpAddress)$/;

function isNarrowed({ Condition = {} }: PolicyStatement): boolean {
  return Object.entries(Condition).some(
    ([operator, keys]) =>
      COMPARING.test(operator) &&
      Object.entries(keys).some(
        ([key, values]) => NARROWING.has(key.toLowerCase()) && [values].flat().every((value) => isFixed(String(value))),
      ),
  );
}

/** No wildcard, no variable, and not half of the Internet. An account may stand among wildcards of an ARN. */
function isFixed(value: string): boolean {
  const [, address = "", bits] = /^([\d.]+|[\da-f:.]+)\/(\d{1,3})$/i.exec(value) ?? [];
  if (bits !== undefined) return Number(bits) >= (address.includes(":") ? 32 : 8);
  if (/^arn:[^:]*:[^:]*:[^:]*:\d{12}:/.test(value)) return true;
  return !/[*?]|\$\{/.test(value);
}
