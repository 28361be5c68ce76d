import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { signingCredentials } from "./open-gateway.ts";

const directory = mkdtempSync(join(tmpdir(), "opentrail-credentials-"));
const file = join(directory, "upstream");
writeFileSync(
  file,
  `[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = one
[store]
aws_access_key_id = ASIASTORE
aws_secret_access_key = two
aws_session_token = three
[broken]
aws_access_key_id = AKIABROKEN
`,
);

test("signingCredentials() reads the profile of a shared credentials file, and nothing from anywhere else", async () => {
  expect(await signingCredentials({ file, profile: "default" })).toEqual({
    accessKeyId: "AKIADEFAULT",
    secretAccessKey: "one",
  });
  expect(await signingCredentials({ file, profile: "store" })).toEqual({
    accessKeyId: "ASIASTORE",
    secretAccessKey: "two",
    sessionToken: "three",
  });
  const keys = { accessKeyId: "a", secretAccessKey: "b" };
  expect(await signingCredentials(keys)).toEqual(keys);
});

test("signingCredentials() says which file and profile lack what", async () => {
  await expect(signingCredentials({ file, profile: "broken" })).rejects.toThrow(`${file} has no profile broken with`);
  await expect(signingCredentials({ file, profile: "none" })).rejects.toThrow("has no profile none with");
  const missing = join(directory, "missing");
  await expect(signingCredentials({ file: missing, profile: "default" })).rejects.toThrow(missing);
});
