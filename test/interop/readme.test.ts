import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";

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
