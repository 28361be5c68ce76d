import { globSync, mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import {
  presignRequest,
  type ServiceName,
  type SigningCredentials,
  signRequest,
  type WireRequest,
} from "../../src/aws/index.ts";
import { type Answered, callerOf, send, signedRequest } from "../calls.ts";
import { readJournal } from "../read-journal.ts";
import { startServer, type TestServer } from "../server.ts";

const FORM = "application/x-www-form-urlencoded";
const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-secrets-"));
afterAll(() => rmSync(dataDirectory, { recursive: true, force: true }));

/** Every text that must be found nowhere, by what it is. */
const secrets = new Map<string, string>();
let server: TestServer;
let log = "";
let records: readonly string[] = [];

function secret(what: string, text: string): string {
  secrets.set(`${what} ${secrets.size}`, text);
  return text;
}

/** Makes a call whose signature is a secret from then on. */
async function call(
  name: ServiceName,
  operation: string,
  input: Record<string, unknown> = {},
  credentials: SigningCredentials = server.root,
): Promise<Answered> {
  keepSignature(signedRequest(server.endpoint, credentials, name, operation, input));
  return await callerOf(server, credentials)(name, operation, input);
}

async function sendRaw(request: WireRequest): Promise<void> {
  keepSignature(request);
  await send(server.endpoint, request);
}

function keepSignature({ headers, query }: WireRequest): void {
  const text = `${headers["authorization"]?.[0] ?? ""} ${query}`;
  for (const [, signature = ""] of text.matchAll(/Signature=([0-9a-f]{64})/g)) secret("signature", signature);
}

/** Temporary credentials as an answer tells them; secrets from then on. */
function sessionOf({ output }: Answered): Required<SigningCredentials> {
  const { AccessKeyId, SecretAccessKey, SessionToken } = output["Credentials"] as Record<string, string>;
  return {
    accessKeyId: AccessKeyId ?? "",
    secretAccessKey: secret("session secret", SecretAccessKey ?? ""),
    sessionToken: secret("session token", SessionToken ?? ""),
  };
}

function plain(method: string, target: string, body = "", type = FORM): WireRequest {
  const [path = "/", query = ""] = target.split("?");
  const headers = { host: [new URL(server.endpoint).host], "content-type": [type] };
  return { method, path, query, headers, body: Buffer.from(body) };
}

function signedForm(body: string): WireRequest {
  return signRequest(plain("POST", "/", body), server.root, { region: "us-east-1", service: "iam", now: Date.now() });
}

async function usePasswords(): Promise<void> {
  await call("iam", "CreateUser", { UserName: "mary" });
  const mary = { UserName: "mary" };
  await call("iam", "CreateLoginProfile", { ...mary, Password: secret("password", "Correct-horse-1-battery") });
  await call("iam", "UpdateLoginProfile", { ...mary, Password: secret("password", "Staple-2-correct-horse") });
  await call("iam", "ChangePassword", {
    OldPassword: secret("password", "Wrong-3-old-password"),
    NewPassword: secret("password", "Brand-4-new-password"),
  });
  // Refused for their length, their letters, and for a profile that is there or not.
  await call("iam", "CreateLoginProfile", { ...mary, Password: secret("password", `Long-5-${"x".repeat(130)}`) });
  await call("iam", "UpdateLoginProfile", { ...mary, Password: secret("password", "Snow-6-\u2603-pass\u0007word") });
  await call("iam", "CreateLoginProfile", { ...mary, Password: secret("password", "Again-7-another-one") });
  await call("iam", "UpdateLoginProfile", { UserName: "nobody", Password: secret("password", "For-8-nobody-at-all") });
  // Refused before anybody looks at what they say.
  const start = "Action=CreateLoginProfile&Version=2010-05-08&UserName=mary&Password=";
  await sendRaw(signedForm(`${start}${secret("password", "Percent-9-password")}%zz`));
  await sendRaw(signedForm(`${start}${secret("password", "Twice-10-password")}&Password=x`));
  await sendRaw(plain("POST", "/", `${start}${secret("password", "Unsigned-11-password")}`));
  await sendRaw(plain("GET", `/?${start}${secret("password", "Query-12-password")}`));
  await sendRaw(signedForm(`Action=Nothing&Version=2010-05-08&Password=${secret("password", "Unknown-13-password")}`));
  await sendRaw(plain("POST", "/", `{"Password":"${secret("password", "Json-14-password")}",}`, "application/json"));
  const target = { ...plain("POST", "/", `{"Password":"${secret("password", "Broken-15-password")}",}`) };
  const headers = { ...target.headers, "x-amz-target": ["CloudTrail_20131101.LookupEvents"] };
  const typed = { ...headers, "content-type": ["application/x-amz-json-1.1"] };
  const scope = { region: "us-east-1", service: "cloudtrail", now: Date.now() };
  await sendRaw(signRequest({ ...target, headers: typed }, server.root, scope));
}

async function useKeysAndSessions(): Promise<void> {
  const { output } = await call("iam", "CreateAccessKey", { UserName: "mary" });
  const key = output["AccessKey"] as Record<string, string>;
  const secretAccessKey = secret("secret key", key["SecretAccessKey"] ?? "");
  const mary = { accessKeyId: key["AccessKeyId"] ?? "", secretAccessKey };
  await call("sts", "GetCallerIdentity", {}, mary);
  const trust = { Effect: "Allow", Principal: { AWS: "arn:aws:iam::123456789012:root" }, Action: "sts:*" };
  const AssumeRolePolicyDocument = JSON.stringify({ Version: "2012-10-17", Statement: [trust] });
  await call("iam", "CreateRole", { RoleName: "visitor", AssumeRolePolicyDocument });
  await call("iam", "AttachUserPolicy", { UserName: "mary", PolicyArn: "arn:aws:iam::aws:policy/AdministratorAccess" });
  const role = { RoleArn: "arn:aws:iam::123456789012:role/visitor", RoleSessionName: "mary" };
  const sessions = [
    sessionOf(await call("sts", "GetSessionToken", {}, mary)),
    sessionOf(await call("sts", "AssumeRole", role, mary)),
    sessionOf(await call("sts", "GetFederationToken", { Name: "guest" }, mary)),
  ];
  for (const session of sessions) await call("sts", "GetCallerIdentity", {}, session);
  const [session] = sessions;
  if (session === undefined) return;
  await call("sts", "GetCallerIdentity", {}, { ...session, secretAccessKey });
  await call("sts", "GetSessionToken", { SerialNumber: "arn:aws:iam::1:mfa/m", TokenCode: secret("code", "83715946") });
  await call("sts", "AssumeRoleWithWebIdentity", { ...role, WebIdentityToken: secret("token", "ey.web-identity.x") });
  await call("sts", "AssumeRoleWithSAML", {
    RoleArn: role.RoleArn,
    PrincipalArn: "arn:aws:iam::123456789012:saml-provider/x",
    SAMLAssertion: secret("assertion", "PHNhbWw+c2VjcmV0PC9zYW1sPg=="),
  });
  await usePresigned(session);
}

/** Good ones, and ones that are refused for each of their parts. */
async function usePresigned(session: Required<SigningCredentials>): Promise<void> {
  const target = "/?Action=GetCallerIdentity&Version=2011-06-15";
  const scope = { region: "us-east-1", service: "sts", now: Date.now(), expiresSeconds: 60 };
  const good = presignRequest(plain("GET", target), session, scope);
  const stale = presignRequest(plain("GET", target), session, { ...scope, now: Date.now() - 3_600_000 });
  await sendRaw(good);
  await sendRaw(stale);
  await sendRaw({ ...good, query: good.query.replace("Action=GetCallerIdentity", "Action=Nothing") });
  await sendRaw({ ...good, query: good.query.replace("us-east-1", "us-east-9") });
  await sendRaw({ ...good, query: good.query.replace(/X-Amz-Date=[^&]*&/, "") });
  await sendRaw({ ...good, query: good.query.replace(/X-Amz-Credential=[^&]*&/, "X-Amz-Credential=half&") });
  await sendRaw({ ...good, query: good.query.replace("%2Fsts%2F", "%2Fnothing%2F") });
  await sendRaw({ ...good, path: "/some/where" });
}

beforeAll(async () => {
  server = await startServer({ dataDirectory, flags: ["--log-level", "trace"] });
  secret("root's secret key", server.root.secretAccessKey);
  await usePasswords();
  await useKeysAndSessions();
  await server.stop();
  log = server.log();
  records = (await readJournal(dataDirectory)).texts;
});

/** What a secret looks like in JSON and in a URL, as well as by itself. */
function formsOf(text: string): readonly string[] {
  return [...new Set([text, JSON.stringify(text).slice(1, -1), encodeURIComponent(text)])];
}

function foundIn(content: string): readonly string[] {
  return [...secrets].filter(([, text]) => formsOf(text).some((form) => content.includes(form))).map(([what]) => what);
}

test("the run had secrets of every kind, and was recorded", () => {
  expect(secrets.size).toBeGreaterThan(50);
  expect([...secrets.values()].every((text) => text.length >= 8)).toBe(true);
  expect(records.length).toBeGreaterThan(30);
});

test("no record holds a secret", () => {
  const leaks = records.map((record) => [foundIn(record), record] as const).filter(([found]) => found.length > 0);
  expect(leaks).toEqual([]);
});

test("no file of the data directory holds a secret, but root's credentials", () => {
  const files = globSync("**/*", { cwd: dataDirectory }).filter((file) => statSync(join(dataDirectory, file)).isFile());
  expect(files).toContain("tables.db");
  expect(foundIn(readFileSync(join(dataDirectory, "root-credentials"), "latin1"))).toHaveLength(1);
  const others = files.filter((file) => file !== "root-credentials");
  const leaks = others.map((file) => [file, foundIn(readFileSync(join(dataDirectory, file), "latin1"))] as const);
  expect(leaks.filter(([, found]) => found.length > 0)).toEqual([]);
});

test("the server's own log, told to say everything, holds no secret", () => {
  expect(log).toContain("journal is open");
  expect(foundIn(log)).toEqual([]);
});
