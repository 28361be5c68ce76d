import { expect, test } from "vitest";
import { openCatalog } from "../../aws/index.ts";
import { claimedKey } from "../enforce/index.ts";
import { bucketOfArn, isForOwnBuckets, type OwnBuckets } from "./own-buckets.ts";

const catalog = openCatalog();
const own: OwnBuckets = {
  upstream: { send: unused, upgrade: unused, close: () => Promise.resolve() },
  facts: (bucket) => (bucket === "logs" ? { account: "123456789012" } : undefined),
  conditions: async () => ({}),
  claims: (bucket) => bucket === "logs" || bucket.startsWith("audit-"),
  wants: () => false,
};

const SIGNED =
  "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20261120/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=0";

const OLD = "AWS AKIDEXAMPLE:frJIUN8DYpKDtOLCwo//yllqDzg=";

test.each([
  ["signed, no route takes it", "/new", SIGNED, false, true],
  ["signed, the list of buckets", "/", SIGNED, false, true],
  ["signed, a route takes it, the bucket is there", "/logs/a", SIGNED, true, true],
  ["signed, a route takes it, the name is set apart", "/audit-2", SIGNED, true, true],
  ["signed, a route takes it, the bucket is not ours", "/photos", SIGNED, true, false],
  ["signed, a route takes it, the list of buckets", "/", SIGNED, true, false],
  ["of an old signature, a bucket is named", "/new", OLD, false, true],
  ["of an old signature, none is", "/", OLD, false, false],
  ["of an old signature, a route takes it", "/photos", OLD, true, false],
  ["unsigned, the bucket is there", "/logs/a", undefined, false, true],
  ["unsigned, it is not", "/favicon.ico", undefined, false, false],
  ["unsigned, the path is empty", "/", undefined, false, false],
] as const)("isForOwnBuckets(): %s", (_, path, authorization, routed, expected) => {
  const headers = { host: ["127.0.0.1"], ...(authorization === undefined ? {} : { authorization: [authorization] }) };
  const head = { method: "GET", path, query: "", headers };
  const claimed = claimedKey(head);
  const hints = claimed?.signingName === undefined ? {} : { signingName: claimed.signingName };
  const resolved = catalog.resolve({ ...head, body: new Uint8Array() }, hints);
  expect(isForOwnBuckets(own, { head, claimed, resolved, routed, bucketHosts: [] })).toBe(expected);
});

test.each([
  ["arn:aws:s3:::logs", "logs"],
  ["arn:aws:s3:::logs/a/b", "logs"],
  ["arn:aws:s3:::logs/*", "logs"],
  ["arn:aws:s3:::*", undefined],
  ["arn:aws:s3:us-east-1:123456789012:accesspoint/x", undefined],
  ["*", undefined],
])("bucketOfArn() of %s is %s", (arn, bucket) => {
  expect(bucketOfArn(arn)).toBe(bucket);
});

function unused(): never {
  throw new Error("nothing is sent here");
}
