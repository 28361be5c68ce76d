import fc from "fast-check";
import { afterAll, beforeAll, expect, test } from "vitest";
import { HOST, type OwnS3, requestOf, signedAs, startOwnS3 } from "../own-s3.ts";
import { RawSocket } from "../raw-socket.ts";

/**
 * One request, four readers: who resolves the operation, who asks the policies, who carries it out, who records it. Whatever
 * is sent, they must speak of the same operation, bucket and key, which a fifth reader here finds by itself.
 */
let s3: OwnS3;
let socket: RawSocket;

/** Objects that hold their own name, and may only be read. */
const KEPT = ["a", "a/b", "..", "../x", ".", "a b", "a+b", "a?acl", "é", "/", "a/", "%2e"];

beforeAll(async () => {
  s3 = await startOwnS3();
  socket = await RawSocket.open(s3.endpoint);
  s3.allow("alice", { Effect: "Allow", Action: "s3:*", Resource: "*" });
  for (const bucket of ["free", "kept", "shut"]) await s3.ask("root", "PUT", `/${bucket}`);
  for (const key of KEPT) await s3.ask("root", "PUT", `/kept/${encodeURIComponent(key)}`, { body: key });
  await s3.ask("root", "PUT", "/shut/a", { body: "shut" });
  const deny = (bucket: string, actions: object): object => ({
    Statement: [
      { Effect: "Deny", Principal: "*", ...actions, Resource: [`arn:aws:s3:::${bucket}`, `arn:aws:s3:::${bucket}/*`] },
    ],
  });
  await s3.ask("root", "PUT", "/shut?policy", { body: JSON.stringify(deny("shut", { Action: "s3:*" })) });
  const readable = { NotAction: ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"] };
  await s3.ask("root", "PUT", "/kept?policy", { body: JSON.stringify(deny("kept", readable)) });
});
afterAll(async () => {
  socket.socket.destroy();
  await s3.close();
});

const method = fc.constantFrom("GET", "GET", "PUT", "PUT", "DELETE", "HEAD", "POST", "OPTIONS", "PATCH");
const host = fc.constantFrom(
  "127.0.0.1",
  "127.0.0.1",
  "127.0.0.1:4580",
  HOST,
  `kept.${HOST}`,
  `SHUT.${HOST}:80`,
  "free.s3.amazonaws.com",
  "shut.s3.us-west-2.amazonaws.com",
  "kept.localhost",
);
const bucket = fc.constantFrom("free", "kept", "shut", "none", "%73hut", "shut%2Fa", "free%2F..%2Fshut", "", "Shut");
const key = fc.constantFrom(
  ...KEPT.map(encodeURIComponent),
  "a/../a",
  "%2E%2E/shut/a",
  "a%2Fb",
  "%00",
  "%ff",
  "%61",
  "",
);
const path = fc.oneof(
  fc.tuple(bucket, key).map(([first, rest]) => `/${first}/${rest}`),
  bucket.map((first) => `/${first}`),
);
const parameter = fc.constantFrom(
  ..."acl %61cl tagging=x policy policy= uploads versionId=null versionId=x %76ersionId=null versions".split(" "),
  ..."list-type=2 prefix=a/b retention legal-hold x-id=DeleteObject x-amz-acl=private uploadId=u partNumber=1".split(
    " ",
  ),
  ..."delete attributes newThing newThing=1 encryption response-content-type=text/a AWSAccessKeyId=x location".split(
    " ",
  ),
);
const SOURCES = [
  "/kept/a",
  "shut/a",
  "/shut/a?versionId=null",
  "%2Fshut/a",
  "shut%2Fa",
  "/kept/../shut/a",
  "//shut/a",
  "x",
];
const header = fc.constantFrom(
  ...SOURCES.map((source) => ["x-amz-copy-source", source] as const),
  ["x-http-method-override", "DELETE"] as const,
  ["x-amz-object-attributes", "ETag"] as const,
  ["x-amz-bypass-governance-retention", "true"] as const,
  ["x-amz-account-id", "123456789012"] as const,
  ["x-amz-target", "Shut.DeleteObject"] as const,
  ["content-type", "application/x-www-form-urlencoded"] as const,
  ["content-type", "multipart/form-data; boundary=x"] as const,
  ["host", "shut.s3.amazonaws.com"] as const,
  ["range", "bytes=0-0"] as const,
);
const body = fc.constantFrom(
  "",
  "",
  "free",
  "<Delete><Object><Key>a</Key></Object><Object><Key>free</Key></Object></Delete>",
  "<Tagging><TagSet/></Tagging>",
  "Action=DeleteBucket&Version=2006-03-01",
);
const question = fc.record({
  method,
  host,
  path,
  query: fc.array(parameter, { maxLength: 2 }).map((parameters) => parameters.join("&")),
  headers: fc.array(header, { maxLength: 2 }),
  body,
  absolute: fc.boolean(),
});
type Question = typeof question extends fc.Arbitrary<infer Value> ? Value : never;

const PLAIN: Question = {
  method: "GET",
  host: "127.0.0.1",
  path: "/free/a",
  query: "",
  headers: [],
  body: "",
  absolute: false,
};
/** Were these refused, nothing would be proven. */
const ORDINARY: [Question][] = [
  [{ ...PLAIN, method: "PUT" }],
  [PLAIN],
  [{ ...PLAIN, method: "PUT", headers: [["x-amz-copy-source", "/kept/a"]] }],
  [{ ...PLAIN, method: "DELETE" }],
];

type Answered = { readonly status: number; readonly body: string } | undefined;

async function answerTo(asked: Question): Promise<Answered> {
  const { query, headers } = asked;
  const target = `${asked.path}${query === "" ? "" : `?${query}`}`;
  const request = requestOf(s3.endpoint, asked.method, target, { body: asked.body });
  const given: Record<string, readonly string[]> = { host: [asked.host] };
  for (const [name, value] of headers) given[name] = [...(given[name] ?? []), value];
  const signed = signedAs("alice", { ...request, headers: given }, "us-east-1", s3.clock.now);
  const lines = Object.entries(signed.headers).flatMap(([name, values = []]) =>
    values.map((text) => `${name}: ${text}`),
  );
  if (socket.socket.destroyed || socket.socket.readableEnded) socket = await RawSocket.open(s3.endpoint);
  const line = `${asked.method} ${asked.absolute ? `http://shut.${HOST}` : ""}${target} HTTP/1.1`;
  await socket.write([line, ...lines, `content-length: ${asked.body.length}`, "", asked.body].join("\r\n"));
  const answer = await socket.answer({ bodyless: asked.method === "HEAD" });
  if (answer?.headers.get("connection") === "close") socket.socket.destroy();
  return answer;
}

/** Bucket and key as the address has them, read once more and by other means. */
function addressed({ host: name, path: text }: Question): readonly [bucket: string, key: string] {
  const label = /^(.+)\.(?:s3\.opentrail\.test|s3\.amazonaws\.com|s3\.us-west-2\.amazonaws\.com|localhost)(?::\d+)?$/;
  const inHost = label.exec(name.toLowerCase())?.[1];
  const whole = inHost === undefined ? text : `/${inHost}${text}`;
  const [, first = "", rest = ""] = /^\/([^/]*)(?:\/(.*))?$/s.exec(whole) ?? [];
  return [plain(first), plain(rest)];
}

function plain(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

test("a request means the same to whoever resolves, judges, carries out and records it", async () => {
  const carriedOut = new Set<string>();
  await fc.assert(
    fc.asyncProperty(question, async (asked) => {
      s3.asked.length = s3.carriedOut.length = s3.audit.records.length = 0;
      const answer = await answerTo(asked);
      for (const { resolved } of s3.carriedOut) carriedOut.add(resolved.eventName);
      expect(differences(asked, answer)).toEqual([]);
    }),
    { numRuns: 700, examples: ORDINARY },
  );
  expect([...carriedOut]).toEqual(expect.arrayContaining(["GetObject", "PutObject", "DeleteObject", "CopyObject"]));
});

const READING = /^(?:GetObject|HeadObject|HeadBucket|ListObjects|ListObjectsV2)$/;

function differences(asked: Question, answer: Answered): readonly string[] {
  const { status = 400, body: text = "" } = answer ?? {};
  const [done] = s3.carriedOut;
  // What nobody knows is carried to the buckets, and refused there.
  const operation = done?.resolved.operation;
  if (done === undefined || operation === undefined) return status < 400 ? [`answered ${status}`] : [];
  const { input, resolved } = done;
  const { Bucket = "", Key = "", CopySource = "" } = input as Readonly<Record<string, string | undefined>>;
  const [record] = s3.audit.records;
  const { bucketName = "", key: recorded = "" } = (record?.requestParameters ?? {}) as Readonly<Record<string, string>>;
  const place = JSON.stringify(addressed(asked));
  // Nothing but making a bucket of that name again may have come through.
  const isMade = operation === "CreateBucket";
  const checks: readonly (readonly [holds: boolean, what: string])[] = [
    [s3.carriedOut.length === 1, "carried out more than once"],
    [JSON.stringify([Bucket, Key]) === place, `carried out on ${Bucket}/${Key}`],
    [JSON.stringify([bucketName, recorded]) === place, `recorded of ${bucketName}/${recorded}`],
    [record?.eventName === resolved.eventName, `recorded as ${record?.eventName}`],
    [Bucket === "" || judged(Bucket, Key), `judged by ${s3.asked.join()}`],
    [CopySource === "" || status >= 300 || /^\/?kept\//.test(CopySource), `copied ${CopySource}`],
    [Bucket !== "shut" || isMade, "reached what is shut"],
    [Bucket !== "kept" || isMade || READING.test(operation), "changed what is kept"],
    [Bucket !== "kept" || operation !== "GetObject" || status !== 200 || text === Key, `read ${text}`],
  ];
  return checks.flatMap(([holds, what]) => (holds ? [] : [`${operation}: ${what}`]));
}

/** Whether the policies were asked about it; of keys that are to be deleted, about one of them. */
function judged(bucketName: string, keyName: string): boolean {
  const arn = `arn:aws:s3:::${bucketName}`;
  const about = s3.asked.map((text) => text.slice(text.indexOf(" ") + 1));
  const named = keyName === "" ? arn : `${arn}/${keyName}`;
  return about.some((each) => each === named || (keyName === "" && each.startsWith(`${arn}/`)));
}
