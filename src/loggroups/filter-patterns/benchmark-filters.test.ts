import { existsSync, globSync, readFileSync } from "node:fs";
import { gunzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { matchesFilter, parseFilterPattern } from "./filter-pattern.ts";
import { Message } from "./message.ts";

const SAMPLES = "../shared/data/records";

/** What the predicates below look at. */
interface Sample {
  readonly eventName?: string;
  readonly eventSource?: string;
  readonly eventType?: string;
  readonly errorCode?: string;
  readonly errorMessage?: string;
  readonly userIdentity?: { readonly type?: string; readonly invokedBy?: string } | null;
  readonly additionalEventData?: { readonly MFAUsed?: string } | null;
  readonly responseElements?: { readonly ConsoleLogin?: string } | null;
}

const anyName = (names: string) =>
  names
    .split(" ")
    .map((name) => `($.eventName = ${name})`)
    .join(" || ");
const named = (names: string) => (record: Sample) => names.split(" ").includes(record.eventName ?? "");
const from = (source: string, names: string) => (record: Sample) =>
  record.eventSource === source && named(names)(record);

const IAM = `DeleteGroupPolicy DeleteRolePolicy DeleteUserPolicy PutGroupPolicy PutRolePolicy PutUserPolicy CreatePolicy
 DeletePolicy CreatePolicyVersion DeletePolicyVersion AttachRolePolicy DetachRolePolicy AttachUserPolicy
 DetachUserPolicy AttachGroupPolicy DetachGroupPolicy`.replace(/\s+/g, " ");
const TRAIL = "CreateTrail UpdateTrail DeleteTrail StartLogging StopLogging";
const KEYS = "DisableKey ScheduleKeyDeletion";
const BUCKET = `PutBucketAcl PutBucketPolicy PutBucketCors PutBucketLifecycle PutBucketReplication DeleteBucketPolicy
 DeleteBucketCors DeleteBucketLifecycle DeleteBucketReplication`.replace(/\s+/g, " ");
const CONFIG = "StopConfigurationRecorder DeleteDeliveryChannel PutDeliveryChannel PutConfigurationRecorder";
const GROUP = `AuthorizeSecurityGroupIngress AuthorizeSecurityGroupEgress RevokeSecurityGroupIngress
 RevokeSecurityGroupEgress CreateSecurityGroup DeleteSecurityGroup`.replace(/\s+/g, " ");
const NACL = `CreateNetworkAcl CreateNetworkAclEntry DeleteNetworkAcl DeleteNetworkAclEntry ReplaceNetworkAclEntry
 ReplaceNetworkAclAssociation`.replace(/\s+/g, " ");
const GATEWAY = `CreateCustomerGateway DeleteCustomerGateway AttachInternetGateway CreateInternetGateway
 DeleteInternetGateway DetachInternetGateway`.replace(/\s+/g, " ");
const ROUTES = `CreateRoute CreateRouteTable ReplaceRoute ReplaceRouteTableAssociation DeleteRouteTable DeleteRoute
 DisassociateRouteTable`.replace(/\s+/g, " ");
const VPC = `CreateVpc DeleteVpc ModifyVpcAttribute AcceptVpcPeeringConnection CreateVpcPeeringConnection
 DeleteVpcPeeringConnection RejectVpcPeeringConnection AttachClassicLinkVpc DetachClassicLinkVpc DisableVpcClassicLink
 EnableVpcClassicLink`.replace(/\s+/g, " ");
const ORGANIZATION = `AcceptHandshake AttachPolicy CreateAccount CreateOrganizationalUnit CreatePolicy DeclineHandshake
 DeleteOrganization DeleteOrganizationalUnit DeletePolicy DetachPolicy DisablePolicyType EnablePolicyType
 InviteAccountToOrganization LeaveOrganization MoveAccount RemoveAccountFromOrganization UpdatePolicy
 UpdateOrganizationalUnit`.replace(/\s+/g, " ");

/** The monitoring filters of the CIS AWS Foundations Benchmark, each with the same question asked without them. */
const FILTERS: readonly (readonly [name: string, pattern: string, naive: (record: Sample) => boolean])[] = [
  [
    "unauthorized calls",
    '{ ($.errorCode = "*UnauthorizedOperation") || ($.errorCode = "AccessDenied*") }',
    ({ errorCode = "" }) => errorCode.endsWith("UnauthorizedOperation") || errorCode.startsWith("AccessDenied"),
  ],
  [
    "console sign-in without MFA",
    '{ ($.eventName = "ConsoleLogin") && ($.additionalEventData.MFAUsed != "Yes") && ($.userIdentity.type = "IAMUser") && ($.responseElements.ConsoleLogin = "Success") }',
    (record) =>
      record.eventName === "ConsoleLogin" &&
      record.additionalEventData?.MFAUsed !== undefined &&
      record.additionalEventData.MFAUsed !== "Yes" &&
      record.userIdentity?.type === "IAMUser" &&
      record.responseElements?.ConsoleLogin === "Success",
  ],
  [
    "usage of the root account",
    '{ $.userIdentity.type = "Root" && $.userIdentity.invokedBy NOT EXISTS && $.eventType != "AwsServiceEvent" }',
    (record) =>
      record.userIdentity?.type === "Root" &&
      !("invokedBy" in record.userIdentity) &&
      record.eventType !== undefined &&
      record.eventType !== "AwsServiceEvent",
  ],
  ["changes of IAM policies", `{${anyName(IAM).replaceAll(" ", "")}}`, named(IAM)],
  ["changes of CloudTrail", `{ ${anyName(TRAIL)} }`, named(TRAIL)],
  [
    "failed console authentication",
    '{ ($.eventName = ConsoleLogin) && ($.errorMessage = "Failed authentication") }',
    (record) => record.eventName === "ConsoleLogin" && record.errorMessage === "Failed authentication",
  ],
  ["deletion of keys", `{($.eventSource = kms.amazonaws.com) && (${anyName(KEYS)}) }`, from("kms.amazonaws.com", KEYS)],
  [
    "changes of bucket policies",
    `{ ($.eventSource = s3.amazonaws.com) && (${anyName(BUCKET)}) }`,
    from("s3.amazonaws.com", BUCKET),
  ],
  [
    "changes of AWS Config",
    `{ ($.eventSource = config.amazonaws.com) && (${anyName(CONFIG)}) }`,
    from("config.amazonaws.com", CONFIG),
  ],
  ["changes of security groups", `{ ${anyName(GROUP)} }`, named(GROUP)],
  ["changes of network ACLs", `{ ${anyName(NACL)} }`, named(NACL)],
  ["changes of gateways", `{ ${anyName(GATEWAY)} }`, named(GATEWAY)],
  ["changes of route tables", `{ ${anyName(ROUTES)} }`, named(ROUTES)],
  ["changes of VPCs", `{ ${anyName(VPC)} }`, named(VPC)],
  [
    "changes of the organization",
    `{ ($.eventSource = organizations.amazonaws.com) && (${anyName(ORGANIZATION).replaceAll("= ", '= "').replaceAll(")", '")')}) }`,
    from("organizations.amazonaws.com", ORGANIZATION),
  ],
];

function readSamples(): readonly Sample[] {
  const inflate = (path: string) => gunzipSync(readFileSync(path)).toString();
  const files = globSync(`${SAMPLES}/invictus/**/*.json.gz`).flatMap(
    (path) => (JSON.parse(inflate(path)) as { Records: Sample[] }).Records,
  );
  const lines = ["awsdocs", "stratus"]
    .flatMap((folder) => globSync(`${SAMPLES}/${folder}/*.gz`))
    .flatMap((path) => inflate(path).trim().split("\n"))
    .map((line) => JSON.parse(line) as Sample & { record?: Sample });
  return [...files, ...lines.map((line) => line.record ?? line)];
}

describe("the filters of the CIS benchmark", () => {
  test.skipIf(!existsSync(SAMPLES))(
    `find in ${SAMPLES} what plain predicates find (skipped where that is absent)`,
    () => {
      const records = readSamples();
      expect(records.length).toBeGreaterThan(1500);
      const messages = records.map((record) => new Message(JSON.stringify(record)));
      const found = FILTERS.map(([name, text, naive]) => {
        const pattern = parseFilterPattern(text);
        const ours = records.filter((_, at) => matchesFilter(pattern, messages[at] ?? ""));
        expect([name, ours]).toEqual([name, records.filter(naive)]);
        return [name, ours.length] as const;
      });
      // Most of them are about something that happened in these records.
      expect(found.filter(([, count]) => count > 0).length).toBeGreaterThan(9);
    },
  );

  test.each(FILTERS)("%s: is a pattern, and does not match a record of something else", (_, text) => {
    expect(matchesFilter(parseFilterPattern(text), '{"eventName":"GetCallerIdentity","userIdentity":null}')).toBe(
      false,
    );
  });
});
