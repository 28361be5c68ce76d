import { existsSync, globSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { openCatalog } from "./catalog.ts";
import { eventNameOf } from "./event-names.ts";

const catalog = openCatalog();

describe("eventNameOf()", () => {
  test.each([
    ["s3", "ListObjectsV2", "ListObjects"],
    ["s3", "PutBucketLifecycleConfiguration", "PutBucketLifecycle"],
    ["s3", "GetPublicAccessBlock", "GetBucketPublicAccessBlock"],
    ["s3control", "GetPublicAccessBlock", "GetAccountPublicAccessBlock"],
    ["s3", "PutObject", "PutObject"],
    ["lambda", "CreateFunction", "CreateFunction20150331"],
    ["lambda", "UpdateFunctionCode", "UpdateFunctionCode20150331v2"],
    ["lambda", "TagResource", "TagResource20170331v2"],
    ["lambda", "PublishLayerVersion", "PublishLayerVersion20181031"],
    ["lambda", "Invoke", "Invoke"],
    ["lambda", "CreateFunctionUrlConfig", "CreateFunctionUrlConfig"],
    ["dynamodb", "GetItem", "GetItem"],
    ["constructor", "toString", "toString"],
    ["s3", "constructor", "constructor"],
  ])("of %s %s is %s", (service, operation, eventName) => expect(eventNameOf(service, operation)).toBe(eventName));

  test("has a version in the name of all that Lambda's first API brought but calls of functions", () => {
    const operations = [...(catalog.model("lambda")?.operations.values() ?? [])];
    const first = operations.filter(({ http }) => http.uri.startsWith("/2015-03-31/"));
    const plain = first.filter(({ name }) => !/\d{8}(?:v2)?$/.test(eventNameOf("lambda", name)));
    expect(first.length).toBe(23);
    expect(plain.map(({ name }) => name)).toEqual(["Invoke"]);
  });
});

const RECORDS = new URL("../../../../shared/data/records/", import.meta.url);

/** In the published records, but no call of an API that a client could make. */
const NOT_CALLS = [
  "s3.amazonaws.com GetStorageLensDashboardDataInternal",
  "s3.amazonaws.com JobCreated",
  "s3.amazonaws.com JobStatusChanged",
];

const why = existsSync(RECORDS) ? "" : " (skipped: no published records beside the project)";
describe.skipIf(why !== "")(`published records${why}`, () => {
  test("of S3 and Lambda have names that operations have", () => {
    const names = new Set(publishedEvents(["s3.amazonaws.com", "lambda.amazonaws.com"]));
    const known = new Set(catalog.services().flatMap(({ id, eventSource }) => eventsOf(id, eventSource)));
    expect(names.size).toBeGreaterThan(30);
    expect([...names].filter((name) => !known.has(name)).toSorted()).toEqual(NOT_CALLS);
  });
});

function eventsOf(id: string, eventSource: string): readonly string[] {
  if (!/^(?:s3|lambda)/.test(eventSource)) return [];
  return [...(catalog.model(id)?.operations.keys() ?? [])].map((name) => `${eventSource} ${eventNameOf(id, name)}`);
}

function publishedEvents(sources: readonly string[]): readonly string[] {
  const texts = globSync("**/*.gz", { cwd: RECORDS }).map((file) =>
    gunzipSync(readFileSync(new URL(file, RECORDS))).toString(),
  );
  return texts.flatMap((text) =>
    [
      ...text.matchAll(
        /"eventSource": ?"([^"]+)"[^{}]*?"eventName": ?"([^"]+)"|"eventName": ?"([^"]+)"[^{}]*?"eventSource": ?"([^"]+)"/g,
      ),
    ]
      .map(([, source, name, earlierName, laterSource]) => [source ?? laterSource ?? "", name ?? earlierName] as const)
      .filter(([source]) => sources.includes(source))
      .map(([source, name]) => `${source} ${name}`),
  );
}
