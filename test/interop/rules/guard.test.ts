import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../../server.ts";
import { startWebhook, type Webhook } from "../receivers.ts";
import { REACH_THIS_MACHINE, rulesOf, type RulesWorld } from "./rules-world.ts";

let hook: Webhook;
let server: TestServer;
let world: RulesWorld;
let allowing: TestServer;

beforeAll(async () => {
  hook = await startWebhook();
  [server, allowing] = await Promise.all([startServer(), startServer({ flags: REACH_THIS_MACHINE })]);
  world = rulesOf(server);
});

afterAll(async () => {
  await Promise.all([server.stop(), allowing.stop()]);
  await hook.stop();
});

/** Ways to write an address of this machine that is none of the internet. */
const SPELLINGS = [
  "127.0.0.1",
  "localhost",
  "127.1",
  "2130706433",
  "0x7f.0.0.1",
  "0177.0.0.1",
  "0",
  "LocalHost",
  "127.0.0.1.",
];

test("loopback is refused however it is written, for webhooks and for token servers", async () => {
  const { port } = new URL(hook.url);
  const targets: { Id: string; Arn: string }[] = [];
  for (const [index, host] of SPELLINGS.entries()) {
    const Arn = await world.destination(`hook-${index}`, `http://${host}:${port}/${index}`);
    targets.push({ Id: `hook-${index}`, Arn });
  }
  const Arn = await world.destination("tokens", "http://192.0.2.1/", {
    AuthorizationType: "OAUTH_CLIENT_CREDENTIALS",
    AuthParameters: {
      OAuthParameters: {
        AuthorizationEndpoint: `${hook.url}/token`,
        HttpMethod: "POST",
        ClientParameters: { ClientID: "a", ClientSecret: "b" },
      },
    },
  });
  targets.push({ Id: "tokens", Arn });
  const owners: string[] = [];
  for (let from = 0; from < targets.length; from += 5) {
    owners.push(await world.rule(`guard-${from}`, { source: ["guard"] }, targets.slice(from, from + 5)));
  }
  await world.put("guard", {});
  for (const [index, owner] of owners.entries()) {
    const ended = await world.ended(owner, Math.min(targets.length - index * 5, 5));
    for (const { State, Attempts, LastError } of ended) {
      expect({ State, Attempts, LastError }).toEqual({
        State: "FAILED",
        Attempts: 1,
        LastError: expect.stringMatching(/^address [\d.:]+ of .+ is not allowed; allow it with targets\.allow$/),
      });
    }
  }
  expect(hook.requests).toEqual([]);
});

test("a redirect is not followed, not even to where everything is allowed", async () => {
  const redirecting = createServer((_, response) => {
    response.writeHead(307, { location: `${hook.url}/redirected` }).end();
  });
  await new Promise<void>((listening) => redirecting.listen(0, "127.0.0.1", listening));
  const allowed = rulesOf(allowing);
  const Arn = await allowed.destination("moved", `http://127.0.0.1:${(redirecting.address() as AddressInfo).port}/`);
  const owner = await allowed.rule("moved", { source: ["moved"] }, [{ Id: "moved", Arn }]);
  await allowed.put("moved", {});
  expect(await allowed.ended(owner, 1)).toMatchObject([
    { State: "FAILED", Attempts: 1, LastError: "the API destination answered 307" },
  ]);
  redirecting.closeAllConnections();
  redirecting.close();
  expect(hook.requests).toEqual([]);
});

test.each(["http://[::1]:80/", "file:///etc/passwd", "gopher://127.0.0.1/", "127.0.0.1"])(
  "an API destination at %s is refused",
  async (InvocationEndpoint) => {
    const connection = await world.events("DescribeConnection", { Name: "hook-0" });
    const { code } = await world.call("events", "CreateApiDestination", {
      Name: "odd",
      ConnectionArn: connection["ConnectionArn"],
      InvocationEndpoint,
      HttpMethod: "POST",
    });
    expect(code).toBe("ValidationException");
  },
);
