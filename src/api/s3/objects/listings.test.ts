import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { TestS3 } from "../s3.fixture.ts";

let s3: TestS3;

beforeAll(async () => {
  s3 = await TestS3.open();
});

afterAll(async () => {
  await s3.close();
});

describe("listings", () => {
  beforeAll(async () => {
    await s3.ask("PUT", "/listed");
    for (const key of ["a", "b/1", "b/2", "c%26d", "e"]) await s3.ask("PUT", `/listed/${key}`, { body: key });
  });

  test("ListObjectsV2 gives pages behind tokens", async () => {
    const first = await s3.ask("GET", "/listed?list-type=2&delimiter=/&max-keys=2");
    expect([first.xml().name, first.text("Contents/Key"), first.text("CommonPrefixes/Prefix")]).toEqual([
      "ListBucketResult",
      "a",
      "b/",
    ]);
    expect(["KeyCount", "MaxKeys", "IsTruncated", "Name", "Delimiter"].map(first.text)).toEqual([
      "2",
      "2",
      "true",
      "listed",
      "/",
    ]);
    expect(first.text("Contents/Owner/ID")).toBe("");
    const token = encodeURIComponent(first.text("NextContinuationToken"));
    const second = await s3.ask(
      "GET",
      `/listed?list-type=2&delimiter=/&fetch-owner=true&continuation-token=${token}&start-after=x`,
    );
    expect([second.text("Contents/Key"), second.text("IsTruncated")]).toEqual(["c&d e", "false"]);
    expect(second.text("Contents/Owner/ID")).toMatch(/^[0-9a-f]{64} [0-9a-f]{64}$/);
    const after = await s3.ask("GET", "/listed?list-type=2&start-after=b/1&prefix=b/");
    expect([after.text("Contents/Key"), after.text("StartAfter"), after.text("Prefix")]).toEqual(["b/2", "b/1", "b/"]);
  });

  test("ListObjects gives pages behind markers", async () => {
    const first = await s3.ask("GET", "/listed?max-keys=2&encoding-type=url");
    expect([first.text("Contents/Key"), first.text("IsTruncated"), first.text("NextMarker")]).toEqual([
      "a b/1",
      "true",
      "",
    ]);
    const second = await s3.ask("GET", "/listed?marker=b/1&encoding-type=url");
    expect([second.text("Contents/Key"), second.text("Marker")]).toEqual(["b/2 c%26d e", "b/1"]);
    expect(second.text("Contents/Owner/ID")).not.toBe("");
    const folded = await s3.ask("GET", "/listed?delimiter=/&max-keys=2");
    expect(folded.text("NextMarker")).toBe("b/");
  });

  test.each([
    ["list-type=2&max-keys=0", 200, "0"],
    ["list-type=2&max-keys=5000", 200, "1000"],
    ["list-type=2&max-keys=-1", 400, ""],
    ["list-type=2&continuation-token=x", 400, ""],
    ["encoding-type=base64", 400, ""],
    ["optional-object-attributes", 501, ""],
  ])("?%s", async (query, status, max) => {
    const heard = await s3.ask("GET", `/listed?${query}`);
    expect([heard.status, heard.status === 200 ? heard.text("MaxKeys") : ""]).toEqual([status, max]);
  });
});
