import { execFileSync, spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startServer, type TestServer } from "../server.ts";
import { whySkipped } from "./clients.ts";
import { startGateway } from "./gateway/gateway-run.ts";
import { MOTO_MISSING, startMoto } from "./gateway/moto.ts";
import { startProcess } from "./gateway/process.ts";
import { freePort, MAIL_MISSING } from "./receivers.ts";

const AWS = "/usr/bin/aws";
const PYPI_AWS = ".venv/bin/aws";
const PYTHON = ".venv/bin/python";

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

test.skipIf(!existsSync(PYPI_AWS))(
  `the README's trail validates, and one flipped byte is named by both validators (${PYPI_AWS})`,
  async () => {
    const intervals = blockWith("npm start -- --trails-delivery-interval").trim().split(" ").slice(3);
    // What is immutable can be removed only afterwards.
    const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-readme-"));
    const audited = await startServer({ dataDirectory, flags: [...intervals, "--buckets-immutable", "true"] });
    try {
      const before = blockWith("export AWS_SHARED_CREDENTIALS_FILE").split("\n").slice(0, 2).join("\n");
      const asReader = (text: string): string =>
        text.replaceAll("http://127.0.0.1:4580", audited.endpoint).replaceAll("$PWD/opentrail-data", dataDirectory);
      const environment = { PATH: `${resolve(dirname(PYPI_AWS))}:${process.env["PATH"]}`, HOME: dataDirectory };
      const run = (script: string): string => {
        const args = ["-eo", "pipefail", "-c", `exec 2>&1\n${asReader(script)}`];
        const { status, stdout } = spawnSync("bash", args, { env: environment, encoding: "utf8" });
        expect({ status, stdout }).toEqual({ status: 0, stdout });
        return stdout;
      };
      const kept = run(`${before}\n${blockWith("create-trail --name for-ever")}`);
      expect(kept).toContain("All is well.");
      expect(kept).toMatch(/Digest file\ts3:\/\/audit-log\/.*\tvalid/);
      expect(kept).toMatch(/Log file\ts3:\/\/audit-log\/.*\tvalid/);
      expect(kept).not.toContain("INVALID");
      expect(kept.match(/^(\d+)\/\1 log files valid$/gm)).toHaveLength(2);

      const variables = `export AWS_ENDPOINT_URL=http://127.0.0.1:4580 AWS_DEFAULT_REGION=us-east-1
        trail=arn:aws:cloudtrail:us-east-1:123456789012:trail/for-ever`;
      const flipped = run(`${before}\n${variables}\n${blockWith("chattr -i")}`);
      expect(flipped.match(/^Log file\ts3:\/\/audit-log\/\S+\.json\.gz\tINVALID: /gm)).toHaveLength(2);
      expect(flipped).toContain("the AWS CLI names the file");
      expect(flipped).toContain("and so does OpenTrail");
    } finally {
      await audited.stop();
      spawnSync("chattr", ["-R", "-i", dataDirectory]);
      rmSync(dataDirectory, { recursive: true, force: true });
    }
  },
  90_000,
);

test.skipIf(!existsSync(AWS) || MOTO_MISSING !== undefined || MAIL_MISSING !== undefined)(
  `the README's rule mails and calls a webhook when Jo tries in vain to delete a table${whySkipped(MOTO_MISSING ?? MAIL_MISSING)}`,
  async () => {
    const [moto, mailPort, hookPort] = [await startMoto(), await freePort(), await freePort()];
    const files = mkdtempSync(join(tmpdir(), "opentrail-readme-"));
    const ported = (text: string): string =>
      text
        .replaceAll("127.0.0.1:2525", `127.0.0.1:${mailPort}`)
        .replaceAll(/127\.0\.0\.1(:|", )8000/g, `127.0.0.1$1${hookPort}`);
    const [programs = "", flags = ""] = ported(blockWith("python -u -m aiosmtpd")).split("npm start -- ");
    const receivers = await startProcess(
      "bash",
      [
        "-c",
        `cd ${files}\n${programs.replace(/^.*pip install.*$/m, "").replace(".moto/bin/python", resolve(PYTHON))}\necho started; wait`,
      ],
      { ready: /started/, readyMs: 5_000, environment: { PATH: process.env["PATH"] ?? "" }, group: true },
    );
    const config = yamlOf(blockWith("opentrail.yaml")).replace("http://127.0.0.1:5000", moto.endpoint);
    const gateway = await startGateway({ config }, { flags: flags.trim().split(" ") });
    try {
      const { server } = gateway;
      const before = blockWith("export AWS_SHARED_CREDENTIALS_FILE").split("\n").slice(0, 2).join("\n");
      const run = (script: string): string => {
        const text = ported(`cd ${files}\n${before}\nexport AWS_DEFAULT_REGION=us-east-1\n${script}`)
          .replaceAll("http://127.0.0.1:4580", server.endpoint)
          .replaceAll("bin/opentrail.js", resolve("bin/opentrail.js"))
          .replaceAll("$PWD/opentrail-data", server.dataDirectory);
        const environment = {
          PATH: `/usr/bin:${process.env["PATH"]}`,
          HOME: server.dataDirectory,
          AWS_ENDPOINT_URL: server.endpoint,
        };
        return execFileSync("bash", ["-eo", "pipefail", "-c", text], { env: environment, encoding: "utf8" });
      };
      expect(run(blockWith("--group-name juniors"))).toContain("<ConfirmSubscriptionResponse");
      const said = run(blockWith("--user-name Jo --query"));
      expect(said).toContain("as it should be");
      const events = said.split(/\r?\n/).filter((line) => line.startsWith('{"version":"0"'));
      expect(events.map((line) => JSON.parse(line) as unknown)).toEqual([DENIED, DENIED]);
      expect(said).toMatch(/ delivered +1 +api-destination /);
      expect(said).toMatch(/ delivered +1 +email +owner@example\.org /);
    } finally {
      await gateway.server.stop();
      await Promise.all([moto.stop(), receivers.stop()]);
      rmSync(files, { recursive: true, force: true });
    }
  },
  60_000,
);

/** What both the mail and the webhook bring. */
const DENIED = expect.objectContaining({
  source: "aws.dynamodb",
  "detail-type": "AWS API Call via CloudTrail",
  detail: expect.objectContaining({
    eventName: "DeleteTable",
    errorCode: "AccessDenied",
    sourceIPAddress: "127.0.0.1",
    userIdentity: expect.objectContaining({ type: "IAMUser", userName: "Jo" }),
    requestParameters: { tableName: "orders" },
  }),
});

function blockWith(text: string): string {
  const found = blocks().find((block) => block.includes(text));
  if (found === undefined) throw new Error(`the README has no commands with ${text}`);
  return found;
}

/** The configuration that a block of commands writes. */
function yamlOf(block: string): string {
  return /<<'EOF'\n([\s\S]*?)\nEOF/.exec(block)?.[1] ?? "";
}
