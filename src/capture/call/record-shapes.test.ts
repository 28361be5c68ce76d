/** Do we give parameters the names and the form that AWS gives them? Compared with records that AWS wrote or published. */
import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { openCatalog, type OperationModel, type Shape } from "../../aws/index.ts";
import { SAMPLES, sampleRecords } from "../../record/samples.fixture.ts";
import { ec2Request, ec2Response } from "./ec2/index.ts";
import { shownInput, shownOutput } from "./record-style.ts";

const DEPTH_MAX = 9;

/** A value with every member there is. */
function everything(shape: Shape, depth = 0): unknown {
  switch (shape.type) {
    case "structure":
      if (shape.document) return { "*": "x" };
      if (depth >= DEPTH_MAX) return {};
      return Object.fromEntries(shape.members.map((member) => [member.name, everything(member.shape, depth + 1)]));
    case "list":
      return [everything(shape.member.shape, depth + 1), everything(shape.member.shape, depth + 1)];
    case "map":
      return { "*": everything(shape.value.shape, depth + 1) };
    case "string":
      return "x";
    case "timestamp":
      return new Date(0);
    case "blob":
      return Buffer.from("x");
    case "boolean":
      return true;
    case "integer":
    case "long":
    case "float":
    case "double":
      return 1;
  }
}

/** Where the sample has what we would never write: paths of names, `[]` for a list. */
function foreignPaths(sample: unknown, ours: unknown, path = ""): string[] {
  if (sample === null || sample === undefined) return [];
  if (Array.isArray(sample)) {
    if (!Array.isArray(ours)) return [`${path}[]`];
    return sample.flatMap((item) => foreignPaths(item, ours[0], `${path}[]`));
  }
  if (typeof sample !== "object") return [];
  if (typeof ours !== "object" || ours === null) return Object.keys(sample).length === 0 ? [] : [`${path}{}`];
  const members = (Array.isArray(ours) ? ours[0] : ours) as Record<string, unknown>;
  return Object.entries(sample).flatMap(([name, part]) => {
    const known = "*" in members ? members["*"] : members[name];
    return known === undefined ? [`${path}.${name}`] : foreignPaths(part, known, `${path}.${name}`);
  });
}

const catalog = openCatalog();
const models = new Map<string, OperationModel[]>();

function modelsOf(eventSource: string, eventName: string): OperationModel[] {
  const key = `${eventSource}:${eventName}`;
  let known = models.get(key);
  if (known === undefined) {
    const name = eventSource === "lambda.amazonaws.com" ? eventName.replace(/\d{8}(v\d)?$/, "") : eventName;
    known = catalog
      .services()
      .filter((service) => service.eventSource === eventSource)
      .flatMap(({ id }) => catalog.model(id)?.operations.get(name) ?? []);
    models.set(key, known);
  }
  return known;
}

function ourRequest(model: OperationModel, eventSource: string): unknown {
  if (model.input === undefined) return null;
  const input = everything(model.input) as Record<string, unknown>;
  if (model.service.protocol === "ec2") return ec2Request(model, model.input, input);
  return shownInput(model, eventSource, input);
}

function ourResponse(model: OperationModel, eventSource: string): unknown {
  const output = model.output === undefined ? {} : (everything(model.output) as Record<string, unknown>);
  if (model.service.protocol === "ec2") return ec2Response(model, model.output, output, "x");
  return shownOutput(model, eventSource, output);
}

/** `service:operation half path`, with `*` for anything: where a sample is right and we differ, and why. */
const EXCEPTIONS: readonly (readonly [reason: string, ...where: string[]])[] = [
  [
    "a session token must never be recorded",
    "sts:AssumeRole response .credentials.sessionToken",
    "sts:GetFederationToken response .credentials.sessionToken",
  ],
  [
    "members that the published API does not have",
    "codebuild:CreateProject *",
    "dax:CreateCluster response *",
    "detective:AcceptInvitation *",
    "dms:RebootReplicationInstance response *",
    "ec2-instance-connect:SendSerialConsoleSSHPublicKey request .monitorMode",
    "ec2:CreateInternetGateway response .internetGateway.association",
    "ec2:DescribeAccountAttributes request .filterSet",
    "ec2:DisassociateRouteTable response .associationState",
    "eks:CreateCluster *",
    "forecast:CreateDataset *",
    "lambda:UpdateFunctionCode20150331v2 request .fullyQualifiedArn",
    "lambda:UpdateFunctionConfiguration20150331v2 response .layers[].uncompressedCodeSize",
    "rds:CreateDBInstance response .httpEndpointEnabled",
    "rds:DeleteDBInstance response .httpEndpointEnabled",
    "route53resolver:DeleteResolverQueryLogConfig request .originSequenceNumber",
    "ssm:SendCommand *",
    "synthetics:GetCanaryRuns request .Filter*",
  ],
  [
    "one operation of a service that does otherwise elsewhere",
    "ec2:DescribeVpcClassicLink request .vpcSet.item",
    "ec2:RunInstances response *",
    "mediaconvert:TagResource request .Tags",
    "rekognition:CreateStreamProcessor response .StreamProcessorArn",
  ],
  ["a payload that the sample shows without its structure", "codeguru-profiler:ConfigureAgent *"],
  [
    "left to what is special of the service",
    "secretsmanager:CreateSecret response .arn",
    "secretsmanager:PutSecretValue response .arn",
  ],
  ["a Java buffer, member by member", "acm:ImportCertificate request *"],
  ["hidden as a whole instead of item by item", "rdsdata:ExecuteStatement request .parameters[]"],
];

function isException(where: string): boolean {
  return EXCEPTIONS.some(([, ...patterns]) =>
    patterns.some((pattern) => (pattern.endsWith("*") ? where.startsWith(pattern.slice(0, -1)) : where === pattern)),
  );
}

describe.skipIf(!existsSync(SAMPLES))("requestParameters and responseElements (need ../shared/data/records)", () => {
  const foreign = new Set<string>();
  let compared = 0;
  let agreed = 0;

  test("have the names and the form that AWS gives them", () => {
    for (const { eventSource, eventName, eventType, requestParameters, responseElements } of sampleRecords()) {
      if (eventSource === "s3.amazonaws.com" || eventType !== "AwsApiCall") continue;
      const known = modelsOf(eventSource, eventName);
      if (known.length === 0) continue;
      compare(`${eventSource}:${eventName} request`, requestParameters, () =>
        known.map((model) => ourRequest(model, eventSource)),
      );
      compare(`${eventSource}:${eventName} response`, responseElements, () =>
        known.map((model) => ourResponse(model, eventSource)),
      );
    }
    expect([...foreign].filter((where) => !isException(where)).sort()).toEqual([]);
    expect(compared).toBeGreaterThan(1600);
    expect(agreed / compared).toBeGreaterThan(0.94);
  });

  test("differ where the exceptions say so, and nowhere else", () => {
    const unused = EXCEPTIONS.flatMap(([, ...patterns]) => patterns).filter(
      (pattern) => ![...foreign].some((where) => where.startsWith(pattern.replace("*", ""))),
    );
    expect(unused).toEqual([]);
  });

  /** Of the services that share an eventSource, the one that fits best is meant. */
  function compare(where: string, sample: unknown, ours: () => readonly unknown[]): void {
    if (typeof sample !== "object" || sample === null) return;
    compared += 1;
    const paths = ours()
      .map((one) => foreignPaths(sample, one))
      .reduce((best, other) => (other.length < best.length ? other : best));
    if (paths.length === 0) agreed += 1;
    for (const path of paths) foreign.add(`${where.replace(".amazonaws.com", "")} ${path}`);
  }
});
