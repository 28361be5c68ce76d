import { describe, expect, test } from "vitest";
import type { LearnedIdentities } from "./learned-identities.ts";
import type { SeenCall } from "./seen-call.ts";
import {
  ACCOUNT,
  createdKey,
  createdUser,
  credentials,
  described,
  JOHN_ARN,
  NOW,
  openLearned,
  REALM,
  STRANGER,
  seen,
  withToken,
} from "./testing.ts";

const KEY = "AKIAJOHN000000000001";
const JOHN = {
  type: "IAMUser",
  principalId: "AIDAJOHN",
  arn: JOHN_ARN,
  accountId: ACCOUNT,
  accessKeyId: KEY,
  userName: "John",
};

async function taught(...calls: readonly SeenCall[]): Promise<LearnedIdentities> {
  const { learned } = await openLearned();
  for (const call of calls) await learned.learn(call);
  return learned;
}

const holder = (learned: LearnedIdentities, key = KEY) => learned.find(REALM, { accessKeyId: key }, NOW);

describe("learn() from IAM", () => {
  test("tells a user's key by the user, members in the order of production records", async () => {
    const identity = await holder(await taught(createdUser(), createdKey(KEY)));
    expect(identity).toEqual(JOHN);
    expect(Object.keys(identity ?? {})).toEqual("type principalId arn accountId accessKeyId userName".split(" "));
  });

  test.each([
    ["GetUser", { User: described() }],
    ["ListUsers", { Users: [described("Mary"), described()] }],
  ])("knows users from %s too", async (operation, output) => {
    expect(await holder(await taught(seen(`iam:${operation}`, { output }), createdKey(KEY)))).toEqual(JOHN);
  });

  test("knows a user by name alone when nothing more was seen, and by more once it is", async () => {
    const learned = await taught(createdKey(KEY, "John", { account: ACCOUNT }));
    const byName = { type: "IAMUser", accountId: ACCOUNT, accessKeyId: KEY, userName: "John" };
    expect(await holder(learned)).toEqual(byName);
    await learned.learn(seen("iam:GetUser", { output: { User: described() } }));
    expect(await holder(learned)).toEqual(JOHN);
  });

  test("knows no account that nobody told", async () => {
    const learned = await taught(createdKey(KEY));
    expect(await holder(learned)).toEqual({ type: "IAMUser", accessKeyId: KEY, userName: "John" });
  });

  test("knows keys that it did not see being made from lists of them", async () => {
    const listed = { AccessKeyMetadata: [{ UserName: "John", AccessKeyId: KEY, Status: "Active" }] };
    const learned = await taught(
      createdUser(),
      seen("iam:ListAccessKeys", { input: { UserName: "John" }, output: listed }),
    );
    expect(await holder(learned)).toEqual(JOHN);
  });

  test("GetAccessKeyLastUsed tells whose a key is when the user is known, and never makes it the caller's", async () => {
    const asked = seen("iam:GetAccessKeyLastUsed", {
      identity: { ...JOHN, accessKeyId: "AKIAANOTHER" },
      input: { AccessKeyId: KEY },
      output: { UserName: "Mary" },
    });
    expect(await holder(await taught(asked))).toBeUndefined();
    const learned = await taught(createdUser("Mary"), asked);
    expect(await holder(learned)).toMatchObject({ userName: "Mary", principalId: "AIDAMARY" });
  });

  test("a key that one makes without saying whose is one's own", async () => {
    const root = { type: "Root", principalId: ACCOUNT, arn: `arn:aws:iam::${ACCOUNT}:root`, accountId: ACCOUNT };
    const made = { AccessKeyId: KEY, UserName: "alias" };
    const own = (identity: SeenCall["identity"]) =>
      seen("iam:CreateAccessKey", { input: {}, output: { AccessKey: made }, identity });
    expect(await holder(await taught(own({ ...root, accessKeyId: "AKIAROOT" })))).toEqual({
      ...root,
      accessKeyId: KEY,
    });
    expect(await holder(await taught(own({ type: "Unknown" })))).toBeUndefined();
    const session = { type: "AssumedRole", arn: `arn:aws:sts::${ACCOUNT}:assumed-role/R/s`, accountId: ACCOUNT };
    expect(await holder(await taught(own(session)))).toBeUndefined();
    // Root of OpenTrail's own IAM is somebody else to the upstream.
    expect(await holder(await taught({ ...own(root), proven: true }))).toBeUndefined();
  });

  test("forgets a key that was deleted", async () => {
    const learned = await taught(
      createdUser(),
      createdKey(KEY),
      seen("iam:DeleteAccessKey", { input: { UserName: "John", AccessKeyId: KEY } }),
    );
    expect(await holder(learned)).toBeUndefined();
  });

  test("takes the upstream's latest word on whose a key is", async () => {
    const learned = await taught(createdUser(), createdUser("Mary"), createdKey(KEY), createdKey(KEY, "Mary"));
    expect(await holder(learned)).toMatchObject({ userName: "Mary" });
  });
});

describe("users who are renamed or deleted", () => {
  const moved = (input: SeenCall["input"]) => seen("iam:UpdateUser", { input: { UserName: "John", ...input } });

  test.each([
    ["a new name", { NewUserName: "Jack" }, "/shop/Jack", "Jack"],
    ["a new path", { NewPath: "/bar/" }, "/bar/John", "John"],
    ["both", { NewUserName: "Jack", NewPath: "/" }, "/Jack", "Jack"],
  ])("keep their keys under %s, with what their sessions were", async (_, input, resource, userName) => {
    const token = seen("sts:GetSessionToken", {
      identity: JOHN,
      output: { Credentials: credentials("ASIAJOHN") },
    });
    const learned = await taught(createdUser(), createdKey(KEY), token, moved(input));
    const arn = `arn:aws:iam::${ACCOUNT}:user${resource}`;
    expect(await holder(learned)).toEqual({ ...JOHN, arn, userName });
    expect(await learned.find(REALM, withToken("ASIAJOHN"), NOW)).toMatchObject({
      arn,
      userName,
      principalId: "AIDAJOHN",
      sessionContext: { attributes: { mfaAuthenticated: "false" } },
    });
    await learned.learn(createdKey("AKIASECOND", userName));
    expect(await holder(learned, "AKIASECOND")).toMatchObject({ arn, principalId: "AIDAJOHN" });
  });

  test("leave their old name to others", async () => {
    const learned = await taught(createdUser(), createdKey(KEY), moved({ NewUserName: "Jack" }));
    const second = { ...described(), UserId: "AIDASECOND" };
    await learned.learn(createdUser("John", { output: { User: second } }));
    await learned.learn(createdKey("AKIASECOND"));
    expect(await holder(learned)).toMatchObject({ principalId: "AIDAJOHN", userName: "Jack" });
    expect(await holder(learned, "AKIASECOND")).toMatchObject({ principalId: "AIDASECOND", userName: "John" });
  });

  test.each([
    ["seen", [seen("iam:DeleteUser", { input: { UserName: "John" } })]],
    ["not seen", []],
  ])("stay the holders of keys that still work, whoever bears their name later: the end was %s", async (_, ended) => {
    const second = { ...described(), UserId: "AIDASECOND" };
    const learned = await taught(
      createdKey("AKIABYNAME", "John", { account: ACCOUNT }),
      createdUser(),
      createdKey(KEY),
      ...ended,
      createdUser("John", { output: { User: second } }),
      createdKey("AKIASECOND"),
      seen("iam:UpdateUser", { input: { UserName: "John", NewUserName: "Jack" } }),
    );
    expect(await holder(learned)).toEqual(JOHN);
    expect(await holder(learned, "AKIABYNAME")).not.toHaveProperty("principalId");
    expect(await holder(learned, "AKIASECOND")).toMatchObject({ principalId: "AIDASECOND", userName: "Jack" });
  });

  test("stay the holders of their keys when another of their name is met, made where nobody watched", async () => {
    const second = seen("iam:GetUser", { output: { User: { ...described(), UserId: "AIDASECOND" } } });
    const learned = await taught(createdUser(), createdKey(KEY), second);
    expect(await holder(learned)).toEqual(JOHN);
    const byName = await taught(
      createdKey(KEY, "John", { account: ACCOUNT }),
      seen("iam:DeleteUser", { input: { UserName: "John" }, account: ACCOUNT }),
      second,
    );
    expect(await holder(byName)).toEqual({ type: "IAMUser", accountId: ACCOUNT, accessKeyId: KEY, userName: "John" });
  });

  test("who are deleted are not found by name any more", async () => {
    const learned = await taught(
      createdUser(),
      seen("iam:DeleteUser", { input: { UserName: "John" } }),
      createdKey(KEY),
    );
    expect(await holder(learned)).not.toHaveProperty("arn");
  });
});

describe("the same name twice", () => {
  const other = { ...described("John", "/", "999999999999"), UserId: "AIDAOTHER" };
  const KEY_OF_OTHER = { accessKeyId: "999999999999" };

  test("in two accounts of one server is two users", async () => {
    const learned = await taught(
      createdUser(),
      createdUser("John", { shown: KEY_OF_OTHER, output: { User: other } }),
      createdKey(KEY),
      createdKey("AKIAOTHER", "John", { shown: KEY_OF_OTHER }),
    );
    expect(await holder(learned)).toEqual(JOHN);
    expect(await holder(learned, "AKIAOTHER")).toMatchObject({ principalId: "AIDAOTHER", accountId: "999999999999" });
  });

  test("is told by name alone when it is not known in which account it was asked", async () => {
    const learned = await taught(createdUser(), createdKey(KEY, "John", { shown: { accessKeyId: "AKIAANOTHER" } }));
    expect(await holder(learned)).toEqual({ type: "IAMUser", accessKeyId: KEY, userName: "John" });
  });

  test("behind two servers is two users, and a key of the one is none of the other's", async () => {
    const elsewhere = "http://127.0.0.1:9000";
    const learned = await taught(createdUser(), createdKey(KEY), createdKey(KEY, "John", { realm: elsewhere }));
    expect(await holder(learned)).toEqual(JOHN);
    const known = await learned.find(elsewhere, { accessKeyId: KEY }, NOW);
    expect(known).toEqual({ type: "IAMUser", accessKeyId: KEY, userName: "John" });
    expect(await learned.find("http://127.0.0.1:9001", { accessKeyId: KEY }, NOW)).toBeUndefined();
  });
});

describe("learn() from GetCallerIdentity", () => {
  const asked = (Arn: string, UserId: string, said: Partial<SeenCall> = {}) =>
    seen("sts:GetCallerIdentity", { output: { Arn, UserId, Account: ACCOUNT }, ...said });

  test("knows a stranger afterwards, as far as the ARN tells", async () => {
    const learned = await taught(asked(JOHN_ARN, "AIDAJOHN"));
    expect(await holder(learned, STRANGER.accessKeyId)).toEqual({ ...JOHN, accessKeyId: STRANGER.accessKeyId });
  });

  test("corrects a name that was changed where nobody watched", async () => {
    const arn = `arn:aws:iam::${ACCOUNT}:user/Jack`;
    const learned = await taught(
      createdUser(),
      createdKey(KEY),
      asked(arn, "AIDAJOHN", { shown: { accessKeyId: KEY } }),
    );
    expect(await holder(learned)).toEqual({ ...JOHN, arn, userName: "Jack" });
  });

  test("adds to what is known of a session", async () => {
    const pool = { IdentityId: "eu-west-1:0000", Credentials: credentials("ASIAPOOL") };
    const arn = `arn:aws:sts::${ACCOUNT}:assumed-role/Guest/CognitoIdentityCredentials`;
    const learned = await taught(
      seen("cognito-identity:GetCredentialsForIdentity", { shown: undefined, output: pool }),
      asked(arn, "AROAGUEST:CognitoIdentityCredentials", { shown: withToken("ASIAPOOL") }),
    );
    expect(await learned.find(REALM, withToken("ASIAPOOL"), NOW)).toMatchObject({
      type: "AssumedRole",
      principalId: "AROAGUEST:CognitoIdentityCredentials",
      arn,
      sessionContext: {
        sessionIssuer: { type: "Role", principalId: "AROAGUEST", accountId: ACCOUNT, userName: "Guest" },
        webIdFederationData: { federatedProvider: "cognito-identity.amazonaws.com" },
        attributes: { creationDate: "2026-11-20T12:00:00Z" },
      },
    });
  });

  test("keeps what a session was when the upstream confirms it", async () => {
    const token = seen("sts:GetSessionToken", { identity: JOHN, output: { Credentials: credentials("ASIAJOHN") } });
    const learned = await taught(token, asked(JOHN_ARN, "AIDAJOHN", { shown: withToken("ASIAJOHN") }));
    expect(await learned.find(REALM, withToken("ASIAJOHN"), NOW)).toHaveProperty("sessionContext");
  });

  test("takes away nothing that it only does not repeat", async () => {
    const confirmed = seen("sts:GetCallerIdentity", { shown: { accessKeyId: KEY }, output: { Arn: JOHN_ARN } });
    expect(await holder(await taught(createdUser(), createdKey(KEY), confirmed))).toEqual(JOHN);
  });

  test("speaks of the key that asked, and of no other", async () => {
    const learned = await taught(createdUser(), createdKey(KEY), asked(`arn:aws:iam::${ACCOUNT}:user/Eve`, "AIDAEVE"));
    expect(await holder(learned)).toEqual(JOHN);
  });

  test.each([`arn:aws:sts::${ACCOUNT}:user/moto`, "", "nobody"])("learns nothing of %j", async (arn) => {
    expect(await holder(await taught(asked(arn, "AIDA")), STRANGER.accessKeyId)).toBeUndefined();
  });

  test("a session of a key that nobody saw is known for as long as the longest session lasts", async () => {
    const learned = await taught(asked(JOHN_ARN, "AIDAJOHN", { shown: withToken("ASIAJOHN") }));
    expect(await learned.find(REALM, withToken("ASIAJOHN"), NOW)).toMatchObject({ userName: "John" });
    expect(await learned.find(REALM, { accessKeyId: "ASIAJOHN" }, NOW)).toBeUndefined();
    expect(await learned.find(REALM, withToken("ASIAJOHN"), NOW + 36 * 3_600_000)).toBeUndefined();
  });
});
