import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import { CreateUserCommand, DeleteUserCommand, IAMClient, ListUsersCommand } from "@aws-sdk/client-iam";
import { GetCallerIdentityCommand, STSClient } from "@aws-sdk/client-sts";
import { describe, expect, test } from "vitest";
import { Refusal } from "../core/index.ts";
import type { Service } from "./index.ts";
import { parseRequest, protocolOf, resolveOperation, serializeError, serializeResponse, service } from "./index.ts";
import { validateInput } from "./index.ts";

/* The unmodified AWS SDK for JavaScript, with this folder as the server behind its HTTP handler. */

interface SdkRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: Record<string, string>;
  readonly body?: string | Uint8Array;
}

type Answer = (operation: string, input: Record<string, unknown>) => Record<string, unknown> | undefined;

/** What an SDK client needs to talk to `answer`, and nothing else in the world. */
function served(of: Service, answer: Answer): object {
  return {
    region: "us-east-1",
    maxAttempts: 1,
    credentials: { accessKeyId: "AKIAIOSFODNN7EXAMPLE", secretAccessKey: "secret" },
    requestHandler: { handle: async (request: SdkRequest) => ({ response: respond(of, request, answer) }) },
  };
}

function respond(of: Service, { method, path, headers, body = "" }: SdkRequest, answer: Answer): object {
  const named = Object.entries(headers).map(([name, value]): [string, string[]] => [name.toLowerCase(), [value]]);
  const request = { method, path, query: "", headers: Object.fromEntries(named), body: Buffer.from(body) };
  const { status, ...rest } = answered(of, request, answer);
  return { statusCode: status, headers: rest.headers, body: Buffer.from(rest.body) };
}

function answered(of: Service, request: Parameters<typeof protocolOf>[1], answer: Answer) {
  try {
    const { operation, protocol } = resolveOperation(of, request);
    const input = parseRequest(operation, protocol, request);
    validateInput(operation, protocol, input);
    return serializeResponse(operation, protocol, answer(operation.name, input), "request-1");
  } catch (thrown) {
    if (thrown instanceof Refusal) return serializeError(of, protocolOf(of, request), thrown, "request-1");
    throw thrown;
  }
}

describe("the AWS SDK for JavaScript", () => {
  test("looks up events", async () => {
    const asked: unknown[] = [];
    const client = new CloudTrailClient(
      served(service("cloudtrail"), (name, input) => {
        asked.push(name, input);
        return { Events: [{ EventId: "1", EventTime: new Date(1_700_000_000_000) }], NextToken: "next" };
      }),
    );
    const StartTime = new Date(1_699_999_999_500);
    const output = await client.send(new LookupEventsCommand({ MaxResults: 1, StartTime }));
    expect(asked).toEqual(["LookupEvents", { MaxResults: 1, StartTime }]);
    expect(output).toMatchObject({
      Events: [{ EventId: "1", EventTime: new Date(1_700_000_000_000) }],
      NextToken: "next",
    });
    expect(output.$metadata.requestId).toBe("request-1");
  });

  test("creates and lists users", async () => {
    const CreateDate = new Date(1_700_000_000_000);
    const mary = {
      Path: "/",
      UserName: "Mary",
      UserId: "AIDA",
      Arn: "arn:aws:iam::123456789012:user/Mary",
      CreateDate,
    };
    const asked: unknown[] = [];
    const client = new IAMClient(
      served(service("iam"), (name, input) => {
        asked.push(name, input);
        return name === "CreateUser" ? { User: mary } : { Users: [mary], IsTruncated: false };
      }),
    );
    const Tags = [{ Key: "team", Value: "red + blue=é" }];
    const created = await client.send(new CreateUserCommand({ UserName: "Mary", Tags }));
    const listed = await client.send(new ListUsersCommand({}));
    expect(asked).toEqual(["CreateUser", { UserName: "Mary", Tags }, "ListUsers", {}]);
    expect([created.User, listed.Users]).toEqual([mary, [mary]]);
  });

  test.each([
    ["IAM", "NoSuchEntityException", "no <Mary>", 404],
    ["IAM", "DeleteConflictException", "has keys", 409],
  ])("sees the error of %s: %s", async (_, name, message, status) => {
    const client = new IAMClient(
      served(service("iam"), () => {
        throw new Refusal(name, message);
      }),
    );
    const sent = client.send(new DeleteUserCommand({ UserName: "Mary" }));
    await expect(sent).rejects.toMatchObject({ name, message, $metadata: { httpStatusCode: status } });
  });

  test("sees the errors of CloudTrail", async () => {
    const client = new CloudTrailClient(
      served(service("cloudtrail"), () => {
        throw new Refusal("InvalidNextTokenException", "bad token");
      }),
    );
    await expect(client.send(new LookupEventsCommand({ NextToken: "x" }))).rejects.toMatchObject({
      name: "InvalidNextTokenException",
      message: "bad token",
      $metadata: { httpStatusCode: 400, requestId: "request-1" },
    });
    await expect(client.send(new LookupEventsCommand({ MaxResults: 51 }))).rejects.toMatchObject({
      name: "ValidationException",
    });
  });

  test("asks who it is", async () => {
    const identity = { UserId: "AIDA", Account: "123456789012", Arn: "arn:aws:iam::123456789012:user/Mary" };
    const client = new STSClient(served(service("sts"), () => identity));
    expect(await client.send(new GetCallerIdentityCommand({}))).toMatchObject(identity);
  });
});
