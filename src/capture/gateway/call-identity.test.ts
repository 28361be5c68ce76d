import { describe, expect, test } from "vitest";
import { openCatalog, signHead, type WireRequest } from "../../aws/index.ts";
import type { UserIdentity } from "../../record/index.ts";
import type { RequestDescription, ResponseDescription } from "../call/description.ts";
import { CALLER, credentials, KEY, NOW, S3 } from "../enforce/testing.ts";
import { claimedKey } from "../index.ts";
import { createdKey, createdUser, JOHN_ARN, openLearned, REALM } from "../identities/testing.ts";
import type { LearnedIdentities } from "../identities/learned-identities.ts";
import { NO_BODY, wholeBody } from "./body-capture.ts";
import { type AnsweredCall, CallIdentity } from "./call-identity.ts";
import { parseRoutes } from "./routes.ts";

const JOHNS = "AKIAJOHN000000000001";
const SIGNED = `AWS4-HMAC-SHA256 Credential=${JOHNS}/20261120/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00`;
const GET: WireRequest = {
  method: "GET",
  path: "/bucket/key",
  query: "",
  headers: { host: ["127.0.0.1"], authorization: [SIGNED] },
  body: new Uint8Array(),
};
const ANONYMOUS: WireRequest = { ...GET, headers: { host: ["127.0.0.1"] } };
const REQUEST: RequestDescription = {
  requestParameters: null,
  resources: [],
  readOnly: true,
  managementEvent: true,
  eventCategory: "Management",
  additionalEventData: {},
};
const RESPONSE: ResponseDescription = { responseElements: null, resources: [], additionalEventData: {} };
const catalog = openCatalog();

async function johnLearned(isOwn: (key: string) => boolean = () => false): Promise<LearnedIdentities> {
  const { learned } = await openLearned({ isOwn: async (key) => isOwn(key) });
  await learned.learn(createdUser());
  await learned.learn(createdKey(JOHNS));
  return learned;
}

interface Told {
  readonly route?: Readonly<Record<string, unknown>>;
  readonly learned?: LearnedIdentities;
  readonly status?: number;
  readonly errorCode?: string;
  readonly answered?: string;
  readonly output?: Readonly<Record<string, unknown>>;
}

/** The identity of a request's record once it was answered, and the account whose record it is. */
async function told(request: WireRequest, said: Told = {}): Promise<{ who: UserIdentity; recipient: string }> {
  const { caller, ended } = await ask(request, said);
  const who = caller.answered(ended);
  return { who, recipient: caller.recipient(who) };
}

async function ask(request: WireRequest, said: Told): Promise<{ caller: CallIdentity; ended: AnsweredCall }> {
  const { route = {}, status = 200, errorCode, answered = "<body/>", output } = said;
  const [parsed] = parseRoutes([{ upstream: REALM, ...route }]);
  if (parsed === undefined) throw new Error("no route");
  const claimed = claimedKey(request);
  const needs = {
    credentials,
    learned: said.learned ?? (await johnLearned()),
    accounts: ["123456789012", "000000000002"] as const,
    defaultRegion: "us-east-1",
    clock: { now: () => NOW },
  };
  const caller = new CallIdentity(needs as never, parsed, { head: request, claimed, arrivedAt: NOW });
  const body = request.body.length === 0 ? NO_BODY : wholeBody(request.body);
  await caller.find(body, false);
  const response: ResponseDescription = {
    ...RESPONSE,
    ...(errorCode === undefined ? {} : { errorCode }),
    ...(output === undefined ? {} : { output }),
  };
  const signingName = claimed?.signingName ?? "s3";
  const resolved = catalog.resolve(request, { signingName });
  const answer = {
    head: { status, headers: {} },
    body: wholeBody(Buffer.from(answered)),
    clientGone: false,
    requestBroken: false,
  };
  return { caller, ended: { resolved, body, request: REQUEST, answer, response } };
}

const UNKNOWN = { type: "Unknown", accessKeyId: JOHNS };

describe("CallIdentity", () => {
  test("answered() tells who was learned, as the upstream took the call", async () => {
    expect((await told(GET)).who).toMatchObject({ type: "IAMUser", arn: JOHN_ARN, accessKeyId: JOHNS });
    const denied = { status: 403, errorCode: "AccessDenied" };
    expect((await told(GET, denied)).who).toMatchObject({ arn: JOHN_ARN });
  });

  test.each<readonly [string, Told]>([
    ["the signature is wrong", { status: 403, errorCode: "SignatureDoesNotMatch" }],
    ["HEAD does not say why it was refused", { status: 403, errorCode: "AccessDenied", answered: "" }],
    ["a proxy answers", { status: 502, errorCode: "BadGateway" }],
    ["the key is behind another server", { route: { upstream: "http://127.0.0.1:9000" } }],
    ["the key is in another realm", { route: { realm: "other" } }],
  ])("answered() tells the key alone when %s", async (_, said) => {
    expect((await told(GET, said)).who).toEqual(UNKNOWN);
  });

  test("answered() tells the key alone when no answer came", async () => {
    const { caller, ended } = await ask(GET, {});
    const { head: _, ...answer } = ended.answer;
    expect(caller.answered({ ...ended, answer, response: undefined })).toEqual(UNKNOWN);
    expect(caller.early).toEqual(UNKNOWN);
  });

  test.each<readonly [string, Partial<WireRequest>]>([
    ["its query", { query: "AWSAccessKeyId=AKIAMALLORY&Signature=00&Expires=1" }],
    [
      "its form",
      {
        method: "POST",
        path: "/",
        headers: { ...GET.headers, "content-type": ["application/x-www-form-urlencoded"] },
        body: Buffer.from("Action=DescribeRegions&AWSAccessKeyId=AKIAMALLORY&Signature=00"),
      },
    ],
  ])("answered() tells the key alone when %s names another", async (_, more) => {
    expect((await told({ ...GET, ...more })).who).toEqual(UNKNOWN);
  });

  test("answered() tells whom the route's own map names, before what was learned", async () => {
    const route = { identities: { [JOHNS]: "arn:aws:sts::000000000002:assumed-role/Backup/nightly" } };
    expect((await told(GET, { route })).who).toMatchObject({
      type: "AssumedRole",
      arn: "arn:aws:sts::000000000002:assumed-role/Backup/nightly",
      accessKeyId: JOHNS,
    });
    const wrong = { route, status: 403, errorCode: "InvalidAccessKeyId" };
    expect((await told(GET, wrong)).who).toEqual(UNKNOWN);
  });

  test("answered() tells the holder of a key of our own by its signature alone", async () => {
    const hash = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    const headers = { host: ["127.0.0.1"], "x-amz-content-sha256": [hash], "x-amz-date": ["20261120T120000Z"] };
    const { authorization } = signHead({ ...GET, headers }, Object.keys(headers).toSorted(), hash, KEY, S3);
    const own = { ...GET, headers: { ...headers, authorization: [authorization] } };
    const refused = { status: 403, errorCode: "InvalidAccessKeyId" };
    expect((await told(own, refused)).who).toMatchObject({ type: "IAMUser", arn: CALLER.arn });

    const learned = await johnLearned((key) => key === KEY.accessKeyId);
    await learned.learn(createdKey(KEY.accessKeyId));
    const forged = { ...own, headers: { ...own.headers, "x-amz-date": ["20261120T120001Z"] } };
    expect((await told(forged, { learned })).who).toEqual({ type: "Unknown", accessKeyId: KEY.accessKeyId });
  });

  test("answered() tells an unsigned caller as S3 does, or as another provider vouches", async () => {
    expect((await told(ANONYMOUS)).who).toEqual({ type: "AWSAccount", accountId: "ANONYMOUS_PRINCIPAL" });
    const body = Buffer.from("Action=AssumeRoleWithWebIdentity&Version=2011-06-15");
    const { caller, ended } = await ask({ ...ANONYMOUS, method: "POST", path: "/", body }, {});
    const head = { ...ANONYMOUS, method: "POST", path: "/", body };
    const resolved = catalog.resolve(head, { signingName: "sts" });
    const output = { SubjectFromWebIdentityToken: "mary", Provider: "accounts.google.com", Audience: "app" };
    expect(caller.answered({ ...ended, resolved, response: { ...RESPONSE, output } })).toEqual({
      type: "WebIdentityUser",
      principalId: "accounts.google.com:app:mary",
      userName: "mary",
      identityProvider: "accounts.google.com",
    });
  });

  test("recipient() is the route's account, or one of our own", async () => {
    const foreign = { identities: { [JOHNS]: "arn:aws:iam::999999999999:user/Eve" } };
    const second = { identities: { [JOHNS]: "arn:aws:iam::000000000002:user/Eve" } };
    expect((await told(GET, { route: foreign })).recipient).toBe("123456789012");
    expect((await told(GET, { route: second })).recipient).toBe("000000000002");
    expect((await told(GET, { route: { ...second, account: "000000000003" } })).recipient).toBe("000000000003");
    expect((await told(ANONYMOUS)).recipient).toBe("123456789012");
  });

  test.each([
    [true, "IAMUser"],
    [false, "Unknown"],
  ])("learn() takes what answers say only where the route lets it: %s", async (learn, type) => {
    const learned = await johnLearned();
    const form = "application/x-www-form-urlencoded";
    const request: WireRequest = {
      method: "POST",
      path: "/",
      query: "",
      headers: { authorization: [SIGNED.replace("/s3/", "/iam/")], "content-type": [form] },
      body: Buffer.from("Action=CreateAccessKey&Version=2010-05-08&UserName=John"),
    };
    const output = { AccessKey: { AccessKeyId: "AKIASECOND", UserName: "John" } };
    const { caller, ended } = await ask(request, { learned, route: { learn }, output });
    await caller.learn(ended, caller.answered(ended));
    const second = { ...GET, headers: { authorization: [SIGNED.replace(JOHNS, "AKIASECOND")] } };
    expect((await told(second, { learned })).who).toMatchObject({ type });
  });

  test("learn() takes nothing from a call that failed", async () => {
    const learned = await johnLearned();
    const output = { Arn: "arn:aws:iam::123456789012:user/Eve" };
    const body = Buffer.from("Action=GetCallerIdentity&Version=2011-06-15");
    const headers = { authorization: [SIGNED.replace("/s3/", "/sts/").replace(JOHNS, "AKIAEVE")] };
    const request = { ...GET, method: "POST", path: "/", headers, body };
    const { caller, ended } = await ask(request, { learned, output, status: 403, errorCode: "AccessDenied" });
    await caller.learn(ended, caller.answered(ended));
    expect(await learned.find(REALM, { accessKeyId: "AKIAEVE" }, NOW)).toBeUndefined();
  });
});
