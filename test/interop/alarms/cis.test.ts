import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CreateBucketCommand, PutBucketPolicyCommand } from "@aws-sdk/client-s3";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { callerOf } from "../../calls.ts";
import { startGatewayServer } from "../../gateway-process.ts";
import type { TestServer } from "../../server.ts";
import { ACCOUNT, bucketPolicy, s3Of, until } from "../../trail.ts";
import { CLIENTS, PYTHON, whySkipped } from "../clients.ts";
import { type Moto, MOTO_MISSING, startMoto } from "../gateway/moto.ts";
import { startWebhook, type Webhook } from "../receivers.ts";

const CLI = CLIENTS.find(({ name }) => name === "newest AWS CLI of PyPI");
const MISSING = CLI?.missing ?? MOTO_MISSING;
const GROUP = "CloudTrail/logs";
const BUCKET = "cis-logs";
const TRAIL = "cis";
const ROLE = "CloudTrail_CloudWatchLogs_Role";
const TOPIC = `arn:aws:sns:us-east-1:${ACCOUNT}:cis`;
const NAMESPACE = "LogMetrics";

/** The filters as the CIS AWS Foundations Benchmark prints them, with its numbers of version 1.2. */
const CONTROLS = {
  RootAccountUsage: `{$.userIdentity.type="Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType !="AwsServiceEvent"}`,
  SecurityGroupChanges: `{($.eventName=AuthorizeSecurityGroupIngress) || ($.eventName=AuthorizeSecurityGroupEgress) || ($.eventName=RevokeSecurityGroupIngress) || ($.eventName=RevokeSecurityGroupEgress) || ($.eventName=CreateSecurityGroup) || ($.eventName=DeleteSecurityGroup)}`,
} as const;

interface Key {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

interface AlarmMessage {
  readonly AlarmName: string;
  readonly OldStateValue: string;
  readonly NewStateValue: string;
}

describe.skipIf(MISSING !== undefined)(`alarms of the CIS benchmark${whySkipped(MISSING)}`, () => {
  let directory: string;
  let moto: Moto;
  let hook: Webhook;
  let server: TestServer;
  let admin: Key;

  beforeAll(async () => {
    moto = await startMoto();
    hook = await startWebhook();
    directory = mkdtempSync(join(tmpdir(), "opentrail-cis-"));
    // Buckets are OpenTrail's own, machines are moto's.
    const routes = [{ name: "machines", upstream: moto.endpoint, match: { service: "ec2" } }];
    const flags = ["--targets-allow", "127.0.0.0/8"];
    server = await startGatewayServer({ routes }, { dataDirectory: join(directory, "data"), flags });
    admin = await makeAdmin(server);
  });
  afterAll(async () => {
    await Promise.all([server.stop(), hook.stop()]);
    await moto.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const run = async (command: string, args: readonly string[], key: Key = admin): Promise<unknown> => {
    const child = spawn(command, args, {
      env: {
        PATH: process.env["PATH"] ?? "",
        HOME: "/nonexistent",
        AWS_ENDPOINT_URL: server.endpoint,
        AWS_ACCESS_KEY_ID: key.accessKeyId,
        AWS_SECRET_ACCESS_KEY: key.secretAccessKey,
        AWS_DEFAULT_REGION: "us-east-1",
        AWS_PAGER: "",
      },
    });
    let [out, err] = ["", ""];
    child.stdout.on("data", (chunk: Buffer) => (out += chunk.toString()));
    child.stderr.on("data", (chunk: Buffer) => (err += chunk.toString()));
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`${args.slice(0, 3).join(" ")}: ${err}`);
    return out.trim() === "" ? {} : JSON.parse(out);
  };
  const aws = (...args: readonly string[]): Promise<unknown> => run(CLI?.command ?? "", [...args, "--output", "json"]);
  /** The last expression of a script that has boto3, as JSON. */
  const boto3 = (script: string): Promise<unknown> =>
    run(PYTHON, ["-c", `import boto3, json, datetime\ncloudwatch = boto3.client("cloudwatch")\n${script}`]);

  const heard = (): readonly AlarmMessage[] =>
    hook.requests
      .filter(({ headers }) => headers["x-amz-sns-message-type"] === "Notification")
      .map(({ body }) => JSON.parse((JSON.parse(body) as { Message: string }).Message) as AlarmMessage);
  const heardOf = (name: string): Promise<readonly AlarmMessage[]> =>
    until(
      name,
      () => heard().filter(({ AlarmName }) => AlarmName === name),
      ({ length }) => length > 0,
    );

  test("are set up with the AWS command line as published", async () => {
    await makeBucket(server, admin);
    await aws("logs", "create-log-group", "--log-group-name", GROUP);
    const group = `arn:aws:logs:us-east-1:${ACCOUNT}:log-group:${GROUP}:*`;
    const trust = { Effect: "Allow", Principal: { Service: "cloudtrail.amazonaws.com" }, Action: "sts:AssumeRole" };
    const may = { Effect: "Allow", Action: ["logs:CreateLogStream", "logs:PutLogEvents"], Resource: group };
    const named = ["--role-name", ROLE];
    await aws("iam", "create-role", ...named, "--assume-role-policy-document", policy(trust));
    await aws("iam", "put-role-policy", ...named, "--policy-name", "logs", "--policy-document", policy(may));
    const role = `arn:aws:iam::${ACCOUNT}:role/${ROLE}`;
    const logs = ["--cloud-watch-logs-log-group-arn", group, "--cloud-watch-logs-role-arn", role];
    await aws(
      "cloudtrail",
      "create-trail",
      "--name",
      TRAIL,
      "--s3-bucket-name",
      BUCKET,
      "--is-multi-region-trail",
      ...logs,
    );
    await aws("cloudtrail", "start-logging", "--name", TRAIL);
    await aws("sns", "create-topic", "--name", "cis");
    const subscription = { TopicArn: TOPIC, Protocol: "http", Endpoint: hook.url };
    await aws("sns", "subscribe", "--cli-input-json", JSON.stringify(subscription));
    const [token] = await until(
      "the token",
      () => hook.requests,
      ({ length }) => length > 0,
    );
    const { Token } = JSON.parse(token?.body ?? "{}") as { Token: string };
    await aws("sns", "confirm-subscription", "--topic-arn", TOPIC, "--token", Token);
    await Promise.all(
      Object.entries(CONTROLS).map(async ([name, pattern]) => {
        const metric = `metricName=${name},metricNamespace=${NAMESPACE},metricValue=1`;
        const filter = ["--filter-name", name, "--filter-pattern", pattern, "--metric-transformations", metric];
        await aws("logs", "put-metric-filter", "--log-group-name", GROUP, ...filter);
        const rule = ["--statistic", "Sum", "--period", "300", "--threshold", "1", "--evaluation-periods", "1"];
        const when = ["--comparison-operator", "GreaterThanOrEqualToThreshold", "--alarm-actions", TOPIC];
        const of = ["--alarm-name", name, "--metric-name", name, "--namespace", NAMESPACE];
        await aws("cloudwatch", "put-metric-alarm", ...of, ...rule, ...when);
      }),
    );
    expect(heard()).toEqual([]);
  }, 120_000);

  test("call when a security group is changed behind the gateway, and only the one whose control it is", async () => {
    const rule = ["--protocol", "tcp", "--port", "22", "--cidr", "0.0.0.0/0"];
    await aws("ec2", "authorize-security-group-ingress", "--group-name", "default", ...rule);
    const messages = await heardOf("SecurityGroupChanges");
    expect(messages).toMatchObject([
      { OldStateValue: "INSUFFICIENT_DATA", NewStateValue: "ALARM", Trigger: { MetricName: "SecurityGroupChanges" } },
    ]);
    expect(await aws("cloudwatch", "describe-alarms", "--state-value", "ALARM")).toMatchObject({
      MetricAlarms: [{ AlarmName: "SecurityGroupChanges", ActionsEnabled: true }],
    });
  }, 60_000);

  test("call when root does anything", async () => {
    await run(CLI?.command ?? "", ["iam", "list-users"], server.root);
    expect(await heardOf("RootAccountUsage")).toMatchObject([
      {
        OldStateValue: "INSUFFICIENT_DATA",
        NewStateValue: "ALARM",
        NewStateReason: expect.stringMatching(/1 datapoint/) as string,
      },
    ]);
  }, 60_000);

  test("show the same by their history and both ways to ask for metrics", async () => {
    const times = `now = datetime.datetime.now(datetime.timezone.utc)
start, end = now - datetime.timedelta(hours=1), now + datetime.timedelta(minutes=5)
of = dict(Namespace="${NAMESPACE}", MetricName="SecurityGroupChanges")`;
    const sums = await boto3(`${times}
points = cloudwatch.get_metric_statistics(**of, StartTime=start, EndTime=end, Period=300, Statistics=["Sum", "SampleCount"])["Datapoints"]
query = dict(Id="changes", MetricStat=dict(Metric=of, Period=300, Stat="Sum"))
data = cloudwatch.get_metric_data(MetricDataQueries=[query], StartTime=start, EndTime=end)["MetricDataResults"]
print(json.dumps([[point["Sum"] for point in points], [values["Values"] for values in data]]))`);
    expect(sums).toEqual([[1], [[1]]]);
    const history = ["--alarm-name", "SecurityGroupChanges", "--history-item-type"];
    const { AlarmHistoryItems: changes } = (await aws(
      "cloudwatch",
      "describe-alarm-history",
      ...history,
      "StateUpdate",
    )) as {
      AlarmHistoryItems: readonly { HistorySummary: string }[];
    };
    expect(changes.map(({ HistorySummary }) => HistorySummary)).toEqual([
      "Alarm updated from INSUFFICIENT_DATA to ALARM",
    ]);
    expect(await aws("cloudwatch", "describe-alarm-history", ...history, "Action")).toMatchObject({
      AlarmHistoryItems: [{ HistorySummary: `Handed over action ${TOPIC}` }],
    });
  }, 60_000);

  test("set to OK by hand they call again at the next change", async () => {
    await boto3(`cloudwatch.set_alarm_state(AlarmName="SecurityGroupChanges", StateValue="OK", StateReason="looked into")
print("{}")`);
    const rule = ["--protocol", "tcp", "--port", "22", "--cidr", "0.0.0.0/0"];
    await aws("ec2", "revoke-security-group-ingress", "--group-name", "default", ...rule);
    const ofThis = (): readonly AlarmMessage[] =>
      heard().filter(({ AlarmName }) => AlarmName === "SecurityGroupChanges");
    const messages = await until("a second call", ofThis, ({ length }) => length > 1);
    expect(messages.slice(1)).toMatchObject([{ OldStateValue: "OK", NewStateValue: "ALARM" }]);
    const history = ["--alarm-name", "SecurityGroupChanges", "--history-item-type", "StateUpdate"];
    const { AlarmHistoryItems: changes } = (await aws("cloudwatch", "describe-alarm-history", ...history)) as {
      AlarmHistoryItems: readonly { HistorySummary: string; HistoryData: string }[];
    };
    expect(changes.map(({ HistorySummary }) => HistorySummary)).toEqual([
      "Alarm updated from OK to ALARM",
      "Alarm updated from ALARM to OK",
      "Alarm updated from INSUFFICIENT_DATA to ALARM",
    ]);
    expect(changes[1]?.HistoryData).toContain("looked into");
  }, 60_000);
});

function policy(statement: object): string {
  return JSON.stringify({ Version: "2012-10-17", Statement: [statement] });
}

/** Somebody who is not root and may do everything, so that root does nothing before it is watched. */
async function makeAdmin(server: TestServer): Promise<Key> {
  const call = callerOf(server);
  await call("iam", "CreateUser", { UserName: "admin" });
  const PolicyDocument = policy({ Effect: "Allow", Action: "*", Resource: "*" });
  await call("iam", "PutUserPolicy", { UserName: "admin", PolicyName: "all", PolicyDocument });
  const { output } = await call("iam", "CreateAccessKey", { UserName: "admin" });
  const { AccessKeyId, SecretAccessKey } = output["AccessKey"] as { AccessKeyId: string; SecretAccessKey: string };
  return { accessKeyId: AccessKeyId, secretAccessKey: SecretAccessKey };
}

async function makeBucket({ endpoint }: TestServer, root: Key): Promise<void> {
  const s3 = s3Of({ endpoint, root });
  await s3.send(new CreateBucketCommand({ Bucket: BUCKET }));
  await s3.send(new PutBucketPolicyCommand({ Bucket: BUCKET, Policy: bucketPolicy(BUCKET, TRAIL) }));
  s3.destroy();
}
