import { describe, expect, test } from "vitest";
import { systemRandom } from "../core/index.ts";
import { SecretBox } from "../identity/index.ts";
import {
  checkEndpoint,
  type Connection,
  type ConnectionAuth,
  type GivenAuth,
  mergeAuth,
  shownAuth,
} from "./connection.ts";
import { findConnection, openConnection, putConnection } from "./connections.ts";
import { NOW, openRulesTables, PLACE } from "./tables.fixture.ts";

const OAUTH: ConnectionAuth = {
  OAuthParameters: {
    ClientParameters: { ClientID: "trail", ClientSecret: "s3cret-oauth" },
    AuthorizationEndpoint: "https://login.example.com/token",
    HttpMethod: "POST",
    OAuthHttpParameters: {
      BodyParameters: [
        { Key: "scope", Value: "events", IsValueSecret: false },
        { Key: "pin", Value: "s3cret-pin", IsValueSecret: true },
      ],
    },
  },
  InvocationHttpParameters: {
    HeaderParameters: [{ Key: "x-tenant", Value: "s3cret-tenant", IsValueSecret: true }],
    QueryStringParameters: [{ Key: "v", Value: "2" }],
  },
};

describe("mergeAuth()", () => {
  test("keeps what is not given anew", () => {
    const known: ConnectionAuth = { BasicAuthParameters: { Username: "ann", Password: "old" } };
    const given: GivenAuth = { BasicAuthParameters: { Password: "new" } };
    expect(mergeAuth("BASIC", given, known)).toEqual({ BasicAuthParameters: { Username: "ann", Password: "new" } });
    const endpoint = "https://login.example.com/v2";
    const changed = mergeAuth(
      "OAUTH_CLIENT_CREDENTIALS",
      { OAuthParameters: { AuthorizationEndpoint: endpoint } },
      OAUTH,
    );
    expect(changed).toEqual({
      ...OAUTH,
      OAuthParameters: { ...OAUTH.OAuthParameters, AuthorizationEndpoint: endpoint },
    });
  });

  test("replaces lists as a whole", () => {
    const InvocationHttpParameters = { HeaderParameters: [{ Key: "x-other", Value: "1" }] };
    expect(mergeAuth("OAUTH_CLIENT_CREDENTIALS", { InvocationHttpParameters }, OAUTH)).toEqual({
      ...OAUTH,
      InvocationHttpParameters,
    });
  });

  test.each<[string, Parameters<typeof mergeAuth>, string]>([
    ["nothing", ["BASIC", {}], "a connection of type BASIC needs Username."],
    [
      "a half",
      ["API_KEY", { ApiKeyAuthParameters: { ApiKeyName: "x" } }],
      "a connection of type API_KEY needs ApiKeyValue.",
    ],
    [
      "another type's",
      ["BASIC", { ApiKeyAuthParameters: { ApiKeyName: "x", ApiKeyValue: "y" } }],
      "ApiKeyAuthParameters are for connections of type API_KEY.",
    ],
    ["private connectivity", ["BASIC", { ConnectivityParameters: {} }], "private connectivity is not supported."],
  ])("refuses %s", (_, given, why) => {
    expect(() => mergeAuth(...given)).toThrow(`Parameter AuthParameters is not valid. Reason: ${why}`);
  });
});

describe("shownAuth()", () => {
  test("tells names and ids, and no secret", () => {
    const shown = shownAuth(OAUTH);
    expect(shown).toEqual({
      OAuthParameters: {
        ClientParameters: { ClientID: "trail" },
        AuthorizationEndpoint: "https://login.example.com/token",
        HttpMethod: "POST",
        OAuthHttpParameters: {
          BodyParameters: [
            { Key: "scope", Value: "events", IsValueSecret: false },
            { Key: "pin", IsValueSecret: true },
          ],
        },
      },
      InvocationHttpParameters: {
        HeaderParameters: [{ Key: "x-tenant", IsValueSecret: true }],
        QueryStringParameters: [{ Key: "v", Value: "2", IsValueSecret: false }],
      },
    });
    expect(JSON.stringify(shown)).not.toContain("s3cret");
  });
});

describe("putConnection()", () => {
  test("leaves no secret in the tables that the key does not guard", async () => {
    const { tables } = await openRulesTables();
    const secrets = new SecretBox(new Uint8Array(32), systemRandom);
    const arn = `arn:aws:events:${PLACE.region}:${PLACE.account}:connection/hook/1`;
    const connection: Connection = {
      arn,
      ...PLACE,
      name: "hook",
      authorizationType: "OAUTH_CLIENT_CREDENTIALS",
      state: "AUTHORIZED",
      createdAt: NOW,
      modifiedAt: NOW,
      authorizedAt: NOW,
      shown: shownAuth(OAUTH),
    };
    await putConnection(tables, secrets, connection, OAUTH);
    const row = await tables.selectFrom("event_connections").selectAll().executeTakeFirstOrThrow();
    expect(`${row.connection}${Buffer.from(row.secret ?? []).toString("latin1")}`).not.toContain("s3cret");
    expect(await findConnection(tables, PLACE, "hook")).toEqual(connection);
    expect((await openConnection(tables, secrets, arn))?.auth).toEqual(OAUTH);
    const otherKey = new SecretBox(new Uint8Array(32).fill(1), systemRandom);
    await expect(openConnection(tables, otherKey, arn)).rejects.toThrow("decrypt a secret");
    await putConnection(tables, secrets, connection, undefined);
    expect(await openConnection(tables, secrets, arn)).toBeUndefined();
  });
});

describe("checkEndpoint()", () => {
  test.each(["https://example.com/hook", "https://example.com/*/run?to=*", "http://10.0.0.7:8080/hook"])(
    "takes %s",
    (url) => {
      expect(() => checkEndpoint("InvocationEndpoint", url)).not.toThrow();
    },
  );

  test.each([
    "hook",
    "ftp://example.com/hook",
    "https://",
    "https://ann:secret@example.com/",
    "https://*.example.com/",
    "https://example.com\\@evil.example/",
    "https://example.com/#there",
  ])("refuses %s", (url) => {
    expect(() => checkEndpoint("InvocationEndpoint", url)).toThrow(
      "Parameter InvocationEndpoint is not valid. Reason: ",
    );
  });
});
