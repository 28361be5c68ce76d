import type { AuditRecord } from "../src/record/index.ts";

/** Calls a function with values of a record that another record chose: makes a pattern. */
type Template = (draw: Draw) => object | undefined;

interface Draw {
  /** The record the pattern is about. */
  readonly record: AuditRecord;
  /** Another record of the same service. */
  readonly sibling: () => AuditRecord;
  /** 0 to `count` − 1. */
  readonly below: (count: number) => number;
  readonly number: number;
}

const API_CALL = ["AWS API Call via CloudTrail"];

/** What users' rules ask, the common ones repeated. Values come from records, some with a twist so that few match. */
const TEMPLATES: readonly Template[] = [
  callsOf(3),
  callsOf(6),
  callsOf(1),
  ({ record, sibling }) => ({
    source: [sourceOf(record)],
    "detail-type": API_CALL,
    detail: { eventName: [record.eventName, sibling().eventName], errorCode: [{ exists: true }] },
  }),
  ({ record, number }) => ({
    detail: {
      eventSource: [record.eventSource],
      eventName: [record.eventName],
      requestParameters: { bucketName: [textOf(record.requestParameters, "bucketName") ?? `team-${number}-logs`] },
    },
  }),
  ({ record, number }) => ({
    detail: {
      eventName: [{ prefix: record.eventName.slice(0, 6) }],
      requestParameters: { name: [{ prefix: `team-${number}/` }, textOf(record.requestParameters, "name") ?? "x"] },
    },
  }),
  ({ record, sibling }) => ({
    source: [sourceOf(record)],
    detail: {
      eventName: [record.eventName, sibling().eventName],
      userIdentity: { type: ["Root"] },
      readOnly: [false],
    },
  }),
  ({ record, below, number }) => ({
    detail: {
      userIdentity: { arn: [arnOf(record, number)] },
      eventName: [{ "anything-but": { prefix: below(2) === 0 ? ["Describe", "List"] : ["Get"] } }],
    },
  }),
  ({ record }) => ({
    detail: {
      eventSource: [record.eventSource],
      userIdentity: { sessionContext: { sessionIssuer: { userName: [issuerOf(record) ?? "Administrator"] } } },
      errorCode: ["AccessDenied", "UnauthorizedOperation", { prefix: "Client.Unauthorized" }],
    },
  }),
  ({ record, below }) => ({
    source: [sourceOf(record)],
    detail: {
      eventName: [record.eventName],
      sourceIPAddress: [
        { cidr: `${10 + below(3)}.${below(256)}.0.0/${8 + below(9)}` },
        { "anything-but": { suffix: ".amazonaws.com" } },
      ],
    },
  }),
  ({ record }) => ({
    detail: {
      eventSource: [record.eventSource],
      eventName: [record.eventName],
      sourceIPAddress: [{ cidr: "10.0.0.0/8" }],
      userAgent: [{ wildcard: "*Boto3*" }, { wildcard: "aws-cli/*" }],
    },
  }),
  ({ record, sibling }) => ({
    account: [record.recipientAccountId ?? "none"],
    detail: {
      awsRegion: [{ "anything-but": ["eu-west-1", "eu-central-1"] }],
      eventName: [record.eventName, sibling().eventName, sibling().eventName],
    },
  }),
  ({ record, sibling, number }) => ({
    source: [sourceOf(record)],
    $or: [
      { detail: { eventName: [sibling().eventName], errorMessage: [{ exists: true }] } },
      { detail: { userIdentity: { arn: [arnOf(record, number)] } } },
    ],
  }),
  ({ record, number }) => ({
    detail: {
      eventName: [record.eventName],
      resources: {
        type: [record.resources?.[0]?.type ?? "AWS::S3::Object"],
        ARN: [{ prefix: `arn:aws:s3:::team-${number % 50}` }],
      },
    },
  }),
  ({ record, number }) => ({
    "detail-type": API_CALL,
    detail: { requestParameters: { keyId: [textOf(record.requestParameters, "keyId") ?? `alias/team-${number}`] } },
  }),
  ({ record, number }) => ({
    detail: {
      eventName: ["RunInstances", record.eventName],
      responseElements: { instancesSet: { items: { instanceType: [{ suffix: `.${number % 30}xlarge` }] } } },
    },
  }),
];

/**
 * As many patterns as a busy organisation's rules might be, made of these records' own values; the same records give
 * the same patterns.
 */
export function realisticPatterns(records: readonly AuditRecord[], count: number): readonly string[] {
  const below = generator(7);
  // Rules are written about calls, however often each is made: one record for every call.
  const calls = [...new Map(records.map((record) => [`${record.eventSource} ${record.eventName}`, record])).values()];
  const bySource = Map.groupBy(calls, ({ eventSource }) => eventSource);
  return Array.from({ length: count }, (_, number) => {
    const record = calls[below(calls.length)] as AuditRecord;
    const siblings = bySource.get(record.eventSource) ?? [record];
    const sibling = (): AuditRecord => siblings[below(siblings.length)] as AuditRecord;
    const template = TEMPLATES[below(TEMPLATES.length)] as Template;
    return JSON.stringify(template({ record, sibling, below, number }));
  });
}

/** Patterns that nothing narrows down: every event has to be held against nearly all of them. */
export function hostilePatterns(count: number): readonly string[] {
  const kinds: readonly ((number: number) => object)[] = [
    (number) => ({ detail: { userAgent: [{ wildcard: `*${number}*x*` }] } }),
    (number) => ({ detail: { userIdentity: { arn: [{ prefix: `arn:aws:iam::${number}` }] } } }),
    (number) => ({ detail: { eventName: [{ "anything-but": [`Get${number}`] }], [`x${number}`]: [1] } }),
    (number) => ({
      detail: { eventID: [{ suffix: `${number}` }], sourceIPAddress: [{ cidr: `10.${number % 256}.0.0/17` }] },
    }),
    (number) => ({
      detail: { sourceIPAddress: [{ cidr: `${number % 200}.0.0.0/9` }], requestID: [{ exists: false }] },
    }),
    (number) => ({
      [`absent${number % 10}`]: [{ exists: false }],
      detail: { userAgent: [{ "equals-ignore-case": `A${number}` }] },
    }),
  ];
  return Array.from({ length: count }, (_, number) => JSON.stringify(kinds[number % kinds.length]?.(number)));
}

export function sourceOf({ eventSource }: AuditRecord): string {
  return `aws.${eventSource.split(".")[0]}`;
}

function callsOf(count: number): Template {
  return ({ record, sibling }) => ({
    source: [sourceOf(record)],
    "detail-type": API_CALL,
    detail: {
      eventSource: [record.eventSource],
      eventName: [...new Set(Array.from({ length: count }, () => sibling().eventName))],
    },
  });
}

/** Two users make most of the records' calls; rules are about many. */
function arnOf({ userIdentity }: AuditRecord, number: number): string {
  const arn = number % 8 === 0 ? textOf(userIdentity, "arn") : undefined;
  return arn ?? `arn:aws:iam::123837392027:user/user-${number % 200}`;
}

function issuerOf({ userIdentity }: AuditRecord): string | undefined {
  return textOf(userIdentity.sessionContext?.sessionIssuer, "userName");
}

function textOf(object: unknown, key: string): string | undefined {
  if (typeof object !== "object" || object === null) return undefined;
  const value: unknown = (object as Record<string, unknown>)[key];
  return typeof value === "string" ? value : undefined;
}

/** Park and Miller's: enough for a choice of templates. */
function generator(seed: number): (count: number) => number {
  let state = seed;
  return (count) => {
    state = (state * 48_271) % 2_147_483_647;
    return state % count;
  };
}
