import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { systemClock, systemRandom } from "../core/index.ts";
import type { Io } from "./io.ts";
import { openSession, type Session, type SessionOptions } from "./session.ts";

const CREDENTIALS = `
[opentrail-root]
aws_access_key_id = AKIAROOT
aws_secret_access_key = root-secret
[default]
aws_access_key_id = AKIADEFAULT
aws_secret_access_key = default-secret
`;
const CONFIG = `
[profile opentrail-root]
region = eu-central-1
endpoint_url = http://profile.example:1
[profile split]
services = local
endpoint_url = http://profile.example:1
[services local]
sts =
  endpoint_url = http://sts.example:2
[profile empty]
region = eu-north-1
`;

let directory = "";
beforeAll(() => {
  directory = mkdtempSync(join(tmpdir(), "opentrail-session-"));
  writeFileSync(join(directory, "credentials"), CREDENTIALS);
  writeFileSync(join(directory, "config"), CONFIG);
  writeFileSync(join(directory, "none"), "");
  mkdirSync(join(directory, "it's here/opentrail-data"), { recursive: true });
  writeFileSync(join(directory, "it's here/opentrail-data/root-credentials"), CREDENTIALS);
});
afterAll(() => rmSync(directory, { recursive: true }));

interface World {
  readonly env?: Readonly<Record<string, string>>;
  readonly credentials?: string;
  readonly cwd?: string;
}

function open(options: SessionOptions, { env = {}, credentials = "credentials", cwd = "" }: World): Promise<Session> {
  const files = {
    AWS_SHARED_CREDENTIALS_FILE: join(directory, credentials),
    AWS_CONFIG_FILE: join(directory, "config"),
  };
  const io: Io = {
    env: { ...files, ...env },
    cwd: join(directory, cwd),
    stdout: { write: () => true },
    stderr: { write: () => true },
    clock: systemClock,
    random: systemRandom,
    sleep: async () => undefined,
    onInterrupt: () => undefined,
    exit: () => undefined,
  };
  return openSession(options, io, "test");
}

describe("endpoint()", () => {
  const all = { AWS_ENDPOINT_URL: "http://all.example", AWS_ENDPOINT_URL_STS: "http://one.example" };
  test.each<[string, SessionOptions, Record<string, string>, string, string]>([
    ["the flag", { endpointUrl: "http://flag.example" }, all, "http://flag.example", "--endpoint-url"],
    ["the service's variable", {}, all, "http://one.example", "AWS_ENDPOINT_URL_STS"],
    ["the variable for all", {}, { AWS_ENDPOINT_URL: "http://all.example" }, "http://all.example", "AWS_ENDPOINT_URL"],
    ["the profile's services", { profile: "split" }, {}, "http://sts.example:2", "services local"],
    ["the profile", { profile: "opentrail-root" }, {}, "http://profile.example:1", "profile opentrail-root"],
    [
      "the standard where configured ones are to be ignored",
      { profile: "split" },
      { ...all, AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: "true" },
      "http://127.0.0.1:4580",
      "the default",
    ],
    ["the standard", {}, {}, "http://127.0.0.1:4580", "the default"],
  ])("comes from %s", async (_, options, env, value, from) => {
    const session = await open(options, { env });
    expect(session.endpoint("sts")).toEqual({ value, from });
  });

  test.each(["localhost:4580", "ftp://localhost", "127.0.0.1"])("refuses %s", async (endpointUrl) => {
    const session = await open({ endpointUrl }, {});
    expect(() => session.client("sts")).toThrow(`the endpoint ${endpointUrl} (from --endpoint-url) is not a URL`);
  });
});

describe("region", () => {
  test.each<[string, SessionOptions, Record<string, string>, string]>([
    ["--region", { region: "eu-west-1" }, { AWS_REGION: "eu-west-2" }, "eu-west-1"],
    ["AWS_REGION", {}, { AWS_REGION: "eu-west-2", AWS_DEFAULT_REGION: "eu-west-3" }, "eu-west-2"],
    ["AWS_DEFAULT_REGION", {}, { AWS_DEFAULT_REGION: "eu-west-3" }, "eu-west-3"],
    ["profile opentrail-root", {}, { AWS_PROFILE: "opentrail-root" }, "eu-central-1"],
    ["the default", {}, {}, "us-east-1"],
  ])("comes from %s", async (from, options, env, value) => {
    expect((await open(options, { env })).region).toEqual({ value, from });
  });
});

describe("credentials", () => {
  const keys = { AWS_ACCESS_KEY_ID: "AKIAENV", AWS_SECRET_ACCESS_KEY: "s", AWS_SESSION_TOKEN: "t" };
  test.each<[string, SessionOptions, Record<string, string>, string, RegExp]>([
    ["the environment", {}, { ...keys, AWS_PROFILE: "opentrail-root" }, "AKIAENV", /^AWS_ACCESS_KEY_ID$/],
    [
      "a profile named by flag",
      { profile: "opentrail-root" },
      keys,
      "AKIAROOT",
      /^profile opentrail-root in .*credentials$/,
    ],
    ["a profile of the environment", {}, { AWS_PROFILE: "opentrail-root" }, "AKIAROOT", /^profile opentrail-root in /],
    ["the default profile", {}, {}, "AKIADEFAULT", /^profile default in /],
  ])("come from %s", async (_, options, env, accessKeyId, from) => {
    const { credentials } = await open(options, { env });
    expect(await credentials.get()).toMatchObject({ accessKeyId });
    expect(await credentials.from()).toMatch(from);
  });

  test("carry the session token", async () => {
    const { credentials } = await open({}, { env: keys });
    expect(await credentials.get()).toMatchObject({ sessionToken: "t" });
  });

  test("of a profile that does not exist are refused by its name", async () => {
    const { credentials } = await open({ profile: "nobody" }, {});
    await expect(credentials.get()).rejects.toThrow(/^there is no profile nobody in .*credentials or .*config$/);
  });

  test("of a profile without keys are refused, with the cause and without trying another", async () => {
    const { credentials } = await open({ profile: "empty" }, {});
    await expect(credentials.get()).rejects.toThrow(/^profile empty gives no credentials: /);
  });

  test("of root are offered, not taken, when they lie here", async () => {
    // The default chain's last resort, a cloud machine's metadata service, takes only the process's own variables.
    process.env["AWS_EC2_METADATA_DISABLED"] = "true";
    const { credentials } = await open({}, { credentials: "none", cwd: "it's here" });
    await expect(credentials.get()).rejects.toThrow(
      `found no AWS credentials; to act as root: export AWS_SHARED_CREDENTIALS_FILE='${directory}/it'\\''s here/opentrail-data/root-credentials' AWS_PROFILE=opentrail-root`,
    );
  });
});
