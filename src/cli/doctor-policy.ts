/** What a bucket must allow for a trail, and whether its policy says so. */

/** The trail as the policy has to know it. */
export interface PolicyOwner {
  readonly bucket: string;
  /** With its slash, or empty. */
  readonly prefix: string;
  readonly account: string;
  readonly trailArn: string;
}

export interface Statement {
  readonly Sid: string;
  readonly Effect: "Allow";
  readonly Principal: { readonly Service: string };
  readonly Action: string;
  readonly Resource: string;
  readonly Condition: { readonly StringEquals: Readonly<Record<string, string>> };
}

/** What is known about a bucket's policy: `undefined` text when it has none. */
export interface PolicyReport {
  /** Statements that no statement of the policy stands for. */
  readonly missing: readonly Statement[];
  /** To be put as it is: what the trail needs, and what the policy says already where something is missing. */
  readonly document: Readonly<Record<string, unknown>>;
}

const SERVICE = "cloudtrail.amazonaws.com";
const ACL = "bucket-owner-full-control";

/** @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/create-s3-bucket-policy-for-cloudtrail.html */
export function neededStatements({ bucket, prefix, account, trailArn }: PolicyOwner): readonly Statement[] {
  const arn = `arn:aws:s3:::${bucket}`;
  const common = { Effect: "Allow", Principal: { Service: SERVICE } } as const;
  return [
    {
      Sid: "AWSCloudTrailAclCheck20150319",
      ...common,
      Action: "s3:GetBucketAcl",
      Resource: arn,
      Condition: { StringEquals: { "aws:SourceArn": trailArn } },
    },
    {
      Sid: "AWSCloudTrailWrite20150319",
      ...common,
      Action: "s3:PutObject",
      Resource: `${arn}/${prefix}AWSLogs/${account}/*`,
      Condition: { StringEquals: { "s3:x-amz-acl": ACL, "aws:SourceArn": trailArn } },
    },
  ];
}

/** Compares what the trail needs with the policy as its bucket gave it; a policy that is not JSON says nothing. */
export function reportPolicy(owner: PolicyOwner, policy: string | undefined): PolicyReport {
  const needed = neededStatements(owner);
  const document = policy === undefined ? undefined : readDocument(policy);
  const present = document === undefined ? [] : [document["Statement"] ?? []].flat().filter(isMembers);
  const context: Context = {
    "aws:sourcearn": owner.trailArn,
    "aws:sourceaccount": owner.account,
    "s3:x-amz-acl": ACL,
  };
  const missing = needed.filter((wanted) => !present.some((statement) => standsFor(statement, wanted, context)));
  const whole =
    missing.length === 0 || document === undefined ? { Version: "2012-10-17", Statement: needed } : undefined;
  return { missing, document: whole ?? { ...document, Statement: [...present, ...missing] } };
}

type Members = Readonly<Record<string, unknown>>;
type Context = Readonly<Record<string, string>>;

function readDocument(policy: string): Members | undefined {
  try {
    const document: unknown = JSON.parse(policy);
    return isMembers(document) ? document : undefined;
  } catch {
    // Whoever stored it may read it otherwise; here it allows nothing.
    return undefined;
  }
}

/** Whether a statement allows all that the wanted one does. What is not understood does not. */
function standsFor(statement: Members, wanted: Statement, context: Context): boolean {
  return (
    statement["Effect"] === "Allow" &&
    namesService(statement["Principal"]) &&
    textsOf(statement["Action"]).some((action) => globMatches(action.toLowerCase(), wanted.Action.toLowerCase())) &&
    textsOf(statement["Resource"]).some((resource) => globMatches(resource, wanted.Resource)) &&
    conditionsHold(statement["Condition"] ?? {}, context)
  );
}

function namesService(principal: unknown): boolean {
  if (principal === "*") return true;
  if (!isMembers(principal)) return false;
  return textsOf(principal["Service"]).includes(SERVICE) || textsOf(principal["AWS"]).includes("*");
}

const COMPARE: Readonly<Record<string, (pattern: string, value: string) => boolean>> = {
  StringEquals: (pattern, value) => pattern === value,
  StringLike: globMatches,
  ArnEquals: globMatches,
  ArnLike: globMatches,
};

function conditionsHold(conditions: unknown, context: Context): boolean {
  if (!isMembers(conditions)) return false;
  return Object.entries(conditions).every(([operator, keys]) => {
    const compare = COMPARE[operator.replace(/IfExists$/, "")];
    if (compare === undefined || !isMembers(keys)) return false;
    return Object.entries(keys).every(([key, values]) => {
      const value = context[key.toLowerCase()];
      return value !== undefined && textsOf(values).some((pattern) => compare(pattern, value));
    });
  });
}

/** `*` is any text, `?` any character. One pass: a policy is whatever somebody put there. */
function globMatches(pattern: string, text: string): boolean {
  let at = 0;
  let from = 0;
  let star = -1;
  let tried = 0;
  while (from < text.length) {
    if (pattern[at] === "*") {
      star = at++;
      tried = from;
    } else if (pattern[at] === "?" || pattern[at] === text[from]) {
      at++;
      from++;
    } else if (star >= 0) {
      at = star + 1;
      from = ++tried;
    } else {
      return false;
    }
  }
  while (pattern[at] === "*") at++;
  return at === pattern.length;
}

function textsOf(value: unknown): readonly string[] {
  return [value].flat().filter((item): item is string => typeof item === "string");
}

function isMembers(value: unknown): value is Members {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
