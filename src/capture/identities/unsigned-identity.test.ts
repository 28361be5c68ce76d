import { describe, expect, test } from "vitest";
import { openCatalog, type ResolvedCall } from "../../aws/index.ts";
import { ACCOUNT } from "./testing.ts";
import { unsignedIdentity } from "./unsigned-identity.ts";

const catalog = openCatalog();

function call(id: string, operation: string): ResolvedCall {
  const service = catalog.service(id);
  if (service === undefined) throw new Error(`no ${id}`);
  return { service, operation, eventSource: service.eventSource, eventName: operation, protocol: "query" };
}

const WEB = call("sts", "AssumeRoleWithWebIdentity");
const SAML = call("sts", "AssumeRoleWithSAML");
const PROVIDER = `arn:aws:iam::${ACCOUNT}:oidc-provider/token.example.org`;

describe("unsignedIdentity()", () => {
  test("is the user of whom the token speaks, as the answer tells it", () => {
    const output = {
      Provider: PROVIDER,
      Audience: "sts.amazonaws.com",
      SubjectFromWebIdentityToken: "repo:shop/menu:ref:refs/heads/main",
    };
    const identity = unsignedIdentity(WEB, output);
    expect(identity).toEqual({
      type: "WebIdentityUser",
      principalId: `${PROVIDER}:sts.amazonaws.com:repo:shop/menu:ref:refs/heads/main`,
      userName: "repo:shop/menu:ref:refs/heads/main",
      identityProvider: PROVIDER,
    });
    expect(Object.keys(identity)).toEqual(["type", "principalId", "userName", "identityProvider"]);
  });

  test("makes up no principal of a part of it", () => {
    const output = { Audience: "app", SubjectFromWebIdentityToken: "mary" };
    expect(unsignedIdentity(WEB, output)).toEqual({ type: "WebIdentityUser", userName: "mary" });
  });

  test("is the subject of a SAML assertion", () => {
    const output = { Subject: "mary", NameQualifier: "qualifier=", Issuer: "https://idp", SubjectType: "persistent" };
    expect(unsignedIdentity(SAML, output)).toEqual({
      type: "SAMLUser",
      principalId: "qualifier=:mary",
      userName: "mary",
      identityProvider: "qualifier=",
    });
  });

  test.each([WEB, SAML])("is nobody when the call failed or the answer does not say: $operation", (resolved) => {
    expect(unsignedIdentity(resolved, undefined)).toEqual({ type: "Unknown" });
    expect(unsignedIdentity(resolved, {})).toEqual({ type: "Unknown" });
    expect(unsignedIdentity(resolved, { Subject: 1, SubjectFromWebIdentityToken: ["x"] })).toEqual({ type: "Unknown" });
  });

  test("is S3's name for it, and nobody elsewhere", () => {
    expect(unsignedIdentity(call("s3", "GetObject"), {})).toEqual({
      type: "AWSAccount",
      accountId: "ANONYMOUS_PRINCIPAL",
    });
    expect(unsignedIdentity(call("cognito-identity", "GetId"), { IdentityId: "eu-west-1:x" })).toEqual({
      type: "Unknown",
    });
    expect(unsignedIdentity({ eventSource: "x", eventName: "y", protocol: "query" }, {})).toEqual({ type: "Unknown" });
  });
});
