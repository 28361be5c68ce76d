import type { AuditRecord, UserIdentity } from "../../src/record/index.ts";
import type { Output } from "./client.ts";

/** The order in which production records carry their members, without exception. */
const ORDER = (
  "eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress userAgent errorCode errorMessage " +
  "requestParameters responseElements additionalEventData requestID eventID readOnly resources eventType apiVersion " +
  "managementEvent recipientAccountId sharedEventID vpcEndpointId vpcEndpointAccountId serviceEventDetails addendum " +
  "eventCategory tlsDetails sessionCredentialFromConsole"
).split(" ");

const ALWAYS_THERE = (
  "eventVersion userIdentity eventTime eventSource eventName awsRegion sourceIPAddress requestParameters " +
  "responseElements eventID readOnly eventType managementEvent recipientAccountId eventCategory"
).split(" ");

const IDENTITY_ORDER = "type principalId arn accountId accessKeyId userName sessionContext invokedBy".split(" ");
const NULL_ALLOWED = new Set(["requestParameters", "responseElements"]);
const READS_WITH_RESPONSE = new Set(["AssumeRole", "AssumeRoleWithSAML", "AssumeRoleWithWebIdentity"]);
const RECORD_BYTES_MAX = 256 * 1024;
const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A rule and what is said of a record that breaks it. */
type Rule = readonly [problem: string, holds: (record: AuditRecord, json: string, event: Output) => boolean];

const RULES: readonly Rule[] = [
  ["not minified", (record, json) => JSON.stringify(record) === json],
  ["over 256 KB", (_, json) => Buffer.byteLength(json) <= RECORD_BYTES_MAX],
  ["members out of order or unknown", (record) => inOrder(Object.keys(record), ORDER)],
  ["a member is missing", (record) => ALWAYS_THERE.every((member) => member in record)],
  [
    "null where only parameters and response may be",
    (record) => Object.entries(record).every(([member, value]) => value !== null || NULL_ALLOWED.has(member)),
  ],
  ["null inside userIdentity", ({ userIdentity }) => !hasNull(userIdentity)],
  ["empty object instead of null", (record) => [...NULL_ALLOWED].every((member) => !isEmpty(record, member))],
  ["eventVersion is not two numbers", ({ eventVersion }) => /^1\.\d{1,2}$/.test(eventVersion)],
  ["eventTime is not whole seconds of UTC", ({ eventTime }) => /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(eventTime)],
  ["eventID is not a UUID", ({ eventID }) => UUID.test(eventID)],
  ["requestID is not a UUID", ({ requestID, eventType }) => eventType !== "AwsApiCall" || UUID.test(requestID ?? "")],
  ["error with a response", (record) => !("errorCode" in record) || record.responseElements === null],
  ["errorMessage without errorCode", (record) => !("errorMessage" in record) || "errorCode" in record],
  [
    "read with a response",
    ({ readOnly, responseElements, eventName }) =>
      readOnly === false || responseElements === null || READS_WITH_RESPONSE.has(eventName),
  ],
  ["readOnly or managementEvent is not a boolean", (record) => areBooleans(record.readOnly, record.managementEvent)],
  [
    "not a management event",
    ({ managementEvent, eventCategory }) => managementEvent === true && eventCategory === "Management",
  ],
  ["sharedEventID within one account", (record) => !("sharedEventID" in record) || crossesAccounts(record)],
  ["recipientAccountId is not an account", ({ recipientAccountId }) => /^\d{12}$/.test(recipientAccountId ?? "")],
  ["a text over 1 KB", (record) => TEXTS.every((member) => Buffer.byteLength(record[member] ?? "") <= 1024)],
  ["userIdentity is not one of its type", ({ userIdentity }) => identityProblem(userIdentity) === undefined],
  ["LookupEvents tells it otherwise than it is", (record, _, event) => agrees(record, event)],
];

const TEXTS = ["userAgent", "errorCode", "errorMessage", "requestID"] as const;

/** What is wrong with a record, by the rules for those who write records; empty for a good one. */
export function recordProblems(json: string, event: Output): readonly string[] {
  const record = JSON.parse(json) as AuditRecord;
  const broken = RULES.filter(([, holds]) => !holds(record, json, event)).map(([problem]) => problem);
  return broken.length === 0 ? [] : [`${broken.join(", ")} ${identityProblem(record.userIdentity) ?? ""} in ${json}`];
}

function inOrder(members: readonly string[], order: readonly string[]): boolean {
  const places = members.map((member) => order.indexOf(member));
  return places.every((place, index) => place > (places[index - 1] ?? -1));
}

function hasNull(value: unknown): boolean {
  if (value === null) return true;
  return typeof value === "object" && Object.values(value).some(hasNull);
}

function isEmpty(record: AuditRecord, member: string): boolean {
  const value = (record as unknown as Record<string, unknown>)[member];
  return typeof value === "object" && value !== null && Object.keys(value).length === 0;
}

function areBooleans(...values: readonly unknown[]): boolean {
  return values.every((value) => typeof value === "boolean");
}

function crossesAccounts({ userIdentity, recipientAccountId, resources = [] }: AuditRecord): boolean {
  const accounts = [userIdentity.accountId, ...resources.map(({ accountId }) => accountId)];
  return accounts.some((account) => account !== undefined && account !== recipientAccountId);
}

function agrees(record: AuditRecord, event: Output): boolean {
  return (
    event["EventId"] === record.eventID &&
    event["EventName"] === record.eventName &&
    event["EventSource"] === record.eventSource &&
    event["ReadOnly"] === String(record.readOnly) &&
    event["AccessKeyId"] === record.userIdentity.accessKeyId &&
    Date.parse(String(event["EventTime"])) === Date.parse(record.eventTime) &&
    Array.isArray(event["Resources"])
  );
}

/** Members that each type of identity has and what they look like; no others may be there. */
const IDENTITIES: Readonly<Record<string, Readonly<Record<string, RegExp | "session" | "session?" | "maybe">>>> = {
  Root: {
    principalId: /^\d{12}$/,
    arn: /^arn:aws:iam::\d{12}:root$/,
    accountId: /^\d{12}$/,
    accessKeyId: /^A[KS]IA/,
    userName: "maybe",
    sessionContext: "session?",
  },
  IAMUser: {
    principalId: /^AIDA[A-Z0-9]{17}$/,
    arn: /^arn:aws:iam::\d{12}:user\/.+$/,
    accountId: /^\d{12}$/,
    accessKeyId: /^A[KS]IA/,
    userName: /./,
    sessionContext: "session?",
  },
  AssumedRole: {
    principalId: /^AROA[A-Z0-9]{17}:.+$/,
    arn: /^arn:aws:sts::\d{12}:assumed-role\/[^/]+\/[^/]+$/,
    accountId: /^\d{12}$/,
    accessKeyId: /^ASIA/,
    sessionContext: "session",
  },
  FederatedUser: {
    principalId: /^\d{12}:.+$/,
    arn: /^arn:aws:sts::\d{12}:federated-user\/.+$/,
    accountId: /^\d{12}$/,
    accessKeyId: /^ASIA/,
    sessionContext: "session",
  },
  AWSAccount: { principalId: "maybe", accountId: /^\d{12}$/ },
  AWSService: { invokedBy: /\.amazonaws\.com$/ },
  Unknown: { accessKeyId: "maybe" },
};

const ISSUER_TYPES: Readonly<Record<string, readonly string[]>> = {
  AssumedRole: ["Role"],
  FederatedUser: ["IAMUser", "Root"],
};

function identityProblem(identity: UserIdentity): string | undefined {
  const expected = IDENTITIES[identity.type ?? ""];
  if (expected === undefined) return `there is no identity type ${identity.type}`;
  if (!inOrder(Object.keys(identity), IDENTITY_ORDER)) return "identity members out of order";
  const strange = Object.keys(identity).find((member) => member !== "type" && !(member in expected));
  if (strange !== undefined) return `${identity.type} has ${strange}`;
  for (const [member, looks] of Object.entries(expected)) {
    const value = (identity as Readonly<Record<string, unknown>>)[member];
    if (looks instanceof RegExp && (typeof value !== "string" || !looks.test(value)))
      return `${member} is ${String(value)}`;
    if (looks === "session" && value === undefined) return `${identity.type} without sessionContext`;
  }
  return sessionProblem(identity);
}

/** Temporary credentials, and only they, come with a session. */
function sessionProblem({ type = "", accessKeyId, sessionContext }: UserIdentity): string | undefined {
  if (type === "Unknown") return undefined;
  const temporary = accessKeyId?.startsWith("ASIA") === true;
  if (sessionContext === undefined) return temporary ? "temporary credentials without a session" : undefined;
  if (!temporary) return "a session without temporary credentials";
  const { sessionIssuer, webIdFederationData, attributes } = sessionContext;
  if (sessionIssuer === undefined || webIdFederationData === undefined) return "a session without its empty objects";
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(attributes?.["creationDate"] ?? "")) return "creationDate";
  if (!["true", "false"].includes(attributes?.["mfaAuthenticated"] ?? "")) return "mfaAuthenticated is not a text";
  const issuers = ISSUER_TYPES[type];
  if (issuers === undefined) return Object.keys(sessionIssuer).length === 0 ? undefined : `${type} with an issuer`;
  return issuers.includes(sessionIssuer["type"] ?? "") ? undefined : `issuer of type ${sessionIssuer["type"]}`;
}
