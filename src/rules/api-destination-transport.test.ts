import { createServer, type IncomingMessage } from "node:http";
import type { AddressInfo } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { systemRandom } from "../core/index.ts";
import { type Delivery, openGuardedHttp, openHostLookup, type Transport } from "../deliveries/index.ts";
import { SecretBox } from "../identity/index.ts";
import { openApiDestinationTransport } from "./api-destination-transport.ts";
import { type ApiDestination, putApiDestination } from "./api-destinations.ts";
import type { Connection, ConnectionAuth } from "./connection.ts";
import { putConnection } from "./connections.ts";
import { openRulesTables } from "./rules.fixture.ts";
import { NOW, PLACE, SetClock } from "./tables.fixture.ts";

const ARN = `arn:aws:events:${PLACE.region}:${PLACE.account}`;
const BASIC: ConnectionAuth = { BasicAuthParameters: { Username: "ann", Password: "s3cret" } };

const DELIVERY: Delivery = {
  id: "1",
  owner: `${ARN}:rule/deploys`,
  target: "hook",
  kind: "api-destination",
  endpoint: `${ARN}:api-destination/hook/1`,
  eventId: "event-1",
  body: '{"a":1}',
  parameters: {},
  retry: { kind: "exponential", attemptsMax: 185, ageMaxMs: 86_400_000 },
  hops: 1,
  state: "pending",
  createdAt: NOW,
  dueAt: NOW,
  attempts: 0,
  deadLettered: false,
};

interface Request {
  readonly method: string | undefined;
  readonly path: string | undefined;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

type Answer = readonly [status: number, headers?: Readonly<Record<string, string>>, body?: string];

async function listen(
  answerTo: (request: Request) => Answer,
): Promise<{ readonly url: string; readonly requests: Request[] }> {
  const requests: Request[] = [];
  const server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on("data", (chunk: Buffer) => chunks.push(chunk));
    incoming.on("end", () => {
      const { method, url: path, headers } = incoming;
      const request = { method, path, headers, body: Buffer.concat(chunks).toString() };
      requests.push(request);
      const [status, given, body] = answerTo(request);
      response.writeHead(status, given).end(body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, requests };
}

async function open(url: string, auth: ConnectionAuth = BASIC, changes: Partial<ApiDestination> = {}, allows = true) {
  const tables = await openRulesTables();
  const secrets = new SecretBox(new Uint8Array(32), systemRandom);
  const clock = new SetClock();
  const connection: Connection = {
    arn: `${ARN}:connection/hook/1`,
    ...PLACE,
    name: "hook",
    authorizationType: "BASIC",
    state: "AUTHORIZED",
    createdAt: NOW,
    modifiedAt: NOW,
    authorizedAt: NOW,
  };
  await putConnection(tables, secrets, connection, auth);
  await putApiDestination(tables, {
    arn: DELIVERY.endpoint,
    ...PLACE,
    name: "hook",
    connectionArn: connection.arn,
    invocationEndpoint: `${url}/hook`,
    httpMethod: "POST",
    createdAt: NOW,
    modifiedAt: NOW,
    ...changes,
  });
  const transport = openApiDestinationTransport({
    tables,
    secrets,
    clock,
    request: openGuardedHttp({ guard: { allows: () => allows }, lookup: openHostLookup(clock) }),
    mark: ({ hops }) => `mark-${hops}`,
  });
  const deliver = (delivery: Partial<Delivery> = {}, signal = new AbortController().signal): ReturnType<Transport> =>
    transport({ ...DELIVERY, ...delivery }, signal);
  return { tables, secrets, clock, connection, deliver };
}

/** An authorization server that gives out t1, t2 …, and the API behind it, which knows the tokens of `valid`. */
async function listenOAuth(valid: (token: string) => boolean, expires_in?: number) {
  let given = 0;
  const server = await listen(({ path, headers }) => {
    if (path === "/hook") return [valid(headers.authorization?.replace("Bearer ", "") ?? "") ? 200 : 401];
    given += 1;
    return [200, {}, JSON.stringify({ access_token: `t${given}`, token_type: "Bearer", expires_in })];
  });
  const auth: ConnectionAuth = {
    OAuthParameters: {
      ClientParameters: { ClientID: "trail", ClientSecret: "s3cret&" },
      AuthorizationEndpoint: `${server.url}/token`,
      HttpMethod: "POST",
      OAuthHttpParameters: {
        HeaderParameters: [{ Key: "x-tenant", Value: "7" }],
        QueryStringParameters: [{ Key: "v", Value: "2" }],
        BodyParameters: [{ Key: "scope", Value: "events" }],
      },
    },
  };
  const tokens = () => server.requests.filter(({ path }) => path !== "/hook");
  return { ...server, auth, tokens };
}

describe("openApiDestinationTransport()", () => {
  test("delivers, with what connection and target say, and its mark", async () => {
    const { url, requests } = await listen(() => [204]);
    const { deliver } = await open(url, BASIC, { invocationEndpoint: `${url}/in/*`, httpMethod: "PUT" });
    const parameters = { PathParameterValues: ["prod"], QueryStringParameters: { v: "2" } };
    expect(await deliver({ parameters })).toEqual({ outcome: "delivered" });
    expect(requests).toMatchObject([
      {
        method: "PUT",
        path: "/in/prod?v=2",
        body: '{"a":1}',
        headers: {
          authorization: "Basic YW5uOnMzY3JldA==",
          "content-type": "application/json; charset=utf-8",
          "user-agent": "Amazon/EventBridge/ApiDestinations",
          "x-opentrail-delivery": "mark-1",
        },
      },
    ]);
  });

  test.each<[number, Readonly<Record<string, string>>, object]>([
    [200, {}, { outcome: "delivered" }],
    [302, { location: "/other" }, { outcome: "failed", error: "the API destination answered 302" }],
    [400, {}, { outcome: "failed", error: "the API destination answered 400" }],
    [401, {}, { outcome: "failed", error: "the API destination answered 401" }],
    [404, { "retry-after": "3" }, { outcome: "failed", error: "the API destination answered 404" }],
    [409, {}, { outcome: "retry", error: "the API destination answered 409" }],
    [429, { "retry-after": "3" }, { outcome: "retry", error: "the API destination answered 429", afterMs: 3000 }],
    [500, {}, { outcome: "retry", error: "the API destination answered 500" }],
    [
      503,
      { "retry-after": new Date(NOW + 90_000).toUTCString() },
      { outcome: "retry", error: "the API destination answered 503", afterMs: 90_000 },
    ],
    [503, { "retry-after": "soon" }, { outcome: "retry", error: "the API destination answered 503" }],
    [
      503,
      { "retry-after": "99999999" },
      { outcome: "retry", error: "the API destination answered 503", afterMs: 86_400_000 },
    ],
  ])("takes %s %j as it is meant", async (status, headers, expected) => {
    const { url, requests } = await listen(() => [status, headers, "Basic YW5uOnMzY3JldA== was wrong"]);
    const { deliver } = await open(url);
    expect(await deliver()).toEqual(expected);
    expect(requests).toHaveLength(1);
  });

  test("tries again where nobody answers", async () => {
    const { deliver } = await open("http://127.0.0.1:1");
    const result = await deliver();
    expect(result.outcome).toBe("retry");
    expect(JSON.stringify(result)).not.toContain("s3cret");
  });

  test("fails where the guard allows nobody", async () => {
    const { deliver } = await open("http://127.0.0.1:1", BASIC, {}, false);
    expect(await deliver()).toMatchObject({ outcome: "failed", error: expect.stringContaining("targets.allow") });
  });

  test("fails without destination or connection, and for another account's rules", async () => {
    const { url, requests } = await listen(() => [200]);
    const { deliver, tables, secrets, connection } = await open(url);
    const failure = async (delivery?: Partial<Delivery>) => {
      const result = await deliver(delivery);
      return result.outcome === "failed" ? result.error : result.outcome;
    };
    expect(await failure({ endpoint: `${ARN}:api-destination/other/1` })).toBe("the API destination does not exist");
    expect(await failure({ owner: "arn:aws:events:eu-central-1:210987654321:rule/theirs" })).toBe(
      "the API destination belongs to another account than the rule",
    );
    await putConnection(tables, secrets, connection, undefined);
    expect(await failure()).toBe("the API destination's connection is deauthorized or does not exist");
    expect(requests).toEqual([]);
  });

  test("fails when a path parameter is missing", async () => {
    const { deliver } = await open("http://127.0.0.1:1", BASIC, { invocationEndpoint: "http://127.0.0.1:1/*" });
    expect(await deliver()).toEqual({ outcome: "failed", error: "the target has no value for path parameter 1" });
  });

  test("spreads deliveries by the rate of the destination, and sends back what would wait too long", async () => {
    const { url, requests } = await listen(() => [200]);
    const { deliver, clock } = await open(url, BASIC, { ratePerSecond: 1 });
    expect(await deliver()).toEqual({ outcome: "delivered" });
    // Turns that are waited for, here by giving up.
    const gone = AbortSignal.abort();
    await expect(deliver({}, gone)).rejects.toThrow("aborted");
    await expect(deliver({}, gone)).rejects.toThrow("aborted");
    expect(await deliver()).toMatchObject({ outcome: "retry", afterMs: 3000 });
    clock.ms += 3000;
    expect(await deliver()).toEqual({ outcome: "delivered" });
    expect(requests).toHaveLength(2);
  });

  test("fetches an OAuth token as the connection says, and keeps it until it ends", async () => {
    const { url, auth, tokens, requests } = await listenOAuth(() => true, 3600);
    const { deliver, clock } = await open(url, auth);
    // All at once ask for one token.
    expect(await Promise.all([deliver(), deliver()])).toEqual([{ outcome: "delivered" }, { outcome: "delivered" }]);
    clock.ms += 3_500_000;
    await deliver();
    expect(tokens()).toMatchObject([
      {
        method: "POST",
        path: "/token?v=2",
        body: "grant_type=client_credentials&client_id=trail&client_secret=s3cret%26&scope=events",
        headers: { "content-type": "application/x-www-form-urlencoded; charset=utf-8", "x-tenant": "7" },
      },
    ]);
    clock.ms += 80_000;
    await deliver();
    expect(tokens()).toHaveLength(2);
    expect(requests.at(-1)?.headers.authorization).toBe("Bearer t2");
  });

  test("fetches the token anew once when it is refused", async () => {
    const { url, auth, tokens } = await listenOAuth((token) => token !== "t1");
    const { deliver } = await open(url, auth);
    expect(await deliver()).toEqual({ outcome: "delivered" });
    expect(await deliver()).toEqual({ outcome: "delivered" });
    expect(tokens()).toHaveLength(2);
  });

  test("gives up when the new token is refused too", async () => {
    const { url, auth, tokens } = await listenOAuth(() => false);
    const { deliver } = await open(url, auth);
    expect(await deliver()).toEqual({ outcome: "failed", error: "the API destination answered 401" });
    expect(tokens()).toHaveLength(2);
  });

  test("uses no token of a connection that was changed", async () => {
    const { url, auth, tokens } = await listenOAuth(() => true);
    const { deliver, tables, secrets, connection } = await open(url, auth);
    await deliver();
    await putConnection(tables, secrets, { ...connection, modifiedAt: NOW + 1 }, auth);
    await deliver();
    expect(tokens()).toHaveLength(2);
  });

  test.each<[string, Answer, string]>([
    ["refuses", [403, {}, "s3cret& is wrong"], "the authorization endpoint answered 403"],
    ["answers no JSON", [200, {}, "s3cret&"], "the answer is not JSON"],
    ["answers no token", [200, {}, '{"token":"s3cret&"}'], "the answer has no access_token"],
    ["answers what no header may have", [200, {}, '{"access_token":"a\\nb"}'], "the answer has no access_token"],
  ])("tries again, and repeats no secret, when the authorization server %s", async (_, answer, why) => {
    const { url } = await listen(() => answer);
    const { auth } = await listenOAuth(() => true);
    const OAuthParameters = { ...auth.OAuthParameters, AuthorizationEndpoint: `${url}/token` };
    const { deliver } = await open(url, { OAuthParameters } as ConnectionAuth);
    expect(await deliver()).toEqual({ outcome: "retry", error: `fetch an OAuth token: ${why}` });
  });
});
