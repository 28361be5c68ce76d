import { describe, expect, test } from "vitest";
import { tookCaller } from "./took-caller.ts";

describe("tookCaller()", () => {
  test.each<readonly [number, string | undefined]>([
    [200, undefined],
    [101, undefined],
    [304, undefined],
    [200, "InternalError"],
    [403, "AccessDenied"],
    [403, "Client.UnauthorizedOperation"],
    [400, "ValidationError"],
    [404, "NoSuchKey"],
    [409, "EntityAlreadyExists"],
  ])("is true after %s %s", (status, errorCode) => {
    const error = errorCode === undefined ? {} : { errorCode };
    expect(tookCaller({ status, ...error, hasBody: true })).toBe(true);
  });

  test.each<readonly [number, string, string]>([
    [403, "SignatureDoesNotMatch", ""],
    [403, "InvalidAccessKeyId", ""],
    [403, "InvalidClientTokenId", ""],
    [401, "Client.AuthFailure", ""],
    [400, "UnrecognizedClientException", ""],
    [400, "ExpiredTokenException", ""],
    [403, "AccessDenied", "Request has expired"],
    [401, "AccessDenied", ""],
    [400, "InvalidBucketName", ""],
    [301, "PermanentRedirect", ""],
    [429, "TooManyRequestsException", ""],
    [500, "InternalFailure", ""],
    [502, "BadGateway", ""],
    [503, "SlowDown", ""],
  ])("is false after %s %s %s", (status, errorCode, errorMessage) => {
    expect(tookCaller({ status, errorCode, errorMessage, hasBody: true })).toBe(false);
  });

  test("is false after a refusal that does not say why, as HEAD gets it", () => {
    expect(tookCaller({ status: 403, errorCode: "AccessDenied", hasBody: false })).toBe(false);
    expect(tookCaller({ status: 400, errorCode: "BadRequest", hasBody: false })).toBe(false);
    expect(tookCaller({ status: 404, errorCode: "NoSuchKey", hasBody: false })).toBe(true);
  });
});
