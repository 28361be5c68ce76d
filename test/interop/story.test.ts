import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Answer, AwsClient, Credentials, Output } from "./client.ts";
import { list, text } from "./client.ts";
import { CLIENTS, whySkipped } from "./clients.ts";
import { credentialsIn, outputOf, Run, VISIBLE_MS, within } from "./run.ts";
import { checkWholeJournal, journalled } from "./whole-journal.ts";

/** What the user agent of each client begins with: the record must show who really called. */
const USER_AGENTS: Readonly<Record<string, RegExp>> = {
  "AWS CLI v2 of Debian": /^aws-cli\/2\.\S+ .*command\/iam\.create-user$/,
  "newest AWS CLI of PyPI": /^aws-cli\/1\.\S+ md\/Botocore#/,
  boto3: /^Boto3\/\S+ md\/Botocore#/,
  "AWS SDK for JavaScript": /^aws-sdk-js\/3\.\S+ /,
};

const MAY_CREATE_USERS = JSON.stringify({
  Version: "2012-10-17",
  Statement: [{ Effect: "Allow", Action: "iam:CreateUser", Resource: "*" }],
});

describe.each(CLIENTS)("the coffee shop with $name", ({ name, missing, open }) => {
  describe.skipIf(missing !== undefined)(`from John to Mary${whySkipped(missing)}`, () => {
    let run: Run;
    let client: AwsClient;
    let john: Credentials;
    let johnUser: Output;
    let createdMary: Answer;
    let before: number;
    let after: number;

    beforeAll(async () => {
      run = await Run.start();
      client = run.open(open);
      const asRoot = async (operation: string, parameters: Output): Promise<Output> =>
        outputOf(await run.call(client, "iam", operation, parameters));
      johnUser = (await asRoot("CreateUser", { UserName: "John" }))["User"] as Output;
      john = credentialsIn(await asRoot("CreateAccessKey", { UserName: "John" }), "AccessKey");
      await asRoot("CreateGroup", { GroupName: "Baristas" });
      const { Policy } = await asRoot("CreatePolicy", { PolicyName: "Hire", PolicyDocument: MAY_CREATE_USERS });
      await asRoot("AttachGroupPolicy", { GroupName: "Baristas", PolicyArn: text(Policy, "Arn") });
      await asRoot("AddUserToGroup", { GroupName: "Baristas", UserName: "John" });
      before = Math.floor(Date.now() / 1000) * 1000;
      createdMary = await run.call(client, "iam", "CreateUser", { UserName: "Mary" }, { credentials: john });
      after = Date.now();
    });
    afterAll(() => run.stop());

    test("John may create Mary, and nothing else", async () => {
      expect(text(outputOf(createdMary), "User", "Arn")).toBe("arn:aws:iam::123456789012:user/Mary");
      const refused = await run.call(client, "iam", "DeleteUser", { UserName: "Mary" }, { credentials: john });
      expect(refused.error?.code).toBe("AccessDenied");
    });

    test.each([
      ["EventName", "CreateUser", 2],
      ["Username", "John", 2],
      ["ResourceName", "Mary", 2],
    ])("lookup-events by %s finds it within a second, once", async (AttributeKey, AttributeValue, atMost) => {
      const found = await within(VISIBLE_MS, async () => {
        const parameters = { LookupAttributes: [{ AttributeKey, AttributeValue }] };
        const events = list(outputOf(await run.call(client, "cloudtrail", "LookupEvents", parameters)), "Events");
        const records = events.map(journalled);
        expect(records.length).toBeLessThanOrEqual(atMost);
        const marys = records.filter(({ record }) => record.requestID === createdMary.requestId);
        return marys.length > 0 ? marys : undefined;
      });
      expect(found).toHaveLength(1);
    });

    test("the record tells who, when, from where, with what, and what came back", async () => {
      const { record, event } = await run.recordOf(createdMary.requestId);
      const mary = outputOf(createdMary)["User"] as Output;
      expect(record).toMatchObject({
        userIdentity: {
          type: "IAMUser",
          principalId: johnUser["UserId"],
          arn: "arn:aws:iam::123456789012:user/John",
          accountId: "123456789012",
          accessKeyId: john.accessKeyId,
          userName: "John",
        },
        eventSource: "iam.amazonaws.com",
        eventName: "CreateUser",
        awsRegion: "us-east-1",
        sourceIPAddress: "127.0.0.1",
        userAgent: createdMary.userAgent,
        requestParameters: { userName: "Mary" },
        responseElements: {
          user: {
            userName: "Mary",
            path: "/",
            userId: mary["UserId"],
            arn: mary["Arn"],
            createDate: expect.any(String),
          },
        },
        readOnly: false,
        recipientAccountId: "123456789012",
      });
      expect(record.userAgent).toMatch(USER_AGENTS[name] ?? /^$/);
      expect(record).not.toHaveProperty("errorCode");
      expect(Date.parse(record.eventTime)).toBeGreaterThanOrEqual(before);
      expect(Date.parse(record.eventTime)).toBeLessThanOrEqual(after);
      expect(event).toMatchObject({
        Username: "John",
        AccessKeyId: john.accessKeyId,
        Resources: expect.arrayContaining([{ ResourceType: "AWS::IAM::User", ResourceName: "Mary" }]),
      });
    });

    test("every record of the story keeps the rules, and no secret is in the log", async () => {
      // Seven calls of root and two of John, and at least three looks.
      expect(await checkWholeJournal(run)).toBeGreaterThanOrEqual(12);
    });
  });
});
