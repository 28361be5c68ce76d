import fc from "fast-check";
import { expect, test } from "vitest";
import { isSecretName } from "./index.ts";

test.each([
  "Password",
  "MasterUserPassword",
  "Passwords",
  "db_password",
  "DB.PASSWORD",
  "AWS_SECRET_ACCESS_KEY",
  "secretAccessKey",
  "SecretString",
  "ClientSecret",
  "PrivateKey",
  "apiKey",
  "APIKey",
  "x-api-key",
  "AuthToken",
  "GITHUB_TOKEN",
  "SessionToken",
  "SAMLAssertion",
  "AuthenticationCode1",
  "TokenCode",
  "PersonalPIN",
  "Plaintext",
  "UserData",
  "KeyMaterial",
  "ConnectionString",
  "Authorization",
])("isSecretName() takes %s for a secret", (name) => expect(isSecretName(name)).toBe(true));

test.each([
  "UserName",
  "NextToken",
  "nextPageToken",
  "ClientRequestToken",
  "ContinuationToken",
  "IdempotencyToken",
  "LockToken",
  "maxTokens",
  "overlapTokens",
  "HttpTokens",
  "EventSourceToken",
  "DkimTokens",
  "SecretId",
  "SecretArn",
  "PasswordPolicy",
  "PasswordLastUsed",
  "AccessKeyId",
  "KmsKeyId",
  "Key",
  "PublicKeyMaterial",
  "CountryCode",
  "AuthorizationType",
  "laptop",
  "",
])("isSecretName() takes %s for none", (name) => expect(isSecretName(name)).toBe(false));

test("isSecretName() does not care how words are joined", () => {
  const words = fc.array(fc.constantFrom("db", "user", "my", "app"), { maxLength: 3 });
  fc.assert(
    fc.property(words, fc.constantFrom("_", "-", ".", " ", ""), (before, joint) => {
      const camel = [...before, "password"].map((word) => word.charAt(0).toUpperCase() + word.slice(1));
      expect(isSecretName(camel.join(joint))).toBe(true);
    }),
  );
});

test("isSecretName() looks at the end of a name that somebody made long", () => {
  expect(isSecretName(`${"a".repeat(100_000)}Password`)).toBe(true);
  expect(isSecretName(`Password${"a".repeat(100_000)}`)).toBe(false);
});
