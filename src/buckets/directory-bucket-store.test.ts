import { globSync } from "node:fs";
import { readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock } from "../core/index.ts";
import { BucketFailure, type ServicePrincipal } from "./bucket-store.ts";
import { bucketStoreContract, type ContractBuckets, denyPuts, WRITER } from "./bucket-store-contract.fixture.ts";
import { DirectoryBucketStore } from "./directory-bucket-store.ts";
import type { DirectoryBuckets } from "./directory-buckets.ts";
import { OWNER, openTestBuckets, temporaryDirectory } from "./testing.ts";
import { statementsFor } from "./write-check.ts";

interface Opened extends ContractBuckets {
  readonly buckets: DirectoryBuckets;
}

async function open(): Promise<Opened> {
  const directory = await temporaryDirectory();
  const buckets = await openTestBuckets({ directory, clock: systemClock });
  const store = new DirectoryBucketStore(buckets);
  let count = 0;
  return {
    buckets,
    store,
    kmsKeyId: "alias/trail",
    create: async (kind, writer) => {
      const name = `contract-${kind}-${count++}`;
      await buckets.create(name, { ...OWNER, objectLock: kind === "locked" });
      if (kind === "versioned") await buckets.setVersioning(name, "Enabled");
      if (kind === "locked") await buckets.setDefaultRetention(name, { mode: "GOVERNANCE", period: { days: 1 } });
      await buckets.setDocument(name, "policy", policyOf(statementsFor(name, "", writer)));
      return name;
    },
    forbidPuts: async (name, but) => {
      const statements = [...statementsFor(name, "", WRITER), ...denyPuts(name, but)];
      await buckets.setDocument(name, "policy", policyOf(statements));
    },
    close: async () => {
      await store.close();
      await buckets.close();
      await rm(directory, { recursive: true, force: true });
    },
  };
}

function policyOf(statements: readonly object[]): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: statements });
}

bucketStoreContract("directory", open);

describe("DirectoryBucketStore", () => {
  let opened: Opened;
  let bucket: string;
  beforeAll(async () => {
    opened = await open();
    bucket = await opened.create("plain", WRITER);
  });
  afterAll(() => opened.close());

  const put = (as: ServicePrincipal, key = "AWSLogs/a") => opened.store.put(bucket, key, Buffer.from("beans"), { as });
  const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
    promise.then(
      () => "none",
      (failure: unknown) => (failure instanceof BucketFailure ? failure.code : failure),
    );

  test("asks the policy at every put, as it is then", async () => {
    expect(await codeOf(put(WRITER))).toBe("none");
    const text = opened.buckets.document(bucket, "policy");
    for (const policy of [undefined, policyOf([]).replace("[]", `[${JSON.stringify(DENY_ALL)}]`), "{ not JSON"]) {
      await opened.buckets.setDocument(bucket, "policy", policy);
      expect(await codeOf(put(WRITER))).toBe("AccessDenied");
    }
    await opened.buckets.setDocument(bucket, "policy", text);
    expect(await codeOf(put(WRITER))).toBe("none");
  });

  test.each([
    ["another trail", { ...WRITER, sourceArn: `${WRITER.sourceArn}2` }],
    ["another service", { ...WRITER, service: "config.amazonaws.com" }],
  ])("lets nobody in for %s", async (_, who) => {
    expect(await codeOf(put(who))).toBe("AccessDenied");
  });

  test("does not have what was taken off the disk", async () => {
    const { directory, store, close } = await openLogs();
    await store.put("logs", "a", Buffer.from("beans"));
    expect(await store.head("logs", "a")).toMatchObject({ size: 5 });
    await rm(fileOf(directory, "a"));
    expect(await store.head("logs", "a")).toBeUndefined();
    await close();
  });

  test("says that an encrypted file was changed on the disk", async () => {
    const { directory, store, close } = await openLogs();
    const encryption = { algorithm: "aws:kms", keyId: "alias/trail" } as const;
    await store.put("logs", "a", Buffer.from("beans"), { encryption });
    const bytes = await readFile(fileOf(directory, "a"));
    await writeFile(fileOf(directory, "a"), bytes.with(-1, (bytes.at(-1) ?? 0) ^ 1));
    expect(await codeOf(store.get("logs", "a"))).toBe("Damaged");
    expect(await store.head("logs", "a")).toMatchObject({ size: 5 });
    await close();
  });

  test("says when its disk is full", async () => {
    const directory = await temporaryDirectory();
    const full = Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
    const strike = (step: string): void => {
      if (step === "content") throw full;
    };
    const buckets = await openTestBuckets({ directory, strike });
    await buckets.create("logs", OWNER);
    const store = new DirectoryBucketStore(buckets);
    expect(await codeOf(store.put("logs", "a", Buffer.from("beans")))).toBe("InsufficientStorage");
    await buckets.close();
    await rm(directory, { recursive: true, force: true });
  });

  test("forgets the policy of a bucket that was deleted", async () => {
    const name = await opened.create("plain", WRITER);
    const again = () => opened.store.put(name, "AWSLogs/a", Buffer.from("beans"), { as: WRITER });
    await again();
    await opened.store.delete(name, "AWSLogs/a");
    await opened.buckets.delete(name);
    expect(await codeOf(again())).toBe("NoSuchBucket");
    await opened.buckets.create(name, OWNER);
    expect(await codeOf(again())).toBe("AccessDenied");
  });

  test("says why it was refused", async () => {
    await expect(put({ ...WRITER, service: "config.amazonaws.com" })).rejects.toThrow(
      `put ${bucket}/AWSLogs/a: the bucket's policy does not let config.amazonaws.com put it (resource-policy)`,
    );
  });

  test("keeps to the keys that there are", async () => {
    expect(await codeOf(opened.store.checkKey("alias/trail"))).toBe("none");
    expect(await codeOf(opened.store.checkKey("alias/other"))).toBe("KMS.NotFoundException");
    const encryption = { algorithm: "aws:kms", keyId: "alias/other" } as const;
    expect(await codeOf(opened.store.put(bucket, "a", Buffer.from("beans"), { encryption }))).toBe(
      "KMS.NotFoundException",
    );
  });
});

/** A bucket `logs` whose files lie in plain sight. */
async function openLogs(): Promise<{ directory: string; store: DirectoryBucketStore; close: () => Promise<void> }> {
  const directory = await temporaryDirectory();
  const buckets = await openTestBuckets({ directory });
  await buckets.create("logs", OWNER);
  const close = async (): Promise<void> => {
    await buckets.close();
    await rm(directory, { recursive: true, force: true });
  };
  return { directory, store: new DirectoryBucketStore(buckets), close };
}

function fileOf(directory: string, key: string): string {
  const [file = ""] = globSync(join(directory, "logs", "objects", `${key}~*`));
  return file;
}

const DENY_ALL = { Effect: "Deny", Principal: "*", Action: "s3:*", Resource: "*" };
