import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../core/index.ts";
import { BucketFailure, type BucketStore, type Encryption, type ServicePrincipal } from "./bucket-store.ts";

/** A store, and what has to be done to its buckets that no store does. */
export interface ContractBuckets {
  readonly store: BucketStore;
  /** Makes an empty bucket into which `writer` may write below `AWSLogs/`; answers its name. */
  create(kind: BucketKind, writer: ServicePrincipal): Promise<string>;
  /** What an object can be encrypted with by SSE-KMS. */
  readonly kmsKeyId: string;
  /** From now on nobody may put objects into it, or only such as SSE-KMS encrypts. */
  forbidPuts(bucket: string, but?: "SSE-KMS"): Promise<void>;
  close(): Promise<void>;
}

/** `locked`: versioned, every new version locked for a day by GOVERNANCE. */
export type BucketKind = "plain" | "versioned" | "locked";

/** Whom the buckets' policies let write. */
export const WRITER: ServicePrincipal = {
  service: "cloudtrail.amazonaws.com",
  sourceArn: "arn:aws:cloudtrail:us-east-1:123456789012:trail/contract",
  sourceAccount: "123456789012",
};

const DAY_MS = 86_400_000;

/** Statements that forbid all puts, or all but those that SSE-KMS encrypts. */
export function denyPuts(bucket: string, but: "SSE-KMS" | undefined): readonly object[] {
  const put = { Effect: "Deny", Principal: "*", Action: "s3:PutObject", Resource: `arn:aws:s3:::${bucket}/*` };
  if (but === undefined) return [put];
  const key = "s3:x-amz-server-side-encryption";
  return [
    { ...put, Condition: { StringNotEquals: { [key]: "aws:kms" } } },
    // For AWS the first one does; Ceph takes a negated condition on a key that is not there for one that does not hold.
    { ...put, Condition: { Null: { [key]: "true" } } },
  ];
}

/** In the order of their UTF-8 bytes; UTF-16 units would put the last one before the one above it. */
const IN_ORDER = ["AWSLogs", "Z", "a", "a b", "a!", "a/1", "a/b", "a0", "aa", "é", "～", "𝄞"];

const ODD_KEYS: readonly (readonly [what: string, key: string])[] = [
  ["signs that URLs have a meaning for", "a?b#c&d=e;f:g@h,i$j"],
  ["a percent sign and what looks encoded", "100% %41 %2F %"],
  ["a plus and spaces, one at each end", " a+b c "],
  ["quotes and brackets", `'single' "double" <tag> [list] {set} (group)`],
  ["an ampersand entity", "a&amp;b&#x41;"],
  ["a backslash, a caret, a tilde, a bar, a backtick", "a\\b^c~d|e`f"],
  ["an asterisk and an exclamation mark", "a*b!"],
  ["a slash at its beginning", "/a"],
  ["a slash at its end", "a/"],
  ["two slashes in a row", "a//b"],
  ["parts of dots", "a/./b/../c"],
  ["letters beyond ASCII", "Bücher/書籍/𝄞"],
  ["combining marks that are not composed", "e\u0301"],
  ["a tab and a line break", "a\tb\nc"],
  ["a control character", "a\u0001b"],
  ["a part of 300 bytes", `${"long-".repeat(60)}/x`],
  ["1,024 bytes", "ü".repeat(512)],
];

/**
 * What every store must do, whatever is behind it. `skips` are titles of tests and why the world behind this store fails
 * them: a title that is none fails the suite.
 */
export function bucketStoreContract(
  name: string,
  open: () => Promise<ContractBuckets>,
  skips: Readonly<Record<string, string>> = {},
): void {
  describe(`BucketStore contract: ${name}`, () => {
    let buckets: ContractBuckets;
    let store: BucketStore;
    beforeAll(async () => {
      buckets = await open();
      store = buckets.store;
    });
    afterAll(() => buckets?.close());

    const titles = new Set<string>();
    const rule = (title: string, body: (bucket: string) => Promise<void>, kind: BucketKind = "plain"): void => {
      titles.add(title);
      const why = skips[title];
      test.skipIf(why !== undefined)(`${title}${why === undefined ? "" : ` (skipped: ${why})`}`, async () => {
        expect.hasAssertions();
        await body(await buckets.create(kind, WRITER));
      });
    };
    const put = (bucket: string, key: string, text = key) => store.put(bucket, key, Buffer.from(text));
    const read = async (bucket: string, key: string, versionId?: string): Promise<string> =>
      Buffer.from((await store.get(bucket, key, versionId)).bytes).toString();

    rule("bucket() tells of a plain bucket", async (bucket) => {
      const { versioning, objectLock } = await store.bucket(bucket);
      expect({ versioning, objectLock }).toEqual({ versioning: undefined, objectLock: false });
    });
    rule(
      "bucket() tells of a versioned bucket",
      async (bucket) => {
        const { versioning, objectLock } = await store.bucket(bucket);
        expect({ versioning, objectLock }).toEqual({ versioning: "Enabled", objectLock: false });
      },
      "versioned",
    );
    rule(
      "bucket() tells of a locked bucket",
      async (bucket) => {
        const { versioning, objectLock, region } = await store.bucket(bucket);
        expect({ versioning, objectLock }).toEqual({ versioning: "Enabled", objectLock: true });
        expect(region).toMatch(/^[a-z0-9-]+$/);
      },
      "locked",
    );

    rule("put() gives back what was put, an empty object too", async (bucket) => {
      for (const bytes of [new Uint8Array(), Uint8Array.from({ length: 256 }, (_, i) => i)]) {
        const { etag, versionId } = await store.put(bucket, "key", bytes);
        expect(etag).toMatch(/^".+"$/);
        expect(versionId).toBeUndefined();
        const { facts, bytes: found } = await store.get(bucket, "key");
        expect(Buffer.from(found)).toEqual(Buffer.from(bytes));
        expect(facts).toMatchObject({ key: "key", size: bytes.length, etag });
        expect(facts.versionId).toBeUndefined();
      }
    });

    rule("put() keeps metadata and headers, and gzip stays gzip", async (bucket) => {
      const bytes = gzipSync(JSON.stringify({ Records: [] }));
      const metadata = { signature: "ab12".repeat(128), "signature-algorithm": "SHA256withRSA" };
      const before = systemClock.now();
      await store.put(bucket, "AWSLogs/a.json.gz", bytes, {
        contentType: "application/json",
        contentEncoding: "gzip",
        metadata,
        as: WRITER,
      });
      const { facts, bytes: found } = await store.get(bucket, "AWSLogs/a.json.gz");
      expect(Buffer.from(found)).toEqual(bytes);
      expect(facts).toMatchObject({ contentType: "application/json", contentEncoding: "gzip", metadata });
      expect(Math.abs(facts.lastModified - before)).toBeLessThan(60_000);
      expect(await store.head(bucket, "AWSLogs/a.json.gz")).toEqual(facts);
    });

    rule("put() replaces an object, headers and metadata too", async (bucket) => {
      await store.put(bucket, "key", Buffer.from("one"), { contentType: "text/one", metadata: { one: "1" } });
      await store.put(bucket, "key", Buffer.from("two"), { metadata: { two: "2" } });
      const { facts, bytes } = await store.get(bucket, "key");
      expect(Buffer.from(bytes).toString()).toBe("two");
      expect(facts.metadata).toEqual({ two: "2" });
      expect(facts.contentType).not.toBe("text/one");
      expect((await store.list(bucket, {})).objects).toHaveLength(1);
    });

    rule("put() is seen whole or not at all while others read", async (bucket) => {
      const contents = ["a", "b", "c"].map((letter, i) => letter.repeat(200_000 + i));
      await put(bucket, "key", contents[0]);
      let writing = true;
      const writes = (async () => {
        for (let round = 0; round < 12; round++) await put(bucket, "key", contents[round % 3]);
        writing = false;
      })();
      let reads = 0;
      for (; writing; reads++) {
        const { facts, bytes } = await store.get(bucket, "key");
        expect(facts.size).toBe(bytes.length);
        expect(contents).toContain(Buffer.from(bytes).toString());
      }
      await writes;
      expect(reads).toBeGreaterThan(0);
    });

    rule("put() and get() take 20 MB", async (bucket) => {
      const bytes = Buffer.alloc(20_000_000);
      for (let at = 0; at < bytes.length; at += 4) bytes.writeUInt32LE((at * 2_654_435_761) % 2 ** 32, at);
      await store.put(bucket, "big", bytes);
      const { facts, bytes: found } = await store.get(bucket, "big");
      expect(facts.size).toBe(bytes.length);
      expect(sha256(found)).toBe(sha256(bytes));
    });

    rule(
      "put() makes versions, each of which can be read",
      async (bucket) => {
        const one = await put(bucket, "key", "one");
        const two = await put(bucket, "key", "two");
        expect(one.versionId).toEqual(expect.any(String));
        expect(two.versionId).not.toBe(one.versionId);
        expect(await read(bucket, "key")).toBe("two");
        expect(await read(bucket, "key", one.versionId)).toBe("one");
        expect(await store.head(bucket, "key")).toMatchObject({ versionId: two.versionId, size: 3, etag: two.etag });
        expect(await store.head(bucket, "key", one.versionId)).toMatchObject({ versionId: one.versionId });
      },
      "versioned",
    );

    const putEncrypted = async (bucket: string, encryption: Encryption): Promise<void> => {
      await store.put(bucket, "AWSLogs/secret", Buffer.from("beans"), { encryption, as: WRITER });
      expect(await read(bucket, "AWSLogs/secret")).toBe("beans");
      expect(await store.head(bucket, "AWSLogs/secret")).toMatchObject({ size: 5 });
    };
    rule("put() with SSE-S3 gives back what was put", (bucket) => putEncrypted(bucket, { algorithm: "AES256" }));
    rule("put() with SSE-KMS gives back what was put", async (bucket) => {
      await store.checkKey(buckets.kmsKeyId);
      const context = { "aws:cloudtrail:arn": WRITER.sourceArn };
      await putEncrypted(bucket, { algorithm: "aws:kms", keyId: buckets.kmsKeyId, context });
    });

    rule("head() answers undefined for what is not there", async (bucket) => {
      expect(await store.head(bucket, "nothing")).toBeUndefined();
    });
    rule("get() of what is not there fails with NoSuchKey", async (bucket) => {
      await expectCode(store.get(bucket, "nothing"), "NoSuchKey");
    });
    rule(
      "get() and head() know no version that another key has",
      async (bucket) => {
        await put(bucket, "key");
        const { versionId } = await put(bucket, "other");
        // Ceph says the one, AWS the other.
        await expectCode(store.get(bucket, "key", versionId), "NoSuchKey", "NoSuchVersion");
        expect(await store.head(bucket, "key", versionId)).toBeUndefined();
      },
      "versioned",
    );

    rule("every method fails with NoSuchBucket where there is none", async () => {
      const none = "there-is-no-such-bucket";
      await expectCode(store.bucket(none), "NoSuchBucket");
      await expectCode(put(none, "key"), "NoSuchBucket");
      await expectCode(store.put(none, "AWSLogs/key", Buffer.from("x"), { as: WRITER }), "NoSuchBucket");
      await expectCode(store.get(none, "key"), "NoSuchBucket");
      await expectCode(store.head(none, "key"), "NoSuchBucket");
      await expectCode(store.list(none, {}), "NoSuchBucket");
      await expectCode(store.delete(none, "key"), "NoSuchBucket");
      await expectCode(store.mayWrite(none, "AWSLogs/", WRITER), "NoSuchBucket");
    });

    rule("list() of an empty bucket is empty", async (bucket) => {
      expect(await store.list(bucket, {})).toEqual({ objects: [], more: false });
    });

    rule("list() orders keys by their UTF-8 bytes", async (bucket) => {
      for (const key of IN_ORDER.toReversed()) await put(bucket, key);
      const { objects, more } = await store.list(bucket, {});
      expect(objects.map(({ key }) => key)).toEqual(IN_ORDER);
      expect(more).toBe(false);
    });

    rule("list() begins after any text, a key or not", async (bucket) => {
      await Promise.all(IN_ORDER.map((key) => put(bucket, key)));
      for (const startAfter of [...IN_ORDER, "a/", "a/2", "～～", "", "b"]) {
        const { objects } = await store.list(bucket, { startAfter });
        expect(objects.map(({ key }) => key)).toEqual(IN_ORDER.filter((key) => isAfter(key, startAfter)));
      }
    });

    rule("list() keeps to a prefix, which may end anywhere", async (bucket) => {
      await Promise.all(IN_ORDER.map((key) => put(bucket, key)));
      for (const prefix of ["a", "a/", "～", "A", "nothing", "é"]) {
        const { objects } = await store.list(bucket, { prefix });
        expect(objects.map(({ key }) => key)).toEqual(IN_ORDER.filter((key) => key.startsWith(prefix)));
        const { objects: after } = await store.list(bucket, { prefix, startAfter: "a/1" });
        expect(after.map(({ key }) => key)).toEqual(
          IN_ORDER.filter((key) => key.startsWith(prefix) && isAfter(key, "a/1")),
        );
      }
    });

    rule("list() tells size, ETag and time as head() does", async (bucket) => {
      await put(bucket, "key", "four");
      const { objects } = await store.list(bucket, {});
      const head = await store.head(bucket, "key");
      expect(objects).toEqual([{ key: "key", size: 4, etag: head?.etag, lastModified: expect.any(Number) }]);
      expect(Math.abs((objects[0]?.lastModified ?? 0) - (head?.lastModified ?? 0))).toBeLessThan(1000);
    });

    rule("list() pages through more than 1,000 keys", async (bucket) => {
      const keys = Array.from({ length: 1_002 }, (_, i) => `AWSLogs/${String(i).padStart(4, "0")}`);
      await inParallel(keys, (key) => put(bucket, key, ""));
      const first = await store.list(bucket, { prefix: "AWSLogs/" });
      expect([first.objects.length, first.more]).toEqual([1_000, true]);
      const found: string[] = [];
      for (let more = true; more; ) {
        const page = await store.list(bucket, { limit: 400, startAfter: found.at(-1) ?? "" });
        found.push(...page.objects.map(({ key }) => key));
        more = page.more;
      }
      expect(found).toEqual(keys);
    });

    for (const [what, key] of ODD_KEYS) {
      rule(`put() takes a key that holds ${what}`, async (bucket) => {
        await put(bucket, key, "odd");
        await put(bucket, "another");
        expect(await read(bucket, key)).toBe("odd");
        expect(await store.head(bucket, key)).toMatchObject({ key, size: 3 });
        const { objects } = await store.list(bucket, { prefix: key });
        expect(objects.map((object) => object.key)).toEqual([key]);
        await store.delete(bucket, key);
        expect((await store.list(bucket, {})).objects.map((object) => object.key)).toEqual(["another"]);
      });
    }

    rule("delete() deletes, and does not mind that there is nothing", async (bucket) => {
      await put(bucket, "key");
      await store.delete(bucket, "key");
      expect(await store.head(bucket, "key")).toBeUndefined();
      await store.delete(bucket, "key");
    });

    rule(
      "delete() without a version hides the object, with one it deletes that for good",
      async (bucket) => {
        const { versionId } = await put(bucket, "key");
        await store.delete(bucket, "key");
        await expectCode(store.get(bucket, "key"), "NoSuchKey");
        expect(await store.head(bucket, "key")).toBeUndefined();
        expect((await store.list(bucket, {})).objects).toEqual([]);
        expect(await read(bucket, "key", versionId)).toBe("key");
        await store.delete(bucket, "key", versionId);
        expect(await store.head(bucket, "key", versionId)).toBeUndefined();
      },
      "versioned",
    );

    rule(
      "delete() is refused a locked version, which stays",
      async (bucket) => {
        const { versionId } = await put(bucket, "key");
        const facts = await store.head(bucket, "key");
        expect(facts?.lock?.mode).toBe("GOVERNANCE");
        expect(Math.abs((facts?.lock?.until ?? 0) - (facts?.lastModified ?? 0) - DAY_MS)).toBeLessThan(60_000);
        await expectCode(store.delete(bucket, "key", versionId), "AccessDenied");
        await put(bucket, "key", "replaced");
        await store.delete(bucket, "key");
        expect(await read(bucket, "key", versionId)).toBe("key");
      },
      "locked",
    );

    for (const kind of ["plain", "versioned", "locked"] as const) {
      rule(
        `mayWrite() leaves nothing behind in a ${kind} bucket`,
        async (bucket) => {
          expect(await store.mayWrite(bucket, "AWSLogs/123456789012/", WRITER)).toEqual({ allowed: true });
          expect((await store.list(bucket, {})).objects).toEqual([]);
          await store.put(bucket, "AWSLogs/123456789012/a", Buffer.from("x"), { as: WRITER });
        },
        kind,
      );
    }

    rule("mayWrite() says what is missing where put() would be refused", async (bucket) => {
      await buckets.forbidPuts(bucket);
      const check = await store.mayWrite(bucket, "AWSLogs/123456789012/", WRITER);
      expect(check).toMatchObject({
        allowed: false,
        why: expect.any(String),
        missing: [{ Action: "s3:PutObject", Resource: `arn:aws:s3:::${bucket}/AWSLogs/123456789012/*` }],
      });
      await expectCode(store.put(bucket, "AWSLogs/123456789012/a", Buffer.from("x"), { as: WRITER }), "AccessDenied");
      expect(await store.head(bucket, "AWSLogs/123456789012/a")).toBeUndefined();
    });

    rule("mayWrite() asks for objects that are encrypted like those to come", async (bucket) => {
      await buckets.forbidPuts(bucket, "SSE-KMS");
      const encryption: Encryption = { algorithm: "aws:kms", keyId: buckets.kmsKeyId };
      const prefix = "AWSLogs/123456789012/";
      expect(await store.mayWrite(bucket, prefix, WRITER)).toMatchObject({ allowed: false });
      expect(await store.mayWrite(bucket, prefix, WRITER, encryption)).toEqual({ allowed: true });
      await expectCode(store.put(bucket, `${prefix}a`, Buffer.from("x"), { as: WRITER }), "AccessDenied");
      await store.put(bucket, `${prefix}a`, Buffer.from("x"), { as: WRITER, encryption });
    });

    test("has every rule that is skipped", () => {
      expect(Object.keys(skips).filter((title) => !titles.has(title))).toEqual([]);
    });
  });
}

async function expectCode(promise: Promise<unknown>, ...codes: readonly string[]): Promise<void> {
  const thrown: unknown = await promise.then(
    () => undefined,
    (failure: unknown) => failure,
  );
  expect(thrown).toBeInstanceOf(BucketFailure);
  expect(codes).toContain((thrown as BucketFailure).code);
}

async function inParallel(keys: readonly string[], work: (key: string) => Promise<unknown>): Promise<void> {
  const rest = keys.values();
  await Promise.all(
    Array.from({ length: 32 }, async () => {
      for (const key of rest) await work(key);
    }),
  );
}

function isAfter(key: string, other: string): boolean {
  return Buffer.compare(Buffer.from(key), Buffer.from(other)) > 0;
}

function sha256(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
