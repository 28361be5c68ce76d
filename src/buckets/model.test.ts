import { compareBytes, ModelBucket } from "./model.fixture.ts";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { DirectoryBuckets } from "./directory-buckets.ts";
import { openTestBuckets, OWNER, put, read, temporaryDirectory } from "./testing.ts";

// U+FFFD comes after U+1F600 by UTF-16, before it by UTF-8.
const characters = fc.constantFrom("a", "b", "/", "~", "%", ".", "é", "\u{1F600}", "\uFFFD", "\u0001");
const key = fc.string({ unit: characters, minLength: 1, maxLength: 4 });
const prefix = fc.string({ unit: characters, maxLength: 2 });
const delimiter = fc.constantFrom("", "/", "b", "~");

type Step =
  | { readonly do: "put"; readonly key: string; readonly text: string }
  | { readonly do: "delete"; readonly key: string }
  | { readonly do: "delete version"; readonly pick: number }
  | { readonly do: "versioning"; readonly state: "Enabled" | "Suspended" };

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ do: fc.constant("put" as const), key, text: fc.string({ maxLength: 3 }) }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete" as const), key }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("delete version" as const), pick: fc.nat() }) },
  {
    weight: 2,
    arbitrary: fc.record({
      do: fc.constant("versioning" as const),
      state: fc.constantFrom("Enabled" as const, "Suspended" as const),
    }),
  },
);
const question = fc.record({ prefix, delimiter, limit: fc.integer({ min: 1, max: 4 }) });

let buckets: DirectoryBuckets;
let count = 0;

beforeAll(async () => {
  buckets = await openTestBuckets({ directory: await temporaryDirectory() });
});
afterAll(async () => await buckets.close());

async function newBucket(): Promise<string> {
  return (await buckets.create(`model-${++count}`, OWNER)).name;
}

async function take(bucket: string, model: ModelBucket, change: Step): Promise<void> {
  switch (change.do) {
    case "put":
      model.put(change.key, (await put(buckets, bucket, change.key, change.text)).versionId, change.text);
      return;
    case "delete":
      model.delete(change.key, (await buckets.deleteObject(bucket, change.key, {})).versionId);
      return;
    case "delete version": {
      const all = model.versions();
      const version = all[change.pick % Math.max(1, all.length)];
      if (version === undefined) return;
      const { versionId } = version;
      await buckets.deleteObject(bucket, version.key, { versionId });
      model.deleteVersion(version.key, versionId);
      return;
    }
    case "versioning":
      await buckets.setVersioning(bucket, change.state);
      model.versioning = change.state;
  }
}

/** Every page, one after the other. */
async function listed(bucket: string, asked: { prefix: string; delimiter: string; limit: number }): Promise<string[]> {
  const found: string[] = [];
  for (let startAfter: string | undefined = ""; startAfter !== undefined; ) {
    const page = await buckets.list(bucket, { ...asked, startAfter });
    const names = [...page.objects.map((object) => object.key), ...page.commonPrefixes].toSorted(compareBytes);
    expect(names.length).toBeLessThanOrEqual(asked.limit);
    expect([undefined, names.at(-1)]).toContain(page.next);
    found.push(...names);
    startAfter = page.next;
  }
  return found;
}

async function listedVersions(
  bucket: string,
  asked: { prefix: string; delimiter: string; limit: number },
): Promise<string[]> {
  const found: string[] = [];
  for (let from: { key: string; versionId: string } | undefined = { key: "", versionId: "" }; from !== undefined; ) {
    const page = await buckets.listVersions(bucket, { ...asked, keyMarker: from.key, versionIdMarker: from.versionId });
    const entries = [
      ...page.versions.map((version) => ({ name: version.key, entry: describeVersion(version) })),
      ...page.commonPrefixes.map((name) => ({ name, entry: name })),
    ].toSorted((one, other) => compareBytes(one.name, other.name));
    expect(entries.length).toBeLessThanOrEqual(asked.limit);
    found.push(...entries.map(({ entry }) => entry));
    from = page.next;
  }
  return found;
}

function describeVersion(version: {
  key: string;
  versionId: string;
  isLatest: boolean;
  deleteMarker: boolean;
}): string {
  const { key: name, versionId, isLatest, deleteMarker } = version;
  return JSON.stringify([name, versionId, isLatest, deleteMarker]);
}

describe("buckets", () => {
  test("hold and list what a naive model holds, whatever is put and deleted", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 30 }), question, async (steps, asked) => {
        const bucket = await newBucket();
        const model = new ModelBucket();
        for (const each of steps) await take(bucket, model, each);

        expect(await listed(bucket, asked)).toEqual(model.list(asked.prefix, asked.delimiter));
        expect(await listedVersions(bucket, { ...asked, delimiter: "" })).toEqual(
          model
            .versions()
            .filter((version) => version.key.startsWith(asked.prefix))
            .map(describeVersion),
        );
        expect(await listedVersions(bucket, asked)).toEqual(
          model.foldedVersions(asked.prefix, asked.delimiter, describeVersion),
        );
        for (const { key: name, versionId, text } of model.versions()) {
          if (text === undefined) continue;
          expect((await read(buckets, bucket, name, versionId)).toString()).toBe(text);
        }
        await emptied(bucket, asked.limit);
      }),
      { numRuns: 15 },
    );
  });
});

/** As clients do it: page by page, each page deleted before the next one is asked for. Nothing must be left out. */
async function emptied(bucket: string, limit: number): Promise<void> {
  for (let from: { key: string; versionId: string } | undefined = { key: "", versionId: "" }; from !== undefined; ) {
    const marker = { keyMarker: from.key, versionIdMarker: from.versionId };
    const page = await buckets.listVersions(bucket, { prefix: "", limit, ...marker });
    for (const { key: name, versionId } of page.versions) await buckets.deleteObject(bucket, name, { versionId });
    from = page.next;
  }
  await buckets.delete(bucket);
}
