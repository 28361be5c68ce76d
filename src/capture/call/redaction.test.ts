import { describe, expect, test } from "vitest";
import { type Member, openCatalog, type OperationModel, type Shape } from "../../aws/index.ts";
import { shownInput } from "./record-style.ts";
import { redactionOf } from "./redaction.ts";

const catalog = openCatalog();
const HIDDEN = "HIDDEN_DUE_TO_SECURITY_REASONS";

function shown(id: string, name: string, input: Record<string, unknown>): unknown {
  const service = catalog.service(id);
  const model = catalog.model(id)?.operations.get(name);
  if (service === undefined || model === undefined) throw new Error(`no ${id} ${name}`);
  return shownInput(model, service.eventSource, input);
}

describe("requestParameters", () => {
  test.each<[string, string, Record<string, unknown>, unknown]>([
    ["iam", "CreateLoginProfile", { UserName: "Mary", Password: "x" }, { userName: "Mary" }],
    [
      "sns",
      "Publish",
      { TopicArn: "t", Message: "x", Subject: "x" },
      { topicArn: "t", message: HIDDEN, subject: HIDDEN },
    ],
    ["sqs", "SendMessage", { QueueUrl: "q", MessageBody: "x" }, { queueUrl: "q", messageBody: HIDDEN }],
    ["ssm", "PutParameter", { Name: "/n", Value: "x", Type: "String" }, { name: "/n", value: HIDDEN, type: "String" }],
    ["ssm", "SendCommand", { DocumentName: "d", Parameters: { c: ["x"] } }, { documentName: "d", parameters: HIDDEN }],
    ["secretsmanager", "CreateSecret", { Name: "n", SecretString: "x" }, { name: "n" }],
    ["kms", "Encrypt", { KeyId: "k", Plaintext: Buffer.from("x") }, { keyId: "k" }],
    ["dynamodb", "PutItem", { TableName: "t", Item: { a: { S: "x" } } }, { tableName: "t" }],
    ["dynamodb", "GetItem", { TableName: "t", Key: { a: { S: "1" } } }, { tableName: "t", key: { a: { s: "1" } } }],
    [
      "lambda",
      "CreateFunction",
      { FunctionName: "f", Environment: { Variables: { A: "x" } } },
      { functionName: "f", environment: {} },
    ],
    [
      "redshift",
      "CreateCluster",
      { ClusterIdentifier: "c", MasterUserPassword: "x" },
      { clusterIdentifier: "c", masterUserPassword: "****" },
    ],
    ["rds-data", "ExecuteStatement", { resourceArn: "r", sql: "x" }, { resourceArn: "r", sql: "**********" }],
    [
      "cognito-idp",
      "InitiateAuth",
      { AuthFlow: "A", ClientId: "c", AuthParameters: { PASSWORD: "x" } },
      { authFlow: "A", clientId: HIDDEN, authParameters: HIDDEN },
    ],
    ["ec2", "ModifyInstanceMetadataOptions", { HttpTokens: "required" }, { httpTokens: "required" }],
    [
      "cognito-idp",
      "UpdateUserPoolClient",
      { ExplicitAuthFlows: [], TokenValidityUnits: { AccessToken: "hours" } },
      { explicitAuthFlows: [], tokenValidityUnits: { accessToken: "hours" } },
    ],
    ["iam", "UpdateSAMLProvider", { RemovePrivateKey: "id" }, { removePrivateKey: "id" }],
    ["chime", "DeletePhoneNumber", { PhoneNumberId: "+1" }, { phoneNumberId: HIDDEN }],
    ["elasticache", "CreateUser", { UserId: "u", Passwords: ["x"] }, { userId: "u", passwords: HIDDEN }],
    ["apigateway", "DeleteApiKey", { apiKey: "id" }, { apiKey: "id" }],
    [
      "glue",
      "CreateConnection",
      { ConnectionInput: { ConnectionProperties: { HOST: "h", PASSWORD: "x" } } },
      { connectionInput: { connectionProperties: { HOST: "h", PASSWORD: HIDDEN } } },
    ],
    [
      "cloudformation",
      "CreateStack",
      {
        StackName: "s",
        Parameters: [
          { ParameterKey: "DBPassword", ParameterValue: "x" },
          { ParameterKey: "Size", ParameterValue: "1" },
        ],
      },
      {
        stackName: "s",
        parameters: [
          { parameterKey: "DBPassword", parameterValue: HIDDEN },
          { parameterKey: "Size", parameterValue: "1" },
        ],
      },
    ],
    [
      "codebuild",
      "StartBuild",
      {
        projectName: "p",
        environmentVariablesOverride: [
          { name: "API_KEY", value: "x" },
          { name: "MODE", value: "1" },
        ],
      },
      {
        projectName: "p",
        environmentVariablesOverride: [
          { name: "API_KEY", value: HIDDEN },
          { name: "MODE", value: "1" },
        ],
      },
    ],
  ])("of %s %s show what an auditor may see", (id, name, input, expected) => {
    expect(JSON.parse(JSON.stringify(shown(id, name, input)))).toEqual(expected);
  });

  test("tell of a large blob only how large it is", () => {
    const input = { FunctionName: "f", Qualifier: "1", Policy: "p" };
    expect(shown("acm", "ImportCertificate", { Certificate: Buffer.alloc(2000), PrivateKey: Buffer.alloc(9) })).toEqual(
      {
        certificate: { omitted: true, originalSize: 2000, reason: "blob too large" },
        privateKey: HIDDEN,
      },
    );
    expect(shown("lambda", "AddPermission", input)).toEqual({ functionName: "f", qualifier: "1" });
  });
});

function membersOf({ input, output }: OperationModel): readonly Member[] {
  const found: Member[] = [];
  const seen = new Set<Shape | undefined>();
  const walk = (shape: Shape | undefined): void => {
    if (shape === undefined || seen.has(shape)) return;
    seen.add(shape);
    if (shape.type === "list") walk(shape.member.shape);
    if (shape.type === "map") walk(shape.value.shape);
    if (shape.type !== "structure") return;
    found.push(...shape.members);
    for (const member of shape.members) walk(member.shape);
  };
  walk(input);
  walk(output);
  return found;
}

function isMarked({ sensitive, shape }: Member): boolean {
  return sensitive || (shape.type === "list" && shape.member.sensitive);
}

test("redactionOf() hides what any of several services hides that answer to the same event", () => {
  const groups = Map.groupBy(catalog.services(), ({ eventSource }) => eventSource);
  const shown: string[] = [];
  let judged = 0;
  for (const [eventSource, services] of groups) {
    if (services.length < 2) continue;
    const models = services.flatMap(({ id }) => [...(catalog.model(id)?.operations.values() ?? [])]);
    for (const [operation, twins] of Map.groupBy(models, ({ name }) => name)) {
      if (twins.length < 2) continue;
      const redaction = redactionOf(eventSource, operation);
      const members = twins.flatMap(membersOf);
      const marked = new Set(members.filter(isMarked).map(({ name }) => name));
      for (const member of members.filter(({ name }) => marked.has(name))) {
        judged += 1;
        if (redaction(member) === undefined && !isMarked(member))
          shown.push(`${eventSource} ${operation} ${member.name}`);
      }
    }
  }
  expect(judged).toBeGreaterThan(30);
  expect(shown).toEqual([]);
});
