import { CreateBucketCommand, PutBucketPolicyCommand, type S3Client } from "@aws-sdk/client-s3";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readCredentials } from "../server.ts";
import { ACCOUNT, keysOf, s3Of, trailArn } from "../trail.ts";
import type { Boto3 } from "./boto3-client.ts";
import { at, type Credentials, list, type Output, type Parameters } from "./client.ts";
import { BOTO3_MISSING, whySkipped } from "./clients.ts";
import { errorOf, outputOf, Run } from "./run.ts";
import {
  deliveredIn,
  FAST,
  isManagement,
  journalOf,
  lines,
  loggedTime,
  type Told,
  untilDelivered,
} from "./trail-world.ts";

const MEMBER = "210987654321";
const ORGANIZATION = "o-exampleorg1";
const HERE = "us-east-1";
const THERE = "eu-west-1";

interface TestTrail {
  readonly home: string;
  readonly settings: Parameters;
  readonly wants: (told: Told) => boolean;
}

const ofUs = ({ recipientAccountId }: Told): boolean => recipientAccountId === ACCOUNT;

const TRAILS: Readonly<Record<string, TestTrail>> = {
  globe: { home: HERE, settings: { IsMultiRegionTrail: true }, wants: ofUs },
  "no-globals": {
    home: HERE,
    settings: { IncludeGlobalServiceEvents: false },
    wants: (told) => ofUs(told) && told.awsRegion === HERE && told.eventSource !== "iam.amazonaws.com",
  },
  europe: { home: THERE, settings: {}, wants: (told) => ofUs(told) && told.awsRegion === THERE },
  everyone: {
    home: HERE,
    settings: { IsMultiRegionTrail: true, IsOrganizationTrail: true },
    wants: () => true,
  },
};

async function makeBucket(s3: S3Client, Bucket: string): Promise<void> {
  const Principal = { Service: "cloudtrail.amazonaws.com" };
  const allow = (Action: string, Resource: string): object => ({ Effect: "Allow", Principal, Action, Resource });
  const arn = `arn:aws:s3:::${Bucket}`;
  const Statement = [allow("s3:GetBucketAcl", arn), allow("s3:PutObject", `${arn}/AWSLogs/*`)];
  await s3.send(new CreateBucketCommand({ Bucket }));
  const Policy = JSON.stringify({ Version: "2012-10-17", Statement });
  await s3.send(new PutBucketPolicyCommand({ Bucket, Policy }));
}

describe.skipIf(BOTO3_MISSING !== undefined)(`trails of Regions and organizations${whySkipped(BOTO3_MISSING)}`, () => {
  const dataDirectory = mkdtempSync(join(tmpdir(), "opentrail-regions-"));
  let run: Run;
  let boto3: Boto3;
  let member: Credentials;
  let s3: S3Client;
  let journal: readonly Told[];
  const delivered = new Map<string, readonly Told[]>();
  const keys = new Map<string, readonly string[]>();
  const answers = new Map<string, Output>();
  const refusals: unknown[] = [];

  async function cloudtrail(
    operation: string,
    parameters: Parameters,
    region: string,
    credentials: Credentials = run.root,
  ): Promise<Output> {
    return outputOf(await run.boto3Call(boto3, "cloudtrail", operation, parameters, { region, credentials }));
  }
  async function refused(
    operation: string,
    parameters: Parameters,
    region: string,
    credentials: Credentials = run.root,
  ): Promise<void> {
    const answer = await run.boto3Call(boto3, "cloudtrail", operation, parameters, { region, credentials });
    refusals.push([operation, region, errorOf(answer).thrownAs]);
  }

  async function live(): Promise<void> {
    for (const credentials of [run.root, member]) {
      for (const region of [HERE, THERE]) {
        await cloudtrail("LookupEvents", { MaxResults: 1 }, region, credentials);
        outputOf(await run.boto3Call(boto3, "sts", "GetCallerIdentity", {}, { region, credentials }));
        const UserName = `of-${region}`;
        outputOf(await run.boto3Call(boto3, "iam", "CreateUser", { UserName }, { region, credentials }));
      }
    }
  }

  beforeAll(async () => {
    const flags = [...FAST, "--accounts", `${ACCOUNT},${MEMBER}`, "--organization-id", ORGANIZATION];
    run = await Run.start({ dataDirectory, flags });
    boto3 = run.boto3();
    member = readCredentials(join(dataDirectory, `root-credentials-${MEMBER}`));
    s3 = s3Of(run.server);
    for (const [Name, { home, settings }] of Object.entries(TRAILS)) {
      await makeBucket(s3, Name);
      await cloudtrail("CreateTrail", { Name, S3BucketName: Name, ...settings }, home);
      await cloudtrail("StartLogging", { Name }, home);
    }
    await live();
    for (const [where, credentials] of [
      ["here", run.root],
      ["member", member],
    ] as const) {
      answers.set(where, await cloudtrail("DescribeTrails", {}, HERE, credentials));
    }
    answers.set("there", await cloudtrail("DescribeTrails", {}, THERE));
    answers.set("there, no shadows", await cloudtrail("DescribeTrails", { includeShadowTrails: false }, THERE));
    await refused("StopLogging", { Name: "globe" }, THERE);
    await refused("UpdateTrail", { Name: trailArn("globe"), IsMultiRegionTrail: false }, THERE);
    await refused("StopLogging", { Name: trailArn("everyone") }, HERE, member);
    await refused("CreateTrail", { Name: "mine", S3BucketName: "globe", IsOrganizationTrail: true }, HERE, member);
    await fillQuota();
    for (const [Name, { home }] of Object.entries(TRAILS)) await cloudtrail("StopLogging", { Name }, home);
    await untilDelivered(run.server);
    answers.set("status there", await cloudtrail("GetTrailStatus", { Name: trailArn("globe") }, THERE));
    for (const name of Object.keys(TRAILS)) {
      delivered.set(name, await deliveredIn(s3, name));
      keys.set(name, await keysOf(s3, name));
    }
    s3.destroy();
    await run.server.stop();
    journal = await journalOf(dataDirectory);
  }, 60_000);
  afterAll(async () => {
    await run.stop();
    rmSync(dataDirectory, { recursive: true, force: true });
  });

  /** A shadow takes its place in a Region's five as any other. */
  async function fillQuota(): Promise<void> {
    const more = (name: string): Parameters => ({ Name: name, S3BucketName: "globe" });
    for (const name of ["fourth", "fifth"]) await cloudtrail("CreateTrail", more(name), THERE);
    await refused("CreateTrail", more("sixth"), THERE);
    await refused("CreateTrail", { ...more("sixth"), IsMultiRegionTrail: true }, HERE);
    await cloudtrail("CreateTrail", more("sixth"), HERE);
  }

  test.each(Object.entries(TRAILS))(
    "the trail %s delivers its accounts and Regions, and no others",
    (name, { wants }) => {
      const wanted = loggedTime(journal, name).filter((told) => isManagement(told) && wants(told));
      const place = ({ recipientAccountId, awsRegion }: Told): string => `${recipientAccountId} ${awsRegion}`;
      const inOrderOfKeys = wanted.toSorted((one, other) =>
        place(one) < place(other) ? -1 : Number(place(one) > place(other)),
      );
      expect(wanted.length).toBeGreaterThan(1);
      expect(lines(delivered.get(name) ?? [])).toEqual(lines(inOrderOfKeys));
    },
  );

  test("lay their files below the folders of account and Region, an organization's below its own", () => {
    const places = (name: string): readonly string[] => [
      ...new Set((keys.get(name) ?? []).map((key) => key.replace(/\/20\d\d\/.*/, ""))),
    ];
    expect(Object.keys(TRAILS).map(places)).toEqual([
      [`AWSLogs/${ACCOUNT}/CloudTrail/${THERE}`, `AWSLogs/${ACCOUNT}/CloudTrail/${HERE}`],
      [`AWSLogs/${ACCOUNT}/CloudTrail/${HERE}`],
      [`AWSLogs/${ACCOUNT}/CloudTrail/${THERE}`],
      [ACCOUNT, MEMBER].flatMap((account) =>
        [THERE, HERE].map((region) => `AWSLogs/${ORGANIZATION}/${account}/CloudTrail/${region}`),
      ),
    ]);
  });

  test("are seen from other Regions as shadows, and by members of the organization", () => {
    const seen = [...answers].filter(([, answer]) => "trailList" in answer);
    const names = seen.map(([where, answer]) => [where, list(answer, "trailList").map((trail) => at(trail, "Name"))]);
    expect(Object.fromEntries(names)).toEqual({
      here: ["everyone", "globe", "no-globals"],
      there: ["europe", "everyone", "globe"],
      "there, no shadows": ["europe"],
      member: ["everyone"],
    });
    expect(list(answers.get("there") ?? {}, "trailList")[2]).toMatchObject({ HomeRegion: HERE });
    expect(answers.get("status there")).toMatchObject({ LatestDeliveryTime: expect.any(String), IsLogging: false });
  });

  test("are changed in their home Region by their owner only, and five of them fill a Region", () => {
    expect(refusals).toEqual([
      ["StopLogging", THERE, "TrailNotFoundException"],
      ["UpdateTrail", THERE, "InvalidHomeRegionException"],
      ["StopLogging", HERE, "AccessDeniedException"],
      ["CreateTrail", HERE, "NotOrganizationMasterAccountException"],
      ["CreateTrail", THERE, "MaximumNumberOfTrailsExceededException"],
      ["CreateTrail", HERE, "MaximumNumberOfTrailsExceededException"],
    ]);
  });
});
