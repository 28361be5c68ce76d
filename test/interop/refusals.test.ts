import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Answer, AwsClient, Credentials, Output, Parameters, ServiceName } from "./client.ts";
import { CLIENTS, whySkipped } from "./clients.ts";
import { jsClient } from "./js-client.ts";
import { credentialsIn, errorOf, outputOf, Run } from "./run.ts";
import { checkWholeJournal } from "./whole-journal.ts";

const ACCOUNT = "123456789012";
const NOT_MATCHING =
  "The request signature we calculated does not match the signature you provided. Check your AWS Secret Access Key and " +
  "signing method. Consult the service documentation for details.";
const INVALID_TOKEN = "The security token included in the request is invalid.";

const policy = (...statements: readonly object[]): string =>
  JSON.stringify({ Version: "2012-10-17", Statement: statements });
const ALLOW_ALL = { Effect: "Allow", Action: "*", Resource: "*" };

/** How one mistake is told in the Query protocol (IAM, STS) and in the JSON protocol (CloudTrail). */
interface Told {
  readonly query: string;
  readonly json: string;
  readonly message: string | RegExp;
}
const WRONG_SECRET: Told = { query: "SignatureDoesNotMatch", json: "InvalidSignatureException", message: NOT_MATCHING };
const WRONG_KEY: Told = { query: "InvalidClientTokenId", json: "UnrecognizedClientException", message: INVALID_TOKEN };

/** Credentials that prove nobody. The record shows the key that was claimed, and nothing of whose key it is. */
const UNPROVEN: readonly (readonly [what: string, key: keyof Actors, told: Told])[] = [
  ["a wrong secret", "wrongSecret", WRONG_SECRET],
  ["an unknown key", "unknownKey", WRONG_KEY],
  ["a deactivated key", "deactivated", WRONG_KEY],
  ["a deleted user's key", "deletedUser", WRONG_KEY],
  ["a tampered session token", "tamperedToken", WRONG_KEY],
  ["another session's token", "othersToken", WRONG_KEY],
  ["a session key without its token", "noToken", WRONG_KEY],
];

const CLOCKS: readonly (readonly [what: string, skewSeconds: number, message: RegExp])[] = [
  [
    "an hour slow",
    -3600,
    /^Signature expired: \d{8}T\d{6}Z is now earlier than \d{8}T\d{6}Z \(\d{8}T\d{6}Z - 15 min\.\)$/,
  ],
  [
    "an hour fast",
    3600,
    /^Signature not yet current: \d{8}T\d{6}Z is still later than \d{8}T\d{6}Z \(\d{8}T\d{6}Z \+ 15 min\.\)$/,
  ],
];

interface Actors {
  wrongSecret: Credentials;
  unknownKey: Credentials;
  deactivated: Credentials;
  deletedUser: Credentials;
  tamperedToken: Credentials;
  othersToken: Credentials;
  noToken: Credentials;
  session: Credentials;
  /** Users with keys that work, by what keeps them from creating users. */
  powerless: Credentials;
  forbidden: Credentials;
  bounded: Credentials;
}

describe.each(CLIENTS)("what $name is refused", ({ name, missing, open }) => {
  describe.skipIf(missing !== undefined)(`by reason${whySkipped(missing)}`, () => {
    let run: Run;
    let client: AwsClient;
    let actors: Actors;
    const isCommandLine = name.includes("CLI");

    beforeAll(async () => {
      run = await Run.start();
      client = run.open(open);
      actors = await makeActors(run);
    });
    afterAll(() => run.stop());

    const call = (
      service: ServiceName,
      operation: string,
      parameters: Parameters,
      credentials: Credentials,
      skewSeconds = 0,
    ) => run.call(client, service, operation, parameters, { credentials, skewSeconds });

    const CALLS: readonly (readonly ["query" | "json", ServiceName, string, Parameters])[] = [
      ["query", "iam", "CreateUser", { UserName: "Eve" }],
      ["json", "cloudtrail", "LookupEvents", { MaxResults: 1 }],
    ];

    // A command line takes a second to start: it tries each mistake with one protocol, in turn.
    const cases = UNPROVEN.flatMap((row, index) =>
      CALLS.filter((_, which) => !isCommandLine || index % 2 === which).map((each) => [...row, ...each] as const),
    );
    test.each(cases)("%s (%s)", async (_, key, told, protocol, service, operation, parameters) => {
      const credentials = actors[key];
      const answer = await call(service, operation, parameters, credentials);
      expectTold(answer, told, protocol);
      const { record, event } = await run.recordOf(answer.requestId);
      expect(record).toMatchObject({
        eventName: operation,
        errorCode: told[protocol],
        errorMessage: errorOf(answer).message,
        userAgent: answer.userAgent,
        responseElements: null,
        userIdentity: { type: "Unknown", accessKeyId: credentials.accessKeyId },
      });
      expect(Object.keys(record.userIdentity)).toEqual(["type", "accessKeyId"]);
      expect(event).not.toHaveProperty("Username");
    });

    // A command line takes the machine's clock as it is.
    test.each(isCommandLine ? [] : CLOCKS)("a clock that is %s", async (_, skewSeconds, message) => {
      for (const [protocol, service, operation, parameters] of CALLS) {
        const answer = await call(service, operation, parameters, run.root, skewSeconds);
        expectTold(answer, { ...WRONG_SECRET, message }, protocol);
        const { record } = await run.recordOf(answer.requestId);
        expect(record).toMatchObject({
          errorCode: WRONG_SECRET[protocol],
          errorMessage: errorOf(answer).message,
          userIdentity: { type: "Unknown", accessKeyId: run.root.accessKeyId },
        });
      }
    });

    test.each([
      [
        "powerless",
        "no policy of theirs allows it",
        "because no identity-based policy allows the iam:CreateUser action",
      ],
      ["forbidden", "a policy denies it", "with an explicit deny in an identity-based policy"],
      ["bounded", "their boundary does not", "because no permissions boundary allows the iam:CreateUser action"],
    ] as const)("a user who is %s: %s", async (user, _, because) => {
      const answer = await call("iam", "CreateUser", { UserName: "Eve" }, actors[user]);
      const message = `User: arn:aws:iam::${ACCOUNT}:user/${user} is not authorized to perform: iam:CreateUser on resource: arn:aws:iam::${ACCOUNT}:user/Eve ${because}`;
      expectTold(answer, { query: "AccessDenied", json: "", message }, "query");
      const { record, event } = await run.recordOf(answer.requestId);
      expect(record).toMatchObject({
        userIdentity: {
          type: "IAMUser",
          userName: user,
          arn: `arn:aws:iam::${ACCOUNT}:user/${user}`,
          accessKeyId: actors[user].accessKeyId,
        },
        errorCode: "AccessDenied",
        errorMessage: message,
        requestParameters: { userName: "Eve" },
        responseElements: null,
      });
      expect(event["Username"]).toBe(user);
    });

    test("the JSON protocol names a denial its own way", async () => {
      const answer = await call("cloudtrail", "LookupEvents", { MaxResults: 1 }, actors.powerless);
      const message = `User: arn:aws:iam::${ACCOUNT}:user/powerless is not authorized to perform: cloudtrail:LookupEvents because no identity-based policy allows the cloudtrail:LookupEvents action`;
      expectTold(answer, { query: "", json: "AccessDeniedException", message }, "json");
      expect((await run.recordOf(answer.requestId)).record).toMatchObject({
        errorCode: "AccessDeniedException",
        userIdentity: { userName: "powerless" },
      });
    });

    test("nobody created Eve", async () => {
      const { error } = await run.call(jsClient(run.server.endpoint), "iam", "GetUser", { UserName: "Eve" });
      expect(error?.code).toBe("NoSuchEntity");
    });

    test("every record keeps the rules, and no secret is in the log", async () => {
      expect(await checkWholeJournal(run)).toBeGreaterThan(cases.length + 20);
    });

    /** Asserts code, text and status as this client must see them. */
    function expectTold(answer: Answer, told: Told, protocol: "query" | "json"): void {
      const error = errorOf(answer);
      const status = isCommandLine ? {} : { status: protocol === "query" ? 403 : 400 };
      expect(error).toMatchObject({ code: told[protocol], ...status });
      const { message } = told;
      const isTold = typeof message === "string" ? error.message === message : message.test(error.message);
      expect({ isTold, text: error.message }).toEqual({ isTold: true, text: error.message });
    }
  });
});

/** Users and keys for every mistake; made through one client, since they are not what is tested. */
async function makeActors(run: Run): Promise<Actors> {
  const client = run.open(jsClient);
  const iam = async (operation: string, parameters: Parameters): Promise<Output> =>
    outputOf(await run.call(client, "iam", operation, parameters));
  const user = async (UserName: string, more: Parameters = {}): Promise<Credentials> => {
    await iam("CreateUser", { UserName, ...more });
    return credentialsIn(await iam("CreateAccessKey", { UserName }), "AccessKey");
  };
  const session = async (): Promise<Credentials> =>
    credentialsIn(outputOf(await run.call(client, "sts", "GetSessionToken", {})), "Credentials");

  const deactivated = await user("deactivated");
  await iam("UpdateAccessKey", { UserName: "deactivated", AccessKeyId: deactivated.accessKeyId, Status: "Inactive" });
  const deletedUser = await user("deleted");
  await iam("DeleteAccessKey", { UserName: "deleted", AccessKeyId: deletedUser.accessKeyId });
  await iam("DeleteUser", { UserName: "deleted" });

  const only = await iam("CreatePolicy", {
    PolicyName: "OnlyLook",
    PolicyDocument: policy({ Effect: "Allow", Action: "iam:List*", Resource: "*" }),
  });
  const PermissionsBoundary = (only["Policy"] as Record<string, string>)["Arn"];
  const bounded = await user("bounded", { PermissionsBoundary });
  const forbidden = await user("forbidden");
  const deny = { Effect: "Deny", Action: "iam:CreateUser", Resource: "*" };
  await iam("PutUserPolicy", { UserName: "bounded", PolicyName: "all", PolicyDocument: policy(ALLOW_ALL) });
  await iam("PutUserPolicy", { UserName: "forbidden", PolicyName: "all", PolicyDocument: policy(ALLOW_ALL, deny) });

  const mine = await session();
  const others = await session();
  const { sessionToken = "" } = mine;
  const middle = Math.floor(sessionToken.length / 2);
  const flipped = sessionToken.charAt(middle) === "A" ? "B" : "A";
  return {
    wrongSecret: { ...run.root, secretAccessKey: "x".repeat(40) },
    unknownKey: { accessKeyId: "AKIAZZZZZZZZZZZZZZZZ", secretAccessKey: "y".repeat(40) },
    deactivated,
    deletedUser,
    tamperedToken: { ...mine, sessionToken: sessionToken.slice(0, middle) + flipped + sessionToken.slice(middle + 1) },
    othersToken: { ...mine, sessionToken: String(others.sessionToken) },
    noToken: { accessKeyId: mine.accessKeyId, secretAccessKey: mine.secretAccessKey },
    session: mine,
    powerless: await user("powerless"),
    forbidden,
    bounded,
  };
}
