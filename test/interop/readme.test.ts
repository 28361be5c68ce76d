import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { whySkipped } from "./clients.ts";
import { startGateway } from "./gateway/gateway-run.ts";
import { MOTO_MISSING, startMoto } from "./gateway/moto.ts";

const AWS = "/usr/bin/aws";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  await server.stop();
});

/** The README's blocks of commands, as a reader would paste them. */
function blocks(): readonly string[] {
  return [...readFileSync("README.md", "utf8").matchAll(/```bash\n([\s\S]*?)```/g)].map(([, text]) => text ?? "");
}

test.skipIf(!existsSync(AWS))(
  `the README's story shows John, Mary, the time, the address and the client (${AWS})`,
  () => {
    const story = blocks().find((text) => text.includes("--user-name Mary")) ?? "";
    const script = story
      .replaceAll("http://127.0.0.1:4580", server.endpoint)
      .replaceAll("$PWD/opentrail-data", server.dataDirectory);
    expect(script).not.toBe(story);
    const environment = { PATH: `/usr/bin:${process.env["PATH"]}`, HOME: server.dataDirectory };
    const output = execFileSync("bash", ["-eo", "pipefail", "-c", script], { env: environment, encoding: "utf8" });
    const answer = JSON.parse(output.slice(output.lastIndexOf('{\n    "Events"'))) as {
      Events: { CloudTrailEvent: string }[];
    };
    expect(answer.Events).toHaveLength(1);
    const record = JSON.parse(answer.Events[0]?.CloudTrailEvent ?? "{}") as Record<string, unknown>;
    expect(record).toMatchObject({
      userIdentity: { type: "IAMUser", userName: "John" },
      eventName: "CreateUser",
      requestParameters: { userName: "Mary" },
      sourceIPAddress: "127.0.0.1",
      eventTime: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      userAgent: expect.stringContaining("aws-cli/"),
    });
  },
);

test.skipIf(!existsSync(AWS) || MOTO_MISSING !== undefined)(
  `the README's gateway records what Ann did, and what she was denied${whySkipped(MOTO_MISSING)}`,
  async () => {
    const moto = await startMoto();
    const gateway = await startGateway({
      config: yamlOf(blockWith("opentrail.yaml")).replace("http://127.0.0.1:5000", moto.endpoint),
    });
    try {
      const before = blockWith("export AWS_SHARED_CREDENTIALS_FILE").split("\n").slice(0, 2).join("\n");
      const script = `${before}\n${blockWith("--user-name Ann")}`
        .replaceAll("http://127.0.0.1:4580", gateway.server.endpoint)
        .replaceAll("$PWD/opentrail-data", gateway.server.dataDirectory);
      const environment = {
        PATH: `/usr/bin:${process.env["PATH"]}`,
        HOME: gateway.server.dataDirectory,
        AWS_ENDPOINT_URL: gateway.server.endpoint,
        OPENTRAIL_CONSOLE_URL: gateway.server.status,
      };
      const said = execFileSync("bash", ["-eo", "pipefail", "-c", script], { env: environment, encoding: "utf8" });
      const row = (name: string): string => said.split("\n").find((line) => line.includes(` ${name} `)) ?? "";
      expect(row("AuthorizeSecurityGroupIngress")).toMatch(/ Ann +127\.0\.0\.1 +ok +web/);
      expect(row("PutObject")).toMatch(/ Ann +127\.0\.0\.1 +ok +menu\/today\.txt/);
      expect(row("DeleteTable")).toMatch(/ Ann +127\.0\.0\.1 +AccessDenied +orders/);
      expect(said).toContain("as it should be");
      const records = await gateway.records();
      const denied = records.find(({ eventName }) => eventName === "DeleteTable");
      expect(denied).toMatchObject({
        userIdentity: { type: "IAMUser", userName: "Ann" },
        errorCode: "AccessDenied",
        requestParameters: { tableName: "orders" },
        additionalEventData: { outcome: "not-forwarded", route: "moto" },
      });
    } finally {
      await moto.stop();
    }
  },
  60_000,
);

function blockWith(text: string): string {
  const found = blocks().find((block) => block.includes(text));
  if (found === undefined) throw new Error(`the README has no commands with ${text}`);
  return found;
}

/** The configuration that a block of commands writes. */
function yamlOf(block: string): string {
  return /<<'EOF'\n([\s\S]*?)\nEOF/.exec(block)?.[1] ?? "";
}
