import { globSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { zstdDecompressSync } from "node:zlib";
import { expect } from "vitest";
import type { AuditRecord } from "../../src/record/index.ts";
import { type AwsClient, type Credentials, list, type Output, text } from "./client.ts";
import { recordProblems } from "./record-rules.ts";
import type { Run } from "./run.ts";

export interface JournalledRecord {
  /** The event as LookupEvents answers it. */
  readonly event: Output;
  /** Its record's bytes as text, and parsed. */
  readonly json: string;
  readonly record: AuditRecord;
}

/** Pages through event history to its end. */
export async function readAllRecords(
  client: AwsClient,
  credentials: Credentials,
  region: string,
): Promise<readonly JournalledRecord[]> {
  const found: JournalledRecord[] = [];
  let token: string | undefined;
  do {
    const parameters = { MaxResults: 50, ...(token === undefined ? {} : { NextToken: token }) };
    const { output, error } = await client.call("cloudtrail", "LookupEvents", parameters, { credentials, region });
    if (output === undefined) throw new Error(`LookupEvents: ${error?.code} ${error?.message}`);
    found.push(...list(output, "Events").map(journalled));
    token = output["NextToken"] as string | undefined;
  } while (token !== undefined);
  return found;
}

export function journalled(event: Output): JournalledRecord {
  const json = text(event, "CloudTrailEvent");
  return { event, json, record: JSON.parse(json) as AuditRecord };
}

/**
 * Holds every record of a run, in these Regions and accounts, against CloudTrail's rules, and looks for secrets in all records and all files.
 * @returns how many records were looked at, so that a test can say how many there must be.
 */
export async function checkWholeJournal(
  run: Run,
  regions: readonly string[] = ["us-east-1"],
  roots: readonly Credentials[] = [run.root],
): Promise<number> {
  for (const { secretAccessKey } of roots) run.secrets.add(secretAccessKey);
  const histories = roots.flatMap((root) => regions.map((region) => run.records(region, root)));
  const found = (await Promise.all(histories)).flat();
  const problems = found.flatMap(({ json, event }) =>
    recordProblems(json, event).map((problem) => `${text(event, "EventName")} ${text(event, "EventId")}: ${problem}`),
  );
  expect(problems).toEqual([]);
  expect(new Set(found.map(({ record }) => record.eventID)).size, "distinct eventIDs").toBe(found.length);
  expect(secretsIn(run.secrets, found.map(({ json }) => json).join("\n"))).toEqual([]);
  expect(secretsInFiles(run, found)).toEqual([]);
  return found.length;
}

/** Where a secret stands in the clear; only the files of root's own credentials may show one. */
function secretsInFiles(run: Run, found: readonly JournalledRecord[]): readonly string[] {
  const files = readFiles(run);
  const isShown = ({ record }: JournalledRecord): boolean =>
    files.some(({ content }) => content.includes(record.eventID));
  // Were the files not read as they are written, no secret would be found in them either.
  expect(found.filter(isShown).length, "records seen in the files").toBeGreaterThan(found.length / 2);
  return files.flatMap(({ file, content }) => secretsIn(run.secrets, content).map((secret) => `${file}: ${secret}`));
}

/** Everything in the data directory but root's credentials, each file as it is and what can be decompressed of it. */
export function readFiles(run: Run): readonly { readonly file: string; readonly content: string }[] {
  return globSync("**/*", { cwd: run.server.dataDirectory, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^root-credentials(-\d{12})?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name))
    .flatMap((file) => {
      const bytes = readFileSync(file);
      return [bytes.toString("latin1"), ...decompressed(bytes)].map((content) => ({ file, content }));
    });
}

/** Everything in `content` that begins like a zstd frame and is one. */
function decompressed(content: Buffer): readonly string[] {
  const texts: string[] = [];
  for (let start = content.indexOf(ZSTD_MAGIC); start !== -1; start = content.indexOf(ZSTD_MAGIC, start + 1)) {
    try {
      texts.push(zstdDecompressSync(content.subarray(start)).toString("latin1"));
    } catch {
      // Four bytes that only look like the beginning of a frame.
    }
  }
  return texts;
}

const ZSTD_MAGIC = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);

/** The secrets that stand in a text, as they are or in the forms that JSON, forms and queries give them. */
function secretsIn(secrets: ReadonlySet<string>, content: string): readonly string[] {
  expect(secrets.size, "secrets to look for").toBeGreaterThan(0);
  return [...secrets].filter((secret) =>
    [secret, encodeURIComponent(secret), secret.replaceAll("/", "\\/")].some((form) => content.includes(form)),
  );
}
