import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { s3Address } from "./s3-address.ts";

const BASES = ["s3.example.org", "example.org"];

describe("s3Address()", () => {
  test.each([
    ["a path", "s3.amazonaws.com", "/b/k", "b", "k"],
    ["a path in a Region", "s3.eu-west-1.amazonaws.com", "/b/k/l", "b", "k/l"],
    ["the old name of a Region", "s3-eu-west-1.amazonaws.com", "/b", "b", undefined],
    ["a dual-stack path", "s3.dualstack.us-east-1.amazonaws.com", "/b/k", "b", "k"],
    ["a host", "b.s3.amazonaws.com", "/k", "b", "k"],
    ["a host in a Region", "b.s3.us-east-1.amazonaws.com:443", "/k", "b", "k"],
    ["a host in China", "b.s3.cn-north-1.amazonaws.com.cn", "/k", "b", "k"],
    ["an accelerated host", "b.s3-accelerate.dualstack.amazonaws.com", "/k", "b", "k"],
    ["a bucket with dots", "a.b.c.s3.amazonaws.com", "/", "a.b.c", undefined],
    ["a bucket named s3", "s3.s3.amazonaws.com", "/k", "s3", "k"],
    ["a configured host", "b.s3.example.org:9000", "/k", "b", "k"],
    ["the shorter configured host", "b.example.org", "/k", "b", "k"],
    ["a configured base itself", "s3.example.org", "/b/k", "b", "k"],
    ["a base in other letters", "B.S3.Example.ORG", "/k", "b", "k"],
    ["a name below localhost", "b.localhost:4580", "/k", "b", "k"],
    ["a name below s3.localhost", "b.s3.localhost", "/k", "b", "k"],
    ["a name below s3 and a Region", "b.s3.us-east-1.localhost", "/k", "b", "k"],
    ["localhost itself", "localhost:4580", "/b/k", "b", "k"],
    ["s3.localhost itself", "s3.localhost", "/b/k", "b", "k"],
    ["an IPv4 address", "127.0.0.1:4580", "/b/k", "b", "k"],
    ["an IPv6 address", "[::1]:4580", "/b/k", "b", "k"],
    ["a host of somebody else", "minio.internal", "/b/k", "b", "k"],
    ["no host", "", "/b/k", "b", "k"],
    ["the slash after a bucket", "s3.amazonaws.com", "/b/", "b", undefined],
    ["the service", "s3.amazonaws.com", "/", undefined, undefined],
    ["an encoded key", "b.localhost", "/a%20b%2Fc+d%E2%82%AC", "b", "a b/c+d€"],
    ["a key that is not UTF-8", "b.localhost", "/%FF", "b", "%FF"],
    ["a key that starts with a slash", "b.localhost", "//k", "b", "/k"],
    ["an empty bucket", "s3.amazonaws.com", "//k", undefined, undefined],
  ])("reads %s", (_, host, path, bucket, key) => {
    expect(s3Address(host, path, BASES)).toEqual({ ...(bucket && { bucket }), ...(key && { key }) });
  });

  test("answers for any text, with a key only where there is a bucket", () => {
    const host = fc.oneof(fc.string({ unit: "binary" }), fc.constantFrom("s3.amazonaws.com", "a.localhost"));
    fc.assert(
      fc.property(host, fc.string({ unit: "binary" }), (name, path) => {
        const { bucket, key } = s3Address(name, path, BASES);
        expect([bucket, key]).not.toContain("");
        expect(bucket === undefined && key !== undefined).toBe(false);
      }),
    );
  });
});
