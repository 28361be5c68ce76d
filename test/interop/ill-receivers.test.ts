import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { healthOf } from "../calls.ts";
import { freePort } from "./receivers.ts";
import { rulesOf, type RulesWorld, type ToldDelivery } from "./rules/rules-world.ts";
import { startServer, type TestServer } from "../server.ts";
import { until } from "../trail.ts";
import { type Behaviour, type Hook, startHook } from "../fault/notifications-hook.ts";

const LARGE_BYTES = 10 * 1024 * 1024;

/** Does this so many times, and answers 200 from then on. */
function times(count: number, behaviour: Behaviour): Behaviour {
  let done = 0;
  return (call, response) => void (done++ < count ? behaviour(call, response) : response.end());
}

/** How receivers are ill, how often each is asked, and what the ledger has to say. */
const ILLNESSES: readonly (readonly [name: string, behaviour: Behaviour, told: Partial<ToldDelivery>])[] = [
  ["well", (_, response) => void response.end(), { State: "DELIVERED", Attempts: 1 }],
  [
    "answers-500-and-200-then",
    times(2, (_, response) => void response.writeHead(500).end()),
    { State: "DELIVERED", Attempts: 3, LastError: "the API destination answered 500" },
  ],
  [
    "closes-without-a-word",
    times(1, (_, response) => void response.destroy()),
    { State: "DELIVERED", Attempts: 2, LastError: expect.stringMatching(/^call 127\.0\.0\.1:\d+: /) as string },
  ],
  [
    "closes-in-its-answer",
    (_, response) => {
      response.writeHead(200, { "content-length": "100" }).write("half");
      setTimeout(() => response.destroy(), 20);
    },
    { State: "DELIVERED", Attempts: 1 },
  ],
  ["answers-10-megabytes", (_, response) => void response.end(Buffer.alloc(LARGE_BYTES)), { State: "DELIVERED" }],
  [
    "drips",
    (_, response) => {
      const dripping = setInterval(() => response.write("."), 50);
      response.on("close", () => clearInterval(dripping)).writeHead(200);
    },
    { State: "DELIVERED", Attempts: 1 },
  ],
  [
    "fills-its-head",
    // More than a head may have: there is no answer to read.
    (_, response) => void response.writeHead(200, { "x-much": "x".repeat(64 * 1024) }).end(),
    { State: "FAILED", Attempts: 2, LastError: expect.stringMatching(/Header|header/) as string },
  ],
  ["hangs", () => undefined, { State: "PENDING", Attempts: 0 }],
];

describe("receivers that are ill", () => {
  const hooks = new Map<string, Hook>();
  const got = (name: string, path = "/"): readonly string[] => hooks.get(name)?.got(path) ?? [];
  let server: TestServer;
  let world: RulesWorld;

  beforeAll(async () => {
    // Each on a port of its own: connections are kept for whoever comes next to the same.
    for (const [name, behaviour] of ILLNESSES) {
      const hook = await startHook();
      hook.behave("/", behaviour);
      hooks.set(name, hook);
    }
    const smtp = `smtp://127.0.0.1:${await freePort()}`;
    server = await startServer({ flags: ["--targets-allow", "127.0.0.0/8", "--smtp-url", smtp] });
    world = rulesOf(server);
  });
  afterAll(async () => {
    // What hangs would be waited for.
    await server.kill();
    for (const hook of hooks.values()) await hook.stop();
  });

  test("get what is theirs once they can take it, and keep nothing from anybody", async () => {
    const owners = new Map<string, string>();
    for (const [name, hook] of hooks) {
      const Arn = await world.destination(name, hook.url);
      const RetryPolicy = { MaximumRetryAttempts: name === "fills-its-head" ? 1 : 185 };
      owners.set(name, await world.rule(name, { source: ["shop"] }, [{ Id: name, Arn, RetryPolicy }]));
    }
    const id = await world.put("shop", { order: 1 });
    for (const [name, , told] of ILLNESSES) {
      const OwnerArn = owners.get(name) ?? "";
      const found = await until(
        name,
        () => world.deliveries({ OwnerArn }),
        ([one]) => one?.State === told.State,
      );
      expect(found).toMatchObject([{ ...told, TargetId: name, EventId: id }]);
      const asked = told.State === "PENDING" ? 1 : (told.Attempts ?? 1);
      expect(got(name).map((body) => (JSON.parse(body) as { id: string }).id)).toEqual(
        Array.from({ length: asked }, () => id),
      );
    }
    // What one of them did to the server would show in what the others of the next event get.
    const next = await world.put("shop", { order: 2 });
    const isThere = (bodies: readonly string[]): boolean => bodies.some((body) => body.includes(next));
    for (const name of ["well", "answers-10-megabytes", "closes-in-its-answer"]) {
      await until(`${name}, once more`, () => got(name), isThere);
    }
    expect((await healthOf(server)).status).toBe(200);
  });

  test("a mail server that is down delays nobody; the ledger says why the mail waits", async () => {
    const TopicArn = String((await world.call("sns", "CreateTopic", { Name: "news" })).output["TopicArn"]);
    const subscribe = (Protocol: string, Endpoint: string) =>
      world.call("sns", "Subscribe", { TopicArn, Protocol, Endpoint, ReturnSubscriptionArn: true });
    const { SubscriptionArn: OwnerArn } = (await subscribe("email", "owner@example.org")).output;
    const { url = "" } = hooks.get("well") ?? {};
    expect((await subscribe("http", `${url}/news`)).code).toBe("");
    await until(
      "the webhook's token",
      () => got("well", "/news"),
      ({ length }) => length === 1,
    );
    const hasFailed = ([mail]: readonly ToldDelivery[]): boolean => (mail?.Attempts ?? 0) > 0;
    const mails = await until("an attempt", () => world.deliveries({ OwnerArn }), hasFailed);
    const LastError = expect.stringContaining("ECONNREFUSED") as string;
    expect(mails).toMatchObject([{ Kind: "email", State: "PENDING", LastError }]);
  });
});
