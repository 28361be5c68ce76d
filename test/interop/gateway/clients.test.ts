import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditRecord } from "../../../src/record/index.ts";
import { CLIENTS, whySkipped } from "../clients.ts";
import { checkAttempts, markOf } from "./check-attempts.ts";
import { commandProblems } from "./check-commands.ts";
import { CommandLine, keepShop, storeFiles } from "./cli-story.ts";
import { type Gateway, startGateway } from "./gateway-run.ts";
import { jsStory } from "./js-story.ts";
import { MOTO_MISSING, type Moto, startMoto } from "./moto.ts";
import type { Attempt, OracleOptions } from "./oracle.ts";

const KEY = { accessKeyId: "AKIAORACLEORACLE0003", secretAccessKey: "nobody-here-knows-this-key" };

/** The command lines of the suite; each has its marks, and a name for what it makes. */
const COMMAND_LINES = CLIENTS.flatMap(({ name, missing, command }, index) =>
  command === undefined || missing !== undefined
    ? []
    : [{ name, command, mark: 2_000_000 + 1000 * index, made: `from-cli-${index}` }],
);

function optionsFor({ server, certificate }: Gateway): OracleOptions {
  const options = { endpoint: server.endpoint, credentials: KEY };
  return certificate === undefined ? options : { ...options, certificate };
}

describe.skipIf(MOTO_MISSING !== undefined)(`unmodified clients at the gateway${whySkipped(MOTO_MISSING)}`, () => {
  let moto: Moto;
  let attempts: readonly Attempt[];
  let records: readonly AuditRecord[];
  const commandLines: CommandLine[] = [];

  beforeAll(async () => {
    moto = await startMoto();
    const plain = await startGateway({ upstream: moto.endpoint });
    const secure = await startGateway({ upstream: moto.endpoint }, { tls: true });
    const days = COMMAND_LINES.map(async ({ command, mark, made }) => {
      const aws = new CommandLine(command, optionsFor(secure), mark);
      commandLines.push(aws);
      await storeFiles(aws, made);
      await keepShop(aws, made);
    });
    [attempts] = await Promise.all([jsStory(optionsFor(plain), "from-js"), ...days]);
    records = [...(await plain.records()), ...(await secure.records())];
  }, 120_000);
  afterAll(async () => {
    for (const aws of commandLines) aws.close();
    await moto?.stop();
  });

  test("the SDK for JavaScript's day is recorded as it was", () => {
    const marks = new Set(attempts.map(({ mark }) => mark));
    const { problems } = checkAttempts(
      attempts,
      records.filter((record) => marks.has(markOf(record) ?? -1)),
    );
    expect(problems).toEqual({});
    expect(attempts.length).toBeGreaterThan(30);
  });

  test.each(COMMAND_LINES)("what $name says that it called is what is recorded", ({ mark }) => {
    const aws = commandLines.find(({ commands }) => commands[0]?.mark === mark);
    expect(commandProblems(aws?.commands ?? [], records)).toEqual([]);
    expect(aws?.commands.length).toBeGreaterThan(15);
  });
});
