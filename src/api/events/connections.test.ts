import { describe, expect, test } from "vitest";
import { ACCOUNT, type Events, NOW, openEvents, OTHER_ACCOUNT, refusal, REGION } from "./open-events.fixture.ts";

const ARN = `arn:aws:events:${REGION}:${ACCOUNT}`;
const BASIC = {
  Name: "hook",
  AuthorizationType: "BASIC",
  AuthParameters: {
    BasicAuthParameters: { Username: "ann", Password: "s3cret" },
    InvocationHttpParameters: { HeaderParameters: [{ Key: "x-tenant", Value: "s3cret-7", IsValueSecret: true }] },
  },
} as const;
const ENDPOINT = { InvocationEndpoint: "https://example.com/*", HttpMethod: "POST" } as const;

async function openWithConnection(): Promise<{ readonly events: Events; readonly ConnectionArn: string }> {
  const events = await openEvents();
  const { ConnectionArn = "" } = await events.call("CreateConnection", BASIC);
  return { events, ConnectionArn };
}

describe("CreateConnection", () => {
  test("answers and describes it without its secrets", async () => {
    const events = await openEvents();
    const times = { CreationTime: new Date(NOW), LastModifiedTime: new Date(NOW) };
    const made = await events.call("CreateConnection", { ...BASIC, Description: "our hook" });
    const ConnectionArn = expect.stringMatching(new RegExp(`^${ARN}:connection/hook/[0-9a-f-]{36}$`)) as string;
    expect(made).toEqual({ ConnectionArn, ConnectionState: "AUTHORIZED", ...times });
    const described = await events.call("DescribeConnection", { Name: "hook" });
    expect(described).toEqual({
      ...made,
      Name: "hook",
      Description: "our hook",
      AuthorizationType: "BASIC",
      LastAuthorizedTime: new Date(NOW),
      AuthParameters: {
        BasicAuthParameters: { Username: "ann" },
        InvocationHttpParameters: { HeaderParameters: [{ Key: "x-tenant", IsValueSecret: true }] },
      },
    });
    expect(JSON.stringify([made, described, await events.call("ListConnections", {})])).not.toContain("s3cret");
    expect(await events.resources("CreateConnection", BASIC)).toEqual([`${ARN}:connection/hook`]);
  });

  test.each<[string, object, string]>([
    ["a name that is taken", BASIC, "ResourceAlreadyExistsException: Connection hook already exists."],
    [
      "parameters of another type",
      { ...BASIC, Name: "new", AuthorizationType: "API_KEY" },
      "ValidationException: Failed to create the connection(s). Parameter AuthParameters is not valid. Reason: BasicAuthParameters are for connections of type BASIC.",
    ],
    [
      "private connectivity",
      {
        ...BASIC,
        Name: "new",
        InvocationConnectivityParameters: {
          ResourceParameters: {
            ResourceConfigurationArn:
              "arn:aws:vpc-lattice:eu-central-1:123456789012:resourceconfiguration/rcfg-0123456789abcdef0",
          },
        },
      },
      "ValidationException: Parameter InvocationConnectivityParameters is not valid. Reason: private connectivity is not supported.",
    ],
  ])("refuses %s", async (_, input, told) => {
    const { events } = await openWithConnection();
    expect(await refusal(events.call("CreateConnection", input as never))).toBe(told);
  });
});

describe("UpdateConnection", () => {
  test("keeps what is left out, and needs everything for another type", async () => {
    const { events } = await openWithConnection();
    await events.call("UpdateConnection", {
      Name: "hook",
      AuthParameters: { BasicAuthParameters: { Username: "bob" } },
    });
    const described = await events.call("DescribeConnection", { Name: "hook" });
    expect(described.AuthParameters).toMatchObject({
      BasicAuthParameters: { Username: "bob" },
      InvocationHttpParameters: { HeaderParameters: [{ Key: "x-tenant" }] },
    });
    // So that no token of before is used any more.
    expect(described.LastModifiedTime).toEqual(new Date(NOW + 1));
    expect(await refusal(events.call("UpdateConnection", { Name: "hook", AuthorizationType: "API_KEY" }))).toBe(
      "ValidationException: Failed to update the connection(s). Parameter AuthParameters is not valid. Reason: a connection of type API_KEY needs ApiKeyName.",
    );
    const key = { ApiKeyAuthParameters: { ApiKeyName: "x-key", ApiKeyValue: "s3cret" } };
    await events.call("UpdateConnection", { Name: "hook", AuthorizationType: "API_KEY", AuthParameters: key });
    expect(await events.call("DescribeConnection", { Name: "hook" })).toMatchObject({
      AuthorizationType: "API_KEY",
      AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: "x-key" } },
    });
  });
});

describe("DeauthorizeConnection", () => {
  test("forgets the secrets, so that all of them are needed again", async () => {
    const { events } = await openWithConnection();
    expect(await events.call("DeauthorizeConnection", { Name: "hook" })).toMatchObject({
      ConnectionState: "DEAUTHORIZED",
    });
    expect(await events.call("DescribeConnection", { Name: "hook" })).not.toHaveProperty("AuthParameters");
    expect(await events.tables.selectFrom("event_connections").select("secret").execute()).toEqual([{ secret: null }]);
    const half = { Name: "hook", AuthParameters: { BasicAuthParameters: { Username: "ann" } } };
    expect(await refusal(events.call("UpdateConnection", half))).toContain("needs Password.");
    const all = { Name: "hook", AuthParameters: BASIC.AuthParameters };
    expect(await events.call("UpdateConnection", all)).toMatchObject({ ConnectionState: "AUTHORIZED" });
  });
});

describe("DeleteConnection", () => {
  test("deletes it, which leaves its destinations inactive", async () => {
    const { events, ConnectionArn } = await openWithConnection();
    await events.call("CreateApiDestination", { Name: "hook", ConnectionArn, ...ENDPOINT });
    expect(await events.call("DeleteConnection", { Name: "hook" })).toMatchObject({ ConnectionState: "DELETING" });
    expect(await refusal(events.call("DescribeConnection", { Name: "hook" }))).toBe(
      "ResourceNotFoundException: Failed to describe the connection(s). Connection 'hook' does not exist.",
    );
    expect(await events.call("DescribeApiDestination", { Name: "hook" })).toMatchObject({
      ApiDestinationState: "INACTIVE",
    });
  });
});

describe("ListConnections", () => {
  test("lists by name, prefix and state, in pages", async () => {
    const { events } = await openWithConnection();
    await events.call("CreateConnection", { ...BASIC, Name: "other" });
    await events.call("DeauthorizeConnection", { Name: "other" });
    const names = async (input: object) =>
      ((await events.call("ListConnections", input)).Connections ?? []).map(({ Name }) => Name);
    expect(await names({})).toEqual(["hook", "other"]);
    expect(await names({ NamePrefix: "o" })).toEqual(["other"]);
    expect(await names({ ConnectionState: "AUTHORIZED" })).toEqual(["hook"]);
    const { NextToken } = await events.call("ListConnections", { Limit: 1 });
    expect(await names({ Limit: 1, NextToken })).toEqual(["other"]);
  });
});

describe("CreateApiDestination", () => {
  test("makes a destination that is active with its connection", async () => {
    const { events, ConnectionArn } = await openWithConnection();
    const input = { Name: "chat", ConnectionArn, ...ENDPOINT, InvocationRateLimitPerSecond: 5, Description: "chat" };
    const made = await events.call("CreateApiDestination", input);
    expect(made).toEqual({
      ApiDestinationArn: expect.stringMatching(new RegExp(`^${ARN}:api-destination/chat/[0-9a-f-]{36}$`)),
      ApiDestinationState: "ACTIVE",
      CreationTime: new Date(NOW),
      LastModifiedTime: new Date(NOW),
    });
    expect(await events.call("DescribeApiDestination", { Name: "chat" })).toEqual({ ...input, ...made });
    expect(await events.resources("CreateApiDestination", input)).toEqual([
      `${ARN}:api-destination/chat`,
      ConnectionArn,
    ]);
    await events.call("DeauthorizeConnection", { Name: "hook" });
    const { ApiDestinations } = await events.call("ListApiDestinations", { ConnectionArn });
    expect(ApiDestinations).toMatchObject([{ Name: "chat", ApiDestinationState: "INACTIVE" }]);
  });

  test.each<[string, object, string]>([
    [
      "a name that is taken",
      { Name: "taken" },
      "ResourceAlreadyExistsException: Failed to create the api-destination(s). An api-destination 'taken' already exists.",
    ],
    [
      "an endpoint that is none",
      { InvocationEndpoint: "mailto:ann@example.com" },
      "ValidationException: Failed to create the api-destination(s). Parameter InvocationEndpoint is not valid. Reason: it must be an http or https URL without user, password and fragment.",
    ],
    [
      "a connection that is not there",
      { ConnectionArn: `${ARN}:connection/none/1` },
      `ResourceNotFoundException: Failed to create the api-destination(s). Connection '${ARN}:connection/none/1' does not exist.`,
    ],
  ])("refuses %s", async (_, given, told) => {
    const { events, ConnectionArn } = await openWithConnection();
    await events.call("CreateApiDestination", { Name: "taken", ConnectionArn, ...ENDPOINT });
    const input = { Name: "new", ConnectionArn, ...ENDPOINT, ...given };
    expect(await refusal(events.call("CreateApiDestination", input))).toBe(told);
  });

  test("refuses another account's connection", async () => {
    const { events, ConnectionArn } = await openWithConnection();
    const input = { Name: "theirs", ConnectionArn, ...ENDPOINT };
    expect(await refusal(events.as(OTHER_ACCOUNT).call("CreateApiDestination", input))).toContain("does not exist.");
  });
});

describe("UpdateApiDestination", () => {
  test("changes what is given", async () => {
    const { events, ConnectionArn } = await openWithConnection();
    await events.call("CreateApiDestination", { Name: "chat", ConnectionArn, ...ENDPOINT });
    const changes = { Name: "chat", HttpMethod: "PUT", InvocationEndpoint: "https://example.org/" };
    await events.call("UpdateApiDestination", changes);
    expect(await events.call("DescribeApiDestination", { Name: "chat" })).toMatchObject({ ...changes, ConnectionArn });
    expect(await refusal(events.call("UpdateApiDestination", { Name: "chat", InvocationEndpoint: "ftp:x" }))).toContain(
      "Failed to update the api-destination(s). Parameter InvocationEndpoint is not valid.",
    );
    await events.call("DeleteApiDestination", { Name: "chat" });
    expect(await refusal(events.call("UpdateApiDestination", changes))).toBe(
      "ResourceNotFoundException: Failed to update the api-destination(s). An api-destination 'chat' does not exist.",
    );
  });
});
