import { describe, expect, test } from "vitest";
import { busAt } from "./bus-arn.ts";
import { customEvent } from "./custom-event.ts";

const ACCOUNT = "123456789012";
const AT = {
  bus: busAt({ account: ACCOUNT, region: "eu-central-1" }),
  account: ACCOUNT,
  id: "1",
  time: "2026-11-20T12:00:00Z",
};

function put(Detail: string): unknown {
  return customEvent({ Source: "my.app", DetailType: "test", Detail }, AT);
}

describe("customEvent()", () => {
  const nested = (depth: number): string => `{"list":${"[".repeat(depth)}${"]".repeat(depth)}}`;

  test.each([
    ["as deep as may be", nested(999)],
    ["brackets inside of strings", JSON.stringify({ text: `${"[{".repeat(2000)} \\" \\\\` })],
    ["names that prototypes have", '{"__proto__":{"a":1},"constructor":2}'],
  ])("takes %s", (_, detail) => {
    expect(put(detail)).toMatchObject({ envelope: { detail: JSON.parse(detail) as unknown } });
  });

  test("keeps the detail as it was written but for white space: no JavaScript number has all its digits", () => {
    const escapes = String.raw`\" \\ \u00e9 `.repeat(50_000);
    const detail = `{"id":9007199254740993,"2":1.0,"1":1e2,"text":"${escapes}"}`;
    const spaced = detail.replace("{", " {\n").replace('":1.0', '" :\t1.0');
    expect(put(spaced)).toMatchObject({
      text: expect.stringMatching(/^{"version":"0",.*,"resources":\[\],"detail":{/),
    });
    expect((put(spaced) as { readonly text: string }).text.endsWith(`,"detail":${detail}}`)).toBe(true);
  });

  test.each([
    ["too deep", nested(1000)],
    ["a list", "[]"],
    ["cut off", '{"a":"'],
    // Were each quote looked at from anew, this would take minutes.
    ["a megabyte of escaped quotes", '\\"'.repeat(500_000)],
  ])("refuses a detail that is %s", (_, detail) => {
    expect(put(detail)).toMatchObject({ ErrorCode: "MalformedDetail" });
  });

  test.each(["aws.cloudtrail", "AWS.s3", "aws."])("refuses the source %s, which is AWS's", (Source) => {
    const event = customEvent({ Source, DetailType: "test", Detail: "{}" }, AT);
    expect(event).toMatchObject({ ErrorCode: "NotAuthorizedForSourceException" });
  });
});
