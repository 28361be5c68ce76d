import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import {
  CopyObjectCommand,
  CreateBucketCommand,
  DeleteObjectCommand,
  DeleteObjectsCommand,
  GetObjectCommand,
  HeadObjectCommand,
  ListObjectsV2Command,
  PutBucketPolicyCommand,
  PutObjectCommand,
  type S3Client,
} from "@aws-sdk/client-s3";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { signRequest } from "../../src/aws/index.ts";
import { type Caller, callerOf, send } from "../calls.ts";
import { readCredentials, startServer, type TestServer } from "../server.ts";
import { keysOf, s3Of, until } from "../trail.ts";
import {
  deliveredIn,
  FAST,
  isManagement,
  isOfObjects,
  journalOf,
  lines,
  loggedTime,
  makeLogBucket,
  must,
  type Told,
  untilDelivered,
} from "./trail-world.ts";

const OTHER_ACCOUNT = "210987654321";
const OBJECT = "AWS::S3::Object";
const BEANS = "arn:aws:s3:::beans/";
const SMALL = "arn:aws:s3:::cups/small";
const OWN = "arn:aws:s3:::logs-own/";

interface TestTrail {
  readonly bucket: string;
  readonly prefix?: string;
  readonly selectors: Readonly<Record<string, unknown>>;
  /** What it must deliver of the time in which it logs, told without OpenTrail's words. */
  readonly wants: (told: Told) => boolean;
}

const TRAILS: Readonly<Record<string, TestTrail>> = {
  reads: {
    bucket: "logs-reads",
    selectors: { EventSelectors: [{ ReadWriteType: "ReadOnly" }] },
    wants: (told) => isManagement(told) && told.readOnly === true,
  },
  writes: {
    bucket: "logs-writes",
    selectors: {
      EventSelectors: [
        {
          ReadWriteType: "WriteOnly",
          ExcludeManagementEventSources: ["kms.amazonaws.com"],
          DataResources: [{ Type: OBJECT, Values: [BEANS, SMALL] }],
        },
      ],
    },
    wants: (told) =>
      told.readOnly === false &&
      ((isManagement(told) && told.eventSource !== "kms.amazonaws.com") ||
        isOfObjects(BEANS)(told) ||
        isOfObjects(SMALL)(told)),
  },
  picky: {
    bucket: "logs-picky",
    prefix: "picked/by/hand",
    selectors: {
      AdvancedEventSelectors: [
        {
          Name: "who reads beans",
          FieldSelectors: [
            { Field: "eventCategory", Equals: ["Data"] },
            { Field: "resources.type", Equals: [OBJECT] },
            { Field: "resources.ARN", StartsWith: [BEANS], NotEndsWith: [".tmp"] },
            { Field: "readOnly", Equals: ["true"] },
            { Field: "eventName", NotEquals: ["HeadObject"] },
          ],
        },
        {
          Name: "the end of one cup",
          FieldSelectors: [
            { Field: "eventCategory", Equals: ["Data"] },
            { Field: "resources.type", Equals: [OBJECT] },
            { Field: "resources.ARN", Equals: [`${SMALL}/one`] },
            { Field: "eventName", Equals: ["DeleteObject"] },
          ],
        },
      ],
    },
    wants: (told) => {
      const arns = (told.resources ?? []).flatMap(({ type, ARN, ARNPrefix }) =>
        type === OBJECT ? [ARN ?? ARNPrefix ?? ""] : [],
      );
      const isBean = arns.some((arn) => arn.startsWith(BEANS) && !arn.endsWith(".tmp"));
      const reads = isBean && told.readOnly === true && told.eventName !== "HeadObject";
      const ends = arns.includes(`${SMALL}/one`) && told.eventName === "DeleteObject";
      return told.managementEvent === false && told.recipientAccountId !== OTHER_ACCOUNT && (reads || ends);
    },
  },
  own: {
    bucket: "logs-own",
    selectors: {
      EventSelectors: [{ IncludeManagementEvents: false, DataResources: [{ Type: OBJECT, Values: [OWN] }] }],
    },
    wants: isOfObjects(OWN),
  },
  changing: { bucket: "logs-changing", selectors: { EventSelectors: [{}] }, wants: isManagement },
};

/** What the trail `changing` is told to log from then on, one after the other. */
const CHANGES: readonly Pick<TestTrail, "selectors" | "wants">[] = [
  {
    selectors: {
      EventSelectors: [{ IncludeManagementEvents: false, DataResources: [{ Type: OBJECT, Values: [BEANS] }] }],
    },
    wants: isOfObjects(BEANS),
  },
  {
    selectors: { EventSelectors: [{ ReadWriteType: "ReadOnly" }] },
    wants: (told) => isManagement(told) && told.readOnly === true,
  },
  {
    selectors: {
      AdvancedEventSelectors: [
        {
          FieldSelectors: [
            { Field: "eventCategory", Equals: ["Management"] },
            { Field: "readOnly", Equals: ["false"] },
          ],
        },
      ],
    },
    wants: (told) => isManagement(told) && told.readOnly === false,
  },
];
const MOVED = "logs-moved";

/** A server of keys, as far as a gateway that passes everything through needs one. */
async function startKeys(): Promise<Server> {
  const server = createServer((request, response) => {
    request.resume().on("end", () => {
      response.writeHead(200, { "content-type": "application/x-amz-json-1.1", "x-amzn-requestid": "of-the-upstream" });
      response.end("{}");
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return server;
}

describe("event selectors of trails", () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-selectors-"));
  let keys: Server;
  let server: TestServer;
  let call: Caller;
  let s3: S3Client;
  let journal: readonly Told[];
  const delivered = new Map<string, readonly Told[]>();
  let digestKeys = 0;
  /** Ids of requests that no trail asked for. */
  const unasked: (string | undefined)[] = [];
  /** Of one whose selector was put just before. */
  let askedJustBefore: string | undefined;
  let usersGet: string | undefined;

  const kms = async (operation: string, input: object = {}): Promise<void> => {
    const wire = {
      method: "POST",
      path: "/",
      query: "",
      headers: {
        host: [new URL(server.endpoint).host],
        "content-type": ["application/x-amz-json-1.1"],
        "x-amz-target": [`TrentService.${operation}`],
      },
      body: Buffer.from(JSON.stringify(input)),
    };
    const signed = signRequest(wire, server.root, { region: "us-east-1", service: "kms", now: Date.now() });
    expect((await send(server.endpoint, signed)).status).toBe(200);
  };
  const put = (Bucket: string, Key: string) => s3.send(new PutObjectCommand({ Bucket, Key, Body: Key }));
  const get = (Bucket: string, Key: string, who = s3) => who.send(new GetObjectCommand({ Bucket, Key }));

  async function makeTrails(): Promise<void> {
    for (const [Name, { bucket, prefix, selectors }] of Object.entries(TRAILS)) {
      await makeLogBucket(s3, bucket, Name, prefix === undefined ? "" : `${prefix}/`);
      await must(
        call("cloudtrail", "CreateTrail", {
          Name,
          S3BucketName: bucket,
          ...(prefix === undefined ? {} : { S3KeyPrefix: prefix }),
          EnableLogFileValidation: true,
        }),
      );
      await must(call("cloudtrail", "PutEventSelectors", { TrailName: Name, ...selectors }));
    }
  }

  /** Everything that somebody could ask for, and some that nobody does. */
  async function live(): Promise<void> {
    await put("beans", "one");
    await put("beans", "two.tmp");
    await put("cups", "small/one");
    await put("cups", "smaller");
    unasked.push((await put("cups", "large")).$metadata.requestId, (await put("cans", "one")).$metadata.requestId);
    for (const key of ["one", "two.tmp"]) await get("beans", key);
    await s3.send(new HeadObjectCommand({ Bucket: "beans", Key: "one" }));
    unasked.push((await s3.send(new HeadObjectCommand({ Bucket: "cups", Key: "small/one" }))).$metadata.requestId);
    await s3.send(new ListObjectsV2Command({ Bucket: "beans", Prefix: "o" }));
    await s3.send(new CopyObjectCommand({ Bucket: "cups", Key: "small/copy", CopySource: "beans/one" }));
    await s3.send(new DeleteObjectCommand({ Bucket: "cups", Key: "small/one" }));
    await s3.send(
      new DeleteObjectsCommand({ Bucket: "cups", Delete: { Objects: [{ Key: "small/copy" }, { Key: "large" }] } }),
    );
    await kms("ListKeys");
    await kms("CreateKey");
    await kms("Decrypt", { CiphertextBlob: "AAAA" });
    await must(call("iam", "CreateUser", { UserName: "Mary" }));
    await must(call("iam", "GetUser", { UserName: "Mary" }));
    expect((await call("iam", "GetUser", { UserName: "Nobody" })).code).toBe("NoSuchEntity");
  }

  /** A user of ours, and another account, to whom the bucket's policy opens one door. */
  async function othersLive(): Promise<void> {
    const policy = {
      Version: "2012-10-17",
      Statement: [{ Effect: "Allow", Action: "s3:GetObject", Resource: [`${OWN}*`, `${BEANS}*`] }],
    };
    await must(
      call("iam", "PutUserPolicy", { UserName: "Mary", PolicyName: "reads", PolicyDocument: JSON.stringify(policy) }),
    );
    const { AccessKey } = await must(call("iam", "CreateAccessKey", { UserName: "Mary" }));
    const { AccessKeyId, SecretAccessKey } = AccessKey as Record<string, string>;
    const mary = s3Of({
      endpoint: server.endpoint,
      root: { accessKeyId: AccessKeyId ?? "", secretAccessKey: SecretAccessKey ?? "" },
    });
    usersGet = (await get("beans", "one", mary)).$metadata.requestId;
    await expect(mary.send(new PutObjectCommand({ Bucket: "beans", Key: "x", Body: "x" }))).rejects.toThrow(
      "not authorized",
    );
    await lookAtLogs(mary);
    mary.destroy();
    const open = { Effect: "Allow", Principal: { AWS: OTHER_ACCOUNT }, Action: "s3:*", Resource: `${BEANS}*` };
    const Policy = JSON.stringify({ Version: "2012-10-17", Statement: [open] });
    await s3.send(new PutBucketPolicyCommand({ Bucket: "beans", Policy }));
    const root = readCredentials(join(dataDirectory, `root-credentials-${OTHER_ACCOUNT}`));
    const other = s3Of({ endpoint: server.endpoint, root });
    await get("beans", "one", other);
    other.destroy();
  }

  /** As an auditor does, once there is something; digests too. */
  async function lookAtLogs(who: S3Client): Promise<void> {
    await put("logs-own", "note");
    const both = ["/CloudTrail/", "/CloudTrail-Digest/"];
    const files = (): Promise<readonly (readonly string[])[]> =>
      Promise.all(both.map((folder) => keysOf(s3, "logs-own", folder)));
    await until("a log file and a digest", files, (found) => found.every(({ length }) => length > 0));
    for (const key of await keysOf(s3, "logs-own", ".json.gz")) await get("logs-own", key, who);
  }

  /** Calls of four clients, while the trail is changed. */
  async function changeUnderLoad(): Promise<void> {
    let ends = false;
    const load = Array.from({ length: 4 }, async (_, index) => {
      const client = callerOf(server);
      for (let count = 0; !ends; count++) {
        const UserName = `guest-${index}-${count}`;
        await must(client("iam", "CreateUser", { UserName }));
        await must(client("iam", "GetUser", { UserName }));
        await put("beans", UserName);
      }
    });
    for (const { selectors } of CHANGES) {
      await must(call("cloudtrail", "PutEventSelectors", { TrailName: "changing", ...selectors }));
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    await must(call("cloudtrail", "UpdateTrail", { Name: "changing", S3BucketName: MOVED }));
    await new Promise((resolve) => setTimeout(resolve, 300));
    ends = true;
    await Promise.all(load);
  }

  beforeAll(async () => {
    keys = await startKeys();
    server = await startServer({
      dataDirectory,
      flags: [
        ...FAST,
        "--trails-check-interval",
        "1s",
        "--accounts",
        `123456789012,${OTHER_ACCOUNT}`,
        "--buckets-own",
        "logs-*,beans,cups,cans",
        "--upstream",
        `http://127.0.0.1:${(keys.address() as AddressInfo).port}`,
      ],
    });
    call = callerOf(server);
    s3 = s3Of(server);
    for (const Bucket of ["beans", "cups", "cans"]) await s3.send(new CreateBucketCommand({ Bucket }));
    unasked.push((await put("beans", "none")).$metadata.requestId);
    await makeTrails();
    await makeLogBucket(s3, MOVED, "changing");
    // They are told what to log, and do not log.
    unasked.push((await get("beans", "none")).$metadata.requestId);
    for (const Name of Object.keys(TRAILS)) await must(call("cloudtrail", "StartLogging", { Name }));
    askedJustBefore = (await get("beans", "none")).$metadata.requestId;
    await live();
    await othersLive();
    await changeUnderLoad();
    for (const Name of Object.keys(TRAILS)) await must(call("cloudtrail", "StopLogging", { Name }));
    unasked.push((await get("beans", "none")).$metadata.requestId);
    await untilDelivered(server);
    for (const bucket of [...Object.values(TRAILS).map((trail) => trail.bucket), MOVED]) {
      delivered.set(bucket, await deliveredIn(s3, bucket));
    }
    digestKeys = (await keysOf(s3, "logs-own", "/CloudTrail-Digest/")).length;
    s3.destroy();
    await server.stop();
    journal = await journalOf(dataDirectory);
  }, 60_000);
  afterAll(async () => {
    await server.stop();
    keys.close();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  test.each(Object.entries(TRAILS).filter(([name]) => name !== "changing"))(
    "the trail %s delivers what its selectors want, in the order of the journal",
    (name, { bucket, wants }) => {
      const wanted = loggedTime(journal, name).filter(wants);
      expect(wanted.length).toBeGreaterThan(3);
      expect(lines(delivered.get(bucket) ?? [])).toEqual(lines(wanted));
    },
  );

  test("a change of selectors, or of the bucket, counts from its own record on", () => {
    const changes = [...CHANGES];
    let bucket = "logs-changing";
    let wants = TRAILS["changing"]?.wants;
    const expected: Record<string, Told[]> = { [bucket]: [], [MOVED]: [] };
    for (const told of loggedTime(journal, "changing")) {
      if (told.eventName === "PutEventSelectors") wants = changes.shift()?.wants;
      if (told.eventName === "UpdateTrail") bucket = MOVED;
      if (wants?.(told) === true) expected[bucket]?.push(told);
    }
    expect(changes).toEqual([]);
    for (const [name, records] of Object.entries(expected)) {
      expect(records.length).toBeGreaterThan(10);
      expect(lines(delivered.get(name) ?? [])).toEqual(lines(records));
    }
  });

  test("calls of KMS are left out where they are excluded, and only there", () => {
    const ofKms = (bucket: string): readonly string[] =>
      (delivered.get(bucket) ?? [])
        .filter(({ eventSource }) => eventSource === "kms.amazonaws.com")
        .map(({ eventName }) => eventName);
    expect(ofKms("logs-reads")).toEqual(["ListKeys", "Decrypt"]);
    expect(ofKms("logs-writes")).toEqual([]);
    expect(ofKms("logs-changing")).toEqual(["ListKeys", "CreateKey", "Decrypt"]);
  });

  test("data events that no trail asks for are not recorded; from the start of logging on they are", () => {
    expect(unasked.every((id) => id !== undefined)).toBe(true);
    expect(journal.filter(({ requestID }) => unasked.includes(requestID))).toEqual([]);
    expect(journal.filter(({ requestID }) => requestID === askedJustBefore)).toHaveLength(1);
    const all = new Set([...delivered.values()].flat().map(({ eventID }) => eventID));
    const ofObjects = journal.filter(
      (told) => told.managementEvent === false && told.recipientAccountId !== OTHER_ACCOUNT,
    );
    expect(ofObjects.filter(({ eventID }) => !all.has(eventID)).map(({ eventName }) => eventName)).toEqual([]);
  });

  test("deliveries of log files and digests are nobody's data events, what others do in the log's bucket is", () => {
    expect(digestKeys).toBeGreaterThan(0);
    const own = delivered.get("logs-own") ?? [];
    const [names, keysPut] = [new Set(own.map(({ eventName }) => eventName)), new Set<unknown>()];
    for (const { eventName, requestParameters } of own) {
      if (eventName === "PutObject") keysPut.add(requestParameters?.["key"]);
    }
    expect([...keysPut]).toEqual(["note"]);
    expect(names).toContain("GetObject");
    const reader = own.find(({ eventName }) => eventName === "GetObject");
    expect(reader).toMatchObject({
      userIdentity: { type: "IAMUser", userName: "Mary" },
      requestParameters: { bucketName: "logs-own", key: expect.stringMatching(/^AWSLogs\/.*\.json\.gz$/) },
    });
    expect(journal.filter(({ userIdentity }) => userIdentity?.["invokedBy"] !== undefined)).toEqual([]);
  });

  test("a user's data event tells who it was; one that is denied is told too", () => {
    const told = (delivered.get("logs-picky") ?? []).find(({ requestID }) => requestID === usersGet);
    expect(told).toMatchObject({ eventName: "GetObject", userIdentity: { userName: "Mary" } });
    const denied = (delivered.get("logs-writes") ?? []).filter(({ errorCode }) => errorCode === "AccessDenied");
    expect(denied.map(({ eventName }) => eventName)).toEqual(["PutObject"]);
  });

  test("what another account reads is told on both sides, and delivered on the side that asks", () => {
    const pairs = journal.filter(({ eventName, sharedEventID }) => eventName === "GetObject" && sharedEventID);
    expect(pairs).toHaveLength(2);
    const theirs = pairs.find(({ recipientAccountId }) => recipientAccountId === OTHER_ACCOUNT);
    expect(theirs).toMatchObject({ userIdentity: { type: "Root" } });
    const ours = pairs.find(({ recipientAccountId }) => recipientAccountId !== OTHER_ACCOUNT);
    expect(ours).toMatchObject({ userIdentity: { type: "AWSAccount", accountId: OTHER_ACCOUNT } });
    const both = pairs.map(({ sharedEventID }) => sharedEventID);
    expect(new Set(both).size).toBe(1);
    expect((delivered.get("logs-picky") ?? []).filter(({ eventID }) => eventID === ours?.eventID)).toHaveLength(1);
  });

  test("what DeleteObjects deletes is told for each object that is asked about", () => {
    const ends = (delivered.get("logs-writes") ?? []).filter(({ eventName }) => eventName === "DeleteObject");
    expect(ends.map(({ requestParameters }) => requestParameters?.["key"])).toEqual(["small/one", "small/copy"]);
    expect((delivered.get("logs-picky") ?? []).map(({ eventName }) => eventName)).toContain("DeleteObject");
  });
});
