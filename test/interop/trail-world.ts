import { CreateBucketCommand, PutBucketPolicyCommand, type S3Client } from "@aws-sdk/client-s3";
import { expect } from "vitest";
import type { Caller, TestRecord } from "../calls.ts";
import { readJournal } from "../read-journal.ts";
import type { TestServer } from "../server.ts";
import { ACCOUNT, bucketPolicy, deliveredRecords, until } from "../trail.ts";

/** A record as it stands in the journal and in log files. */
export type Told = TestRecord & {
  readonly eventSource?: string;
  readonly awsRegion?: string;
  readonly recipientAccountId?: string;
  readonly readOnly?: boolean;
  readonly managementEvent?: boolean;
  readonly sharedEventID?: string;
  readonly resources?: readonly { readonly type?: string; readonly ARN?: string; readonly ARNPrefix?: string }[];
};

/** A trail's minutes and hours are seconds here. */
export const FAST: readonly string[] = ["--trails-delivery-interval", "1s", "--trails-digest-interval", "2s"];

/** A bucket that lets the trails write, and nobody else but its account. */
export async function makeLogBucket(s3: S3Client, Bucket: string, trail: string, prefix = ""): Promise<void> {
  await s3.send(new CreateBucketCommand({ Bucket }));
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy: bucketPolicy(Bucket, trail, prefix) }));
}

/** A call that must succeed. */
export async function must(answer: ReturnType<Caller>): Promise<Readonly<Record<string, unknown>>> {
  const { code, message, output } = await answer;
  expect([code, message]).toEqual(["", ""]);
  return output;
}

/** What a metric says. */
export async function metricOf({ status }: Pick<TestServer, "status">, name: string): Promise<number> {
  const text = await (await fetch(`${status}/metrics`)).text();
  return Number(new RegExp(`^${name} (\\S+)$`, "m").exec(text)?.[1]);
}

/** Resolves once everything that trails want, and that is no more in an open batch, is delivered. */
export async function untilDelivered(server: Pick<TestServer, "status">, waitMs?: number): Promise<void> {
  const waiting = async (): Promise<readonly number[]> => [
    await metricOf(server, "opentrail_delivery_lag_records"),
    await metricOf(server, "opentrail_delivery_pending_files"),
  ];
  await until("records and files that wait", waiting, ([lag, files]) => lag === 0 && files === 0, waitMs);
}

/** The records of a bucket's log files, in the order of their keys. */
export async function deliveredIn(s3: S3Client, bucket: string): Promise<readonly Told[]> {
  return (await deliveredRecords(s3, bucket)) as readonly Told[];
}

/** All that a stopped server's journal holds, in order. */
export async function journalOf(dataDirectory: string): Promise<readonly Told[]> {
  return (await readJournal(dataDirectory)).texts.map((text) => JSON.parse(text) as Told);
}

/** The records from the one of the call that started the trail to the one of the call that stopped it, both included. */
export function loggedTime(journal: readonly Told[], trail: string): readonly Told[] {
  const indexOf = (eventName: string): number =>
    journal.findIndex((told) => told.eventName === eventName && told.requestParameters?.["name"] === trail);
  const [from, to] = [indexOf("StartLogging"), indexOf("StopLogging")];
  expect([from >= 0, to > from]).toEqual([true, true]);
  return journal.slice(from, to + 1);
}

export function isManagement({ managementEvent }: Told): boolean {
  return managementEvent === true;
}

/** Whether it is a data event of an object whose ARN begins so, in a bucket of the first account. */
export function isOfObjects(prefix: string): (told: Told) => boolean {
  return ({ managementEvent, resources = [], recipientAccountId }) =>
    managementEvent === false &&
    recipientAccountId === ACCOUNT &&
    resources.some(
      ({ type, ARN, ARNPrefix }) => type === "AWS::S3::Object" && (ARN ?? ARNPrefix ?? "").startsWith(prefix),
    );
}

/** What makes two lists of records comparable, and a difference readable. */
export function lines(records: readonly Told[]): readonly string[] {
  return records.map(({ eventID, eventName, eventSource }) => `${eventSource} ${eventName} ${eventID}`);
}
