import { type Problem, problem } from "./problems.ts";

/** What the records of a log file must be like, from its key and from the digest file that lists it. */
export interface RecordClaims {
  /** Milliseconds since 1970. */
  readonly oldestMs: number | undefined;
  readonly newestMs: number | undefined;
  readonly account: string;
  readonly region: string;
}

/** Global services record their calls there, and trails elsewhere can be asked to keep them too. */
const GLOBAL_REGIONS: ReadonlySet<unknown> = new Set(["us-east-1", "us-gov-west-1", "cn-north-1"]);

/** Whether the uncompressed log file holds records of the time, account and Region that it should. */
export function recordsProblem(inflated: Uint8Array, claims: RecordClaims): Problem | undefined {
  const records = readRecords(inflated);
  if (records === undefined) return problem("records-differ", "holds no CloudTrail records");
  const times = records.map(({ eventTime }) => (typeof eventTime === "string" ? Date.parse(eventTime) : Number.NaN));
  const outside = times.filter((ms) => !within(ms, claims)).length;
  if (outside > 0) return told(outside, "outside of the times that its digest file tells");
  const foreign = records.filter(({ recipientAccountId = claims.account }) => recipientAccountId !== claims.account);
  if (foreign.length > 0) return told(foreign.length, `of other accounts than ${claims.account}`);
  const elsewhere = records.filter(
    ({ awsRegion }) => awsRegion !== claims.region && !GLOBAL_REGIONS.has(awsRegion),
  ).length;
  return elsewhere > 0 ? told(elsewhere, `of other Regions than ${claims.region}`) : undefined;
}

interface CloudTrailRecord {
  readonly eventTime?: unknown;
  readonly awsRegion?: unknown;
  readonly recipientAccountId?: unknown;
}

function readRecords(inflated: Uint8Array): readonly CloudTrailRecord[] | undefined {
  try {
    const file: unknown = JSON.parse(Buffer.from(inflated.buffer, inflated.byteOffset, inflated.length).toString());
    if (typeof file !== "object" || file === null || !("Records" in file) || !Array.isArray(file.Records))
      return undefined;
    const objects = file.Records.filter((record) => typeof record === "object" && record !== null);
    return objects.length === file.Records.length ? (objects as readonly CloudTrailRecord[]) : undefined;
  } catch {
    // Not JSON: no records.
    return undefined;
  }
}

function within(ms: number, { oldestMs, newestMs }: RecordClaims): boolean {
  return ms >= (oldestMs ?? ms) && ms <= (newestMs ?? ms);
}

function told(count: number, what: string): Problem {
  return problem("records-differ", `holds ${count} ${count === 1 ? "record" : "records"} ${what}`);
}
