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
  expect(secretsInFiles(run)).toEqual([]);
  return found.length;
}

/** Files of the data directory that show a secret in the clear; only the root's own credentials may. */
function secretsInFiles(run: Run): readonly string[] {
  const directory = run.server.dataDirectory;
  const files = globSync("**/*", { cwd: directory, withFileTypes: true })
    .filter((entry) => entry.isFile() && !/^root-credentials(-\d{12})?$/.test(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  expect(files.length, "files looked at").toBeGreaterThanOrEqual(3);
  let bytes = 0;
  const showing = files.flatMap((file) => {
    const content = readFileSync(file);
    const texts = [content.toString("latin1"), ...decompressed(content)];
    bytes += texts.reduce((sum, each) => sum + each.length, 0);
    return texts.flatMap((each) => secretsIn(run.secrets, each).map((secret) => `${file} shows ${secret}`));
  });
  expect(bytes, "bytes looked at").toBeGreaterThan(10_000);
  return showing;
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
