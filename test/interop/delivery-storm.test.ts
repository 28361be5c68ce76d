import { randomUUID } from "node:crypto";
import { expect, test } from "vitest";
import { type Answered, allRecords, type Caller, callerOf, healthOf } from "../calls.ts";
import { rulesOf, type RulesWorld } from "./rules/rules-world.ts";
import { startServer } from "../server.ts";
import { until } from "../trail.ts";
import { startHook, startSilence } from "../fault/notifications-hook.ts";

/** Half of them hang. */
const LANES = 200;
const TARGETS_PER_RULE = 5;
const EVENTS = 5;
const CLIENTS = 10;
const CALLS_EACH = 20;

test(`${LANES} receivers of which half hang: the others get theirs, calls are answered and recorded`, async () => {
  const [hook, silence] = [await startHook(), await startSilence()];
  const server = await startServer({ flags: ["--targets-allow", "127.0.0.0/8"] });
  const world = rulesOf(server);
  const hanging = async (): Promise<number> => {
    const stats = (await healthOf(server)).body["notifications"] as { readonly deliveries: { inFlight: number } };
    return stats.deliveries.inFlight;
  };
  const allHang = (): Promise<number> => until("all that hang", hanging, (count) => count >= LANES / 2);
  try {
    await makeLanes(world, (lane) =>
      lane % 2 === 0 ? `${hook.url}/${lane}` : `http://127.0.0.1:${silence.port}/${lane}`,
    );
    const ids: string[] = [];
    for (let event = 0; event < EVENTS; event++) ids.push(await world.put("storm", { event }));
    await allHang();
    const answered = (await Promise.all(Array.from({ length: CLIENTS }, () => createUsers(callerOf(server))))).flat();
    await allHang();
    expect(answered.filter(({ status }) => status !== 200)).toEqual([]);
    const isDone = (): boolean => ids.every((id) => lanesWith(id).length === LANES / 2);
    const lanesWith = (id: string): readonly number[] =>
      Array.from({ length: LANES / 2 }, (_, n) => 2 * n).filter((lane) =>
        hook.got(`/${lane}`).some((body) => body.includes(id)),
      );
    await until("everybody who listens has everything", isDone, (done) => done);
    const recorded = new Set((await allRecords(world.call)).map(({ requestID }) => requestID));
    expect(answered.filter(({ requestId }) => !recorded.has(requestId))).toEqual([]);
    expect(await world.deliveries({ State: "FAILED" })).toEqual([]);
    expect(await world.deliveries({ State: "PENDING" })).toHaveLength((LANES / 2) * EVENTS);
  } finally {
    // What hangs would be waited for.
    await server.kill();
    await hook.stop();
    await silence.stop();
  }
});

async function createUsers(call: Caller): Promise<readonly Answered[]> {
  const answered: Answered[] = [];
  while (answered.length < CALLS_EACH) answered.push(await call("iam", "CreateUser", { UserName: randomUUID() }));
  return answered;
}

/** An API destination for each, over one connection, and the rules that lead there. */
async function makeLanes(world: RulesWorld, urlOf: (lane: number) => string): Promise<void> {
  const { ConnectionArn } = await world.events("CreateConnection", {
    Name: "all",
    AuthorizationType: "API_KEY",
    AuthParameters: { ApiKeyAuthParameters: { ApiKeyName: "x-api-key", ApiKeyValue: "a-key" } },
  });
  const destination = async (lane: number): Promise<{ readonly Id: string; readonly Arn: unknown }> => {
    const { ApiDestinationArn } = await world.events("CreateApiDestination", {
      Name: `lane-${lane}`,
      ConnectionArn,
      InvocationEndpoint: urlOf(lane),
      HttpMethod: "POST",
    });
    return { Id: `lane-${lane}`, Arn: ApiDestinationArn };
  };
  for (let first = 0; first < LANES; first += TARGETS_PER_RULE) {
    const targets = await Promise.all(Array.from({ length: TARGETS_PER_RULE }, (_, n) => destination(first + n)));
    await world.rule(`lanes-${first}`, { source: ["storm"] }, targets);
  }
}
