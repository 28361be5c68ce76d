import { setTimeout as sleep } from "node:timers/promises";
import { Command } from "commander";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { eventOf } from "./events.fixture.ts";
import { HistoryServer } from "./history-server.fixture.ts";
import { addClientCommands } from "./index.ts";

const NOW = Date.parse("2026-08-01T12:00:00Z");
const MARY = "0ebbaee4-6c3a-4d2e-9b0f-0f1e2d3c4b5a";

let server: HistoryServer;
let endpoint: string;
beforeEach(async () => {
  server = new HistoryServer();
  endpoint = await server.listen();
});
afterEach(() => server.close());

class Exit extends Error {
  readonly code: number;
  constructor(code: number) {
    super(`exit ${code}`);
    this.code = code;
  }
}

interface RunOptions {
  readonly terminal?: boolean;
  readonly columns?: number;
  readonly env?: Readonly<Record<string, string>>;
}

/** One run of the command; `stop` is Ctrl-C. */
class Run {
  out = "";
  err = "";
  stop: () => void = () => undefined;
  readonly code: Promise<number>;

  constructor(words: readonly string[], { terminal = false, columns = 90, env = {} }: RunOptions) {
    const program = new Command("opentrail").version("1.2.3");
    const output = (write: (text: string) => void) => ({
      isTTY: terminal,
      columns,
      write: (text: string, done?: () => void) => {
        write(text);
        done?.();
      },
    });
    addClientCommands(program, {
      env: {
        AWS_ACCESS_KEY_ID: "AKIAJOHN",
        AWS_SECRET_ACCESS_KEY: "secret",
        AWS_ENDPOINT_URL: endpoint,
        AWS_SHARED_CREDENTIALS_FILE: "/nowhere/credentials",
        AWS_CONFIG_FILE: "/nowhere/config",
        ...env,
      },
      cwd: "/nowhere",
      stdout: output((text) => (this.out += text)),
      stderr: output((text) => (this.err += text)),
      clock: { now: () => NOW, elapsed: () => 0 },
      random: { bytes: (count) => new Uint8Array(count), uuid: () => "0" },
      sleep: (ms, signal) => sleep(ms / 100, undefined, { signal }),
      onInterrupt: (stop) => {
        this.stop = stop;
      },
      exit: (code) => {
        throw new Exit(code);
      },
    });
    this.code = program.parseAsync(["node", "opentrail", ...words]).then(
      () => 0,
      (thrown: unknown) => {
        if (thrown instanceof Exit) return thrown.code;
        throw thrown;
      },
    );
  }
}

async function run(words: string, options: RunOptions = {}) {
  const started = new Run(words.split(" "), options);
  return { code: await started.code, out: started.out, err: started.err };
}

describe("opentrail lookup", () => {
  test("prints a table, whole for the next program", async () => {
    server.events.push(eventOf(), eventOf({ eventID: "2", eventName: "DeleteUser", errorCode: "AccessDenied" }));
    expect(await run("lookup --utc")).toEqual({
      code: 0,
      err: "",
      out: [
        "TIME                 EVENT       WHO   FROM       OUTCOME       RESOURCE  SOURCE             ID",
        "2026-08-01 12:00:00  DeleteUser  John  192.0.2.7  AccessDenied  Mary      iam.amazonaws.com  2",
        `2026-08-01 12:00:00  CreateUser  John  192.0.2.7  ok            Mary      iam.amazonaws.com  ${MARY}`,
        "",
      ].join("\n"),
    });
  });

  test("colours for a terminal, and names the next step", async () => {
    server.events.push(eventOf());
    const { out } = await run("lookup --utc", { terminal: true });
    expect(out).toContain("\u001b[32mok");
    expect(out).toContain(`opentrail event ${MARY}`);
  });

  test("takes a terminal that does not know its width for one of 80 columns", async () => {
    server.events.push(eventOf());
    const { out } = await run("lookup --no-color", { terminal: true, columns: 0 });
    expect(out).toContain("CreateUser  John  192.0.2.7  ok");
  });

  test.each([
    ["--no-color", "lookup --no-color", {}],
    ["NO_COLOR", "lookup", { NO_COLOR: "1" }],
  ])("does without colours for %s", async (_, words, env) => {
    server.events.push(eventOf());
    expect((await run(words, { terminal: true, env })).out).not.toContain("\u001b");
  });

  test("lets nothing of a hostile record reach the terminal raw", async () => {
    const hostile = "\u001b]0;owned\u0007\u202e\n";
    const fields = {
      userAgent: hostile,
      sourceIPAddress: hostile,
      errorCode: hostile,
      eventName: hostile,
      eventID: hostile,
    };
    server.events.push(
      eventOf(fields, { Username: hostile, Resources: [{ ResourceType: hostile, ResourceName: hostile }] }),
    );
    for (const words of ["lookup --no-color", "lookup --json"]) {
      const { out } = await run(words, { terminal: true });
      expect(out.split("\n").length).toBeLessThanOrEqual(5);
      expect(out.replaceAll("\n", "")).not.toMatch(/[\p{Cc}\p{Cf}]/u);
    }
  });

  test("pages through until the limit, and asks for no more than it shows", async () => {
    server.events.push(...Array.from({ length: 130 }, (_, index) => eventOf({ eventID: String(index) })));
    const { out } = await run("lookup --limit 120 --json");
    const ids = out
      .trimEnd()
      .split("\n")
      .map((line) => (JSON.parse(line) as { eventID: string }).eventID);
    expect(ids).toEqual(Array.from({ length: 120 }, (_, index) => String(129 - index)));
    expect(server.bodies.map(({ MaxResults }) => MaxResults)).toEqual([50, 50, 20]);
  });

  test("says on a terminal that there is more", async () => {
    server.events.push(eventOf(), eventOf({ eventID: "2" }));
    expect((await run("lookup --limit 1", { terminal: true })).out).toContain("There are more: --limit 4");
  });

  test("sends its filters", async () => {
    await run("lookup --user John --writes --since 2h --until 1h");
    expect(server.bodies).toEqual([
      {
        LookupAttributes: [
          { AttributeKey: "Username", AttributeValue: "John" },
          { AttributeKey: "ReadOnly", AttributeValue: "false" },
        ],
        StartTime: NOW / 1000 - 7200,
        EndTime: NOW / 1000 - 3600,
        EventCategory: "all",
        MaxResults: 50,
      },
    ]);
  });

  test("says what it searched when there is nothing, and what to try", async () => {
    const { code, out, err } = await run("lookup --user Mary --since 2h --utc");
    expect({ code, out }).toEqual({ code: 0, out: "" });
    expect(err).toMatch(/^No events with Username Mary from 2026-08-01 10:00:00Z until now in us-east-1\. /);
    expect(err).toContain("upper and lower case");
  });

  test.each([
    ["lookup --limit 0", "whole number from 1"],
    ["lookup --limit 1.5", "whole number from 1"],
    ["lookup --since soon", "--since soon is no time"],
    ["lookup --read-only --writes", "cannot be used with option"],
    ["lookup --colour", "unknown option"],
    ["lookup --endpoint-url nowhere", "the endpoint nowhere"],
    ["event", "missing required argument"],
    ["look", "unknown command"],
  ])("ends with 2 for %s", async (words, message) => {
    const { code, out, err } = await run(words);
    expect({ code, out }).toEqual({ code: 2, out: "" });
    expect(err).toContain(message);
  });

  test("ends with 1 and one line when it is refused", async () => {
    server.behaviour = () => ({ status: 400, error: "AccessDeniedException" });
    const { code, err } = await run("lookup");
    expect(code).toBe(1);
    expect(err).toMatch(
      /^opentrail lookup: AccessDeniedException: no \(request request-1\); ask for the permission.*\n$/,
    );
  });

  test("ends with 1 and the way out when nobody listens", async () => {
    await server.close();
    const { code, err } = await run("lookup");
    expect(code).toBe(1);
    expect(err).toMatch(/^opentrail lookup: call http:.*ECONNREFUSED.*; start the server with "opentrail up".*\n$/);
    server = new HistoryServer();
    await server.listen();
  });
});

describe("opentrail event", () => {
  beforeEach(() => server.events.push(eventOf({ bytes: 1 })));

  test("prints the whole record for the next program", async () => {
    const { code, out } = await run(`event ${MARY}`);
    expect(code).toBe(0);
    expect(out).toMatch(/^\{\n {2}"eventVersion": "1.11",\n/);
    expect(JSON.parse(out)).toMatchObject({ eventID: MARY, requestParameters: { userName: "Mary" } });
  });

  test("tells it in words first on a terminal", async () => {
    const { out } = await run(`event ${MARY} --utc --no-color`, { terminal: true });
    expect(out.split("\n")[0]).toBe(
      "Mary created by John (IAMUser) from 192.0.2.7 with aws-cli/2.9.19 at 2026-08-01 12:00:00Z; allowed",
    );
  });

  test("prints the record as it is kept with --json", async () => {
    const { out } = await run(`event ${MARY} --json`, { terminal: true });
    expect(out).toBe(`${server.events[0]?.CloudTrailEvent}\n`);
  });

  test("finds Insights events too", async () => {
    server.events.push(eventOf({ eventID: "insight", insightDetails: { state: "Start" } }));
    expect((await run("event insight")).code).toBe(0);
  });

  test("ends with 3 when there is no such event", async () => {
    const { code, out, err } = await run("event nothing");
    expect({ code, out }).toEqual({ code: 3, out: "" });
    expect(err).toMatch(/^opentrail event: no event nothing in us-east-1; .*\n$/);
  });
});

describe("opentrail whoami", () => {
  test("tells who, where, and how that was found", async () => {
    const { code, out } = await run("whoami --region eu-west-1");
    expect(code).toBe(0);
    expect(out).toBe(
      [
        "Account      123456789012",
        "Arn          arn:aws:iam::123456789012:user/John",
        "UserId       AIDAJOHN",
        "Credentials  AKIAJOHN (AWS_ACCESS_KEY_ID)",
        "Region       eu-west-1 (--region)",
        `Endpoint     ${endpoint} (AWS_ENDPOINT_URL)`,
        "",
      ].join("\n"),
    );
  });

  test("answers programs with --json", async () => {
    expect(JSON.parse((await run("whoami --json")).out)).toEqual({
      Account: "123456789012",
      Arn: "arn:aws:iam::123456789012:user/John",
      UserId: "AIDAJOHN",
      accessKeyId: "AKIAJOHN",
      region: "us-east-1",
      endpoint,
    });
  });
});

describe("opentrail tail", () => {
  const later = (eventID: string, record: Readonly<Record<string, unknown>> = {}) =>
    eventOf({ eventID, eventTime: new Date(Date.now() + 1000).toISOString(), ...record });
  const idsOf = ({ out }: Run): readonly string[] =>
    out.split("\n").flatMap((line) => (line === "" ? [] : [(JSON.parse(line) as { eventID: string }).eventID]));

  test("shows what happens from now on, once, without its own calls, and ends with 0 at Ctrl-C", async () => {
    server.events.push(eventOf({ eventID: "past" }));
    server.behaviour = (_, call) => {
      const own = { eventName: "LookupEvents", requestID: `request-${call}` };
      server.events.push(later(`own ${call}`, own));
      return undefined;
    };
    const tail = new Run(["tail", "--json"], {});
    await vi.waitUntil(() => server.bodies.length >= 2);
    server.events.push(later("1"), later("2"));
    await vi.waitUntil(() => idsOf(tail).length > 0);
    const calls = server.bodies.length;
    await vi.waitUntil(() => server.bodies.length > calls + 10);
    tail.stop();
    expect(await tail.code).toBe(0);
    expect(idsOf(tail)).toEqual(["1", "2"]);
  });

  test("begins with --since, oldest first, in a table with one header", async () => {
    server.events.push(...["1", "2", "3"].map((eventID) => eventOf({ eventID })));
    const tail = new Run(["tail", "--since", "1h", "--utc"], {});
    await vi.waitUntil(() => tail.out.includes("3\n"));
    tail.stop();
    await tail.code;
    expect(tail.out.split("\n").map((line) => line.split(/\s+/).at(-1))).toEqual(["ID", "1", "2", "3", ""]);
  });

  test("says once that the server is away, and once that it is back", async () => {
    let away = false;
    server.behaviour = () => (away ? "reset" : undefined);
    const tail = new Run(["tail", "--json"], {});
    await vi.waitUntil(() => server.bodies.length >= 2);
    away = true;
    await vi.waitUntil(() => server.bodies.length >= 8, { timeout: 5000 });
    server.events.push(later("meanwhile"));
    away = false;
    await vi.waitUntil(() => tail.out !== "", { timeout: 5000 });
    tail.stop();
    expect(await tail.code).toBe(0);
    expect(idsOf(tail)).toEqual(["meanwhile"]);
    expect(tail.err.trimEnd().split("\n")).toEqual([
      expect.stringMatching(
        /^opentrail tail: call http:.*; see whether the server is well, and try again; waiting for it$/,
      ),
      "opentrail tail: the server is back",
    ]);
  });

  test("ends with 1 when it is refused", async () => {
    server.behaviour = () => ({ status: 400, error: "AccessDeniedException" });
    const tail = new Run(["tail"], {});
    expect(await tail.code).toBe(1);
  });
});

describe("--help", () => {
  test.each(["lookup", "tail", "event", "whoami"])("of %s shows examples and exit codes", async (command) => {
    const { code, out } = await run(`${command} --help`);
    expect(code).toBe(0);
    expect(out).toContain("Examples:\n  opentrail ");
    expect(out).toContain("Exit codes: 0 ");
  });
});
