import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { type Asked, type Heard, TestS3 } from "./s3.fixture.ts";

/** A version that nobody may delete or change before its time is over. */
interface Locked {
  readonly target: string;
  readonly body: string;
  readonly facts: string;
  until: number;
}

let s3: TestS3;
let bucket = "";
let count = 0;
let locked: Locked[] = [];

beforeAll(async () => {
  s3 = await TestS3.open();
});
afterAll(async () => await s3.close());

const DAY = 86_400_000;
const BYPASS = { "x-amz-bypass-governance-retention": "true" };

const key = fc.constantFrom("a", "b/c");
const days = fc.integer({ min: 1, max: 5 });
const mode = fc.constantFrom("COMPLIANCE", "GOVERNANCE");
const pick = fc.nat({ max: 30 });
const lock = fc.option(fc.record({ mode, days }), { nil: undefined });
const step = fc.oneof(
  fc.record({ do: fc.constant("put" as const), key, lock, text: fc.string({ maxLength: 3 }) }),
  fc.record({ do: fc.constant("copy" as const), key, from: key, lock, replace: fc.boolean() }),
  fc.record({ do: fc.constant("upload" as const), key, lock }),
  fc.record({ do: fc.constant("delete" as const), key, bypass: fc.boolean() }),
  fc.record({ do: fc.constant("delete version" as const), pick, bypass: fc.boolean(), many: fc.boolean() }),
  fc.record({ do: fc.constant("retain" as const), pick, lock, bypass: fc.boolean() }),
  fc.record({ do: fc.constant("hold" as const), pick, on: fc.boolean() }),
  fc.record({ do: fc.constant("tag" as const), pick, value: fc.constantFrom("x", "y") }),
  fc.record({ do: fc.constant("default" as const), lock }),
  fc.record({ do: fc.constant("pass" as const), days }),
  fc.record({ do: fc.constant("bucket" as const), pick }),
);
type Step = typeof step extends fc.Arbitrary<infer Value> ? Value : never;
type Lock = { readonly mode: string; readonly days: number } | undefined;

/** What root may try on a bucket to be rid of what is in it. */
const ON_BUCKET: readonly (readonly [method: string, query: string, body: string])[] = [
  ["DELETE", "", ""],
  ["PUT", "", ""],
  ["PUT", "?versioning", "<VersioningConfiguration><Status>Suspended</Status></VersioningConfiguration>"],
  ["PUT", "?object-lock", "<ObjectLockConfiguration/>"],
  ["PUT", "?encryption", encryption("AES256")],
  ["DELETE", "?encryption", ""],
  ["DELETE", "?policy", ""],
  ["PUT", "?acl", ""],
  ["DELETE", "?lifecycle", ""],
  ["PUT", "?lifecycle", "<LifecycleConfiguration/>"],
];

function encryption(algorithm: string): string {
  const byDefault = `<ApplyServerSideEncryptionByDefault><SSEAlgorithm>${algorithm}</SSEAlgorithm></ApplyServerSideEncryptionByDefault>`;
  return `<ServerSideEncryptionConfiguration><Rule>${byDefault}</Rule></ServerSideEncryptionConfiguration>`;
}

async function take(asked: Step): Promise<void> {
  switch (asked.do) {
    case "put":
      return await made(
        asked.key,
        await ask("PUT", `/${asked.key}`, { body: asked.text || " ", headers: lockHeaders(asked.lock) }),
      );
    case "copy": {
      const headers = {
        "x-amz-copy-source": `/${bucket}/${asked.from}`,
        "x-amz-metadata-directive": asked.replace ? "REPLACE" : "COPY",
        "x-amz-meta-copied": "yes",
        ...lockHeaders(asked.lock),
      };
      return await made(asked.key, await ask("PUT", `/${asked.key}`, { headers }));
    }
    case "upload":
      return await made(asked.key, await upload(asked.key, asked.lock));
    case "delete":
      return void (await ask("DELETE", `/${asked.key}`, asked.bypass ? { headers: BYPASS } : {}));
    case "pass":
      s3.clock.nowMs += asked.days * (DAY / 2);
      return;
    case "default": {
      const rule =
        asked.lock &&
        `<Rule><DefaultRetention><Mode>${asked.lock.mode}</Mode><Days>${asked.lock.days}</Days></DefaultRetention></Rule>`;
      const body = `<ObjectLockConfiguration><ObjectLockEnabled>Enabled</ObjectLockEnabled>${rule ?? ""}</ObjectLockConfiguration>`;
      return void (await ask("PUT", "?object-lock", { body }));
    }
    case "bucket": {
      const [method, query, body] = ON_BUCKET[asked.pick % ON_BUCKET.length] ?? ["GET", "", ""];
      return void (await ask(method, query, body === "" ? {} : { body }));
    }
    case "delete version":
    case "retain":
    case "hold":
    case "tag":
      return await onVersion(asked);
  }
}

async function onVersion(
  asked: Extract<Step, { readonly pick: number; readonly do: "delete version" | "retain" | "hold" | "tag" }>,
): Promise<void> {
  const target = (await versions())[asked.pick % Math.max(1, (await versions()).length)];
  if (target === undefined) return;
  const [name = "", id = ""] = target.split("?versionId=");
  switch (asked.do) {
    case "delete version": {
      const headers = asked.bypass ? BYPASS : {};
      const body = `<Delete><Object><Key>${name.slice(1)}</Key><VersionId>${id}</VersionId></Object></Delete>`;
      return void (asked.many
        ? await ask("POST", "?delete", { headers, body })
        : await ask("DELETE", target, { headers }));
    }
    case "retain": {
      const until = new Date(s3.clock.nowMs + (asked.lock?.days ?? 0) * DAY);
      const inside =
        asked.lock && `<Mode>${asked.lock.mode}</Mode><RetainUntilDate>${until.toISOString()}</RetainUntilDate>`;
      const body = `<Retention>${inside ?? ""}</Retention>`;
      const sent = { body, headers: asked.bypass ? BYPASS : {} };
      const { status } = await ask("PUT", `${target.replace("?", "?retention&")}`, sent);
      return status === 200 ? await noteLock(target) : undefined;
    }
    case "hold": {
      const body = `<LegalHold><Status>${asked.on ? "ON" : "OFF"}</Status></LegalHold>`;
      return void (await ask("PUT", target.replace("?", "?legal-hold&"), { body }));
    }
    case "tag": {
      const body = `<Tagging><TagSet><Tag><Key>k</Key><Value>${asked.value}</Value></Tag></TagSet></Tagging>`;
      return void (await ask("PUT", target.replace("?", "?tagging&"), { body }));
    }
  }
}

async function ask(method: string, target: string, asked: Asked = {}): Promise<Heard> {
  return await s3.ask(method, `/${bucket}${target}`, asked);
}

function lockHeaders(asked: Lock): Readonly<Record<string, string>> {
  if (asked === undefined) return {};
  const until = new Date(s3.clock.nowMs + asked.days * DAY).toISOString();
  return { "x-amz-object-lock-mode": asked.mode, "x-amz-object-lock-retain-until-date": until };
}

async function upload(name: string, asked: Lock): Promise<Heard> {
  const begun = await ask("POST", `/${name}?uploads`, { headers: lockHeaders(asked) });
  const id = begun.status === 200 ? begun.text("UploadId") : "none";
  const part = await ask("PUT", `/${name}?partNumber=1&uploadId=${id}`, { body: "part" });
  const named = `<Part><PartNumber>1</PartNumber><ETag>${part.header("etag") ?? "none"}</ETag></Part>`;
  const body = `<CompleteMultipartUpload>${named}</CompleteMultipartUpload>`;
  return await ask("POST", `/${name}?uploadId=${id}`, { body });
}

async function made(name: string, { status, header }: Heard): Promise<void> {
  if (status === 200) await noteLock(`/${name}?versionId=${header("x-amz-version-id") ?? ""}`);
}

/** Remembers a version that is locked now, as it is; of one that was before, only that it is for longer. */
async function noteLock(target: string): Promise<void> {
  const { retention, body, facts } = await seen(target);
  if (retention?.mode !== "COMPLIANCE") return;
  const known = locked.find((each) => each.target === target);
  if (known === undefined) locked.push({ target, body, facts, until: retention.until });
  else known.until = Math.max(known.until, retention.until);
}

/** Everything about a version but its tags and its legal hold, which may change. */
async function seen(target: string): Promise<{
  readonly body: string;
  readonly facts: string;
  readonly retention?: { readonly mode: string; readonly until: number };
}> {
  const { status, header, body } = await ask("GET", target);
  const told = ["etag", "last-modified", "content-type", "x-amz-meta-copied", "x-amz-server-side-encryption"];
  const facts = JSON.stringify([status, ...told.map(header)]);
  const mode = header("x-amz-object-lock-mode");
  const until = Date.parse(header("x-amz-object-lock-retain-until-date") ?? "");
  return { body: body.toString("latin1"), facts, ...(mode === undefined ? {} : { retention: { mode, until } }) };
}

async function versions(): Promise<readonly string[]> {
  const page = await ask("GET", "?versions");
  const { children } = page.xml();
  const text = (node: (typeof children)[number], name: string): string =>
    node.children.find((child) => child.name === name)?.text ?? "";
  return children
    .filter(({ name }) => name === "Version" || name === "DeleteMarker")
    .map((node) => `/${text(node, "Key")}?versionId=${text(node, "VersionId")}`);
}

test("S3 lets nobody delete or change a version under COMPLIANCE, whatever is tried", async () => {
  let kept = 0;
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 10, maxLength: 25 }), async (steps) => {
      bucket = `locked-${++count}`;
      locked = [];
      await s3.ask("PUT", `/${bucket}`, { headers: { "x-amz-bucket-object-lock-enabled": "true" } });
      for (const each of steps) {
        await take(each);
        locked = locked.filter(({ until }) => until > s3.clock.nowMs);
        for (const { target, body, facts, until } of locked) {
          const now = await seen(target);
          expect([each.do, now.body, now.facts]).toEqual([each.do, body, facts]);
          expect(now.retention).toEqual({ mode: "COMPLIANCE", until });
        }
        kept += locked.length;
      }
    }),
    { numRuns: 20 },
  );
  // Had nothing been locked, nothing would be proven.
  expect(kept).toBeGreaterThan(100);
});
