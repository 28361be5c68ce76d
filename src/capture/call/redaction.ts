/**
 * What must not be shown of a call, and what stands there instead. Three rules, the first that speaks wins:
 *
 * 1. this table: what AWS leaves out of the records of single services, with the text that AWS puts there;
 * 2. names: what lets a reader of the log act as somebody, whatever its model says;
 * 3. the model's own mark.
 *
 * The texts are those seen in AWS's published and real records; the data that a service carries for its callers (items,
 * messages, payloads) is no part of what an auditor asks for.
 */
import { HIDDEN, isSecretName, type Member, SECRET_MEMBERS, type Shape } from "../../aws/index.ts";

const STARS = "****";
const MORE_STARS = "**********";
const REMOVED = "<sensitiveDataRemoved>";
const TOKEN_HIDDEN = "Value hidden due to security reasons.";
/** Left out without a trace. */
const NOTHING = null;

/** Whatever the name looks like: it is the name of something, or what everybody may know. */
const SHOWN = undefined;

type Row = readonly [operations: string, members: string, instead: string | null | undefined];

/**
 * By service (the eventSource without its domain): for these operations (API names, `*` for all) these members wherever they
 * stand in the input or output. What only one of several models with the same eventSource and operation marks stands here
 * too: nothing tells whose client sent the request.
 */
const ROWS: Readonly<Record<string, readonly Row[]>> = {
  apigateway: [
    ["CreateApiKey GetApiKey UpdateApiKey GetApiKeys", "value", HIDDEN],
    ["DeleteApiKey GetApiKey UpdateApiKey", "apiKey", SHOWN],
  ],
  appmesh: [["*", "privateKey", SHOWN]],
  apprunner: [["*", "RuntimeEnvironmentSecrets", SHOWN]],
  autoscaling: [["*", "UserData", REMOVED]],
  bedrock: [
    ["*", "connectionString", SHOWN],
    ["InvokeModel InvokeModelWithResponseStream InvokeModelWithBidirectionalStream", "body", NOTHING],
    ["Converse ConverseStream CountTokens", "messages system toolConfig output input", NOTHING],
    ["StartAsyncInvoke", "modelInput", NOTHING],
    [
      "InvokeAgent InvokeInlineAgent InvokeFlow Retrieve RetrieveAndGenerate RetrieveAndGenerateStream Rerank",
      "inputText inputs input retrievalQuery query queries sources sessionState",
      HIDDEN,
    ],
    ["ApplyGuardrail", "content outputs", NOTHING],
  ],
  "bedrock-agentcore": [["GetPaymentInstrumentBalance", "token", SHOWN]],
  cassandra: [["*", "recordData", NOTHING]],
  cloudformation: [["*", "RegistrationToken", SHOWN]],
  cloudfront: [["*", "Comment", HIDDEN]],
  "cognito-identity": [["*", "Logins", HIDDEN]],
  "cognito-idp": [
    ["CreateUserPoolClient UpdateUserPoolClient DescribeUserPoolClient", "AccessToken IdToken RefreshToken", SHOWN],
    [
      "*",
      "AuthParameters ChallengeResponses UserAttributes ClientMetadata ValidationData Session UserContextData ContextData AnalyticsMetadata",
      HIDDEN,
    ],
  ],
  chime: [
    [
      "BatchDeletePhoneNumber BatchUpdatePhoneNumber DeletePhoneNumber GetPhoneNumber ListPhoneNumbers RestorePhoneNumber UpdatePhoneNumber",
      "PhoneNumberId Name",
      HIDDEN,
    ],
    ["ListTagsForResource TagResource UntagResource", "ResourceARN Key Value TagKeys", HIDDEN],
    ["StartSpeakerSearchTask StartVoiceToneAnalysisTask", "ClientRequestToken", HIDDEN],
  ],
  codecommit: [["*", "fileContent content", NOTHING]],
  comprehend: [["*", "Text TextList Bytes", HIDDEN]],
  comprehendmedical: [["*", "Text", HIDDEN]],
  datasync: [["*", "AccessKey", SHOWN]],
  dynamodb: [
    [
      "*",
      "Item Items Attributes AttributeUpdates Expected ExpressionAttributeValues KeyConditions QueryFilter ScanFilter Parameters LastEvaluatedKey ItemCollectionKey Records",
      NOTHING,
    ],
    ["ExecuteStatement BatchExecuteStatement ExecuteTransaction", "Statement", HIDDEN],
    ["ExecuteStatement BatchExecuteStatement ExecuteTransaction GetItem BatchGetItem Query Scan", "Responses", NOTHING],
  ],
  ebs: [["*", "BlockData", NOTHING]],
  ec2: [["*", "UserData KeyMaterial PasswordData", REMOVED]],
  entityresolution: [["*", "token", SHOWN]],
  events: [["PutEvents PutPartnerEvents", "Detail", HIDDEN]],
  firehose: [["PutRecord PutRecordBatch", "Data Record Records", NOTHING]],
  fsx: [["*", "DomainJoinServiceAccountSecret", SHOWN]],
  "execute-api": [["*", "Data", NOTHING]],
  iam: [["UpdateSAMLProvider", "RemovePrivateKey", SHOWN]],
  iotdata: [["*", "payload", NOTHING]],
  kinesis: [["PutRecord PutRecords GetRecords SubscribeToShard", "Data Records", NOTHING]],
  kinesisanalytics: [["*", "ApplicationCode", HIDDEN]],
  kms: [
    ["*", "IncludeKeyMaterial", SHOWN],
    [
      "*",
      "Plaintext PrivateKeyPlaintext CiphertextBlob PrivateKeyCiphertextBlob CiphertextForRecipient Message Signature Mac SharedSecret EncryptedKeyMaterial ImportToken GrantTokens GrantToken",
      NOTHING,
    ],
  ],
  lakeformation: [["*", "Authorization", SHOWN]],
  lambda: [
    ["*", "ZipFile Variables", NOTHING],
    ["Invoke InvokeAsync InvokeWithResponseStream", "Payload InvokeArgs LogResult", NOTHING],
  ],
  lex: [
    ["*", "inputStream inputText text", HIDDEN],
    ["GetSession PutSession", "slots sessionAttributes activeContexts", HIDDEN],
  ],
  lightsail: [["*", "userData", REMOVED]],
  logs: [["PutLogEvents GetLogEvents FilterLogEvents", "logEvents message events", NOTHING]],
  mediaconvert: [["*", "CertificateSecret", SHOWN]],
  mediapackage: [["*", "CdnIdentifierSecret", SHOWN]],
  "mediapackage-vod": [["*", "CdnIdentifierSecret", SHOWN]],
  "payment-cryptography": [["*", "ExportToken ImportToken", SHOWN]],
  pinpoint: [
    ["*", "Credential TokenKey Body RawContent", HIDDEN],
    ["Get*", "Token", SHOWN],
  ],
  quicksight: [["*", "PlainText", SHOWN]],
  rds: [["*", "PreSignedUrl", HIDDEN]],
  rdsdata: [["*", "sql sqls sqlStatements parameters parameterSets records generatedFields", MORE_STARS]],
  redshift: [
    ["*", "Authorization", SHOWN],
    ["*", "MasterUserPassword HsmPartitionPassword DbPassword", STARS],
  ],
  "redshift-data": [["*", "Sql Sqls Parameters QueryString", MORE_STARS]],
  "redshift-serverless": [["*", "adminUserPassword dbPassword", STARS]],
  rekognition: [["*", "Bytes", NOTHING]],
  sagemaker: [
    ["InvokeEndpoint InvokeEndpointAsync InvokeEndpointWithResponseStream", "Body CustomAttributes", NOTHING],
    ["PutRecord GetRecord BatchGetRecord", "Record Records ValueAsString", NOTHING],
  ],
  sdb: [["*", "Attributes Items SelectExpression", HIDDEN]],
  secretsmanager: [["*", "SecretString SecretBinary SecretValues RandomPassword", NOTHING]],
  ses: [
    ["*", "Tokens VerificationToken", SHOWN],
    [
      "SendEmail SendBulkEmail SendBulkTemplatedEmail SendTemplatedEmail SendRawEmail SendCustomVerificationEmail",
      "Message Content RawMessage TemplateData ReplacementTemplateData DefaultTemplateData DefaultContent Data Subject Body",
      HIDDEN,
    ],
  ],
  "sms-voice": [["Send*", "MessageBody Context", HIDDEN]],
  sns: [["Publish PublishBatch", "Message Subject MessageAttributes", HIDDEN]],
  sqs: [
    ["SendMessage SendMessageBatch", "MessageBody MessageAttributes MessageSystemAttributes", HIDDEN],
    ["ReceiveMessage", "Messages", NOTHING],
  ],
  ssm: [
    ["PutParameter GetParameter GetParameters GetParametersByPath GetParameterHistory", "Value", HIDDEN],
    ["SendCommand ListCommands ListCommandInvocations GetCommandInvocation", "Parameters", HIDDEN],
    ["StartSession ResumeSession", "TokenValue", TOKEN_HIDDEN],
  ],
  sso: [["*", "accessToken refreshToken idToken clientSecret roleCredentials", HIDDEN]],
  states: [["*", "input output cause definition", HIDDEN]],
  sts: [
    ["*", "ContextAssertion", HIDDEN],
    ["*", "SubjectFromWebIdentityToken", SHOWN],
  ],
  timestream: [
    ["WriteRecords", "Records CommonAttributes", NOTHING],
    ["Query PrepareQuery", "QueryString Rows", HIDDEN],
  ],
  textract: [["*", "Bytes", NOTHING]],
  tts: [["*", "Text", MORE_STARS]],
  translate: [["*", "Text TranslatedText Content", HIDDEN]],
  wafv2: [["*", "IncludedCookies ExcludedCookies", SHOWN]],
  wisdom: [
    ["CreateQuickResponse UpdateQuickResponse", "content", HIDDEN],
    ["SearchQuickResponses", "values", HIDDEN],
  ],
  workspaces: [["*", "ConnectionString", SHOWN]],
};

/** Services that leave secrets out of their records without a trace. */
const LEAVE_OUT: ReadonlySet<string> = new Set(["iam.amazonaws.com", "sts.amazonaws.com"]);

/** What there is to know of a member to judge it. */
type NamedSlot = Pick<Member, "name" | "shape" | "sensitive" | "idempotencyToken">;

/** What stands for a member of the operation's input or output: its value (undefined), nothing (null), or a text. */
export type Redaction = (member: NamedSlot) => string | null | undefined;

/** `operation` is the API's name; it may be unknown. */
export function redactionOf(eventSource: string, operation: string | undefined): Redaction {
  const rows = rowsFor(eventSource, operation);
  const leavesOut = LEAVE_OUT.has(eventSource);
  return (member) => {
    if (rows.has(member.name)) return rows.get(member.name);
    if (leavesOut && SECRET_MEMBERS.has(member.name)) return null;
    if (member.sensitive) return HIDDEN;
    return SECRET_MEMBERS.has(member.name) || isSecretMember(member) ? HIDDEN : undefined;
  };
}

function isSecretMember({ name, shape, idempotencyToken }: NamedSlot): boolean {
  return !idempotencyToken && holdsText(shape) && isSecretName(name);
}

/** Whether the member's own name says what its values are; the members of a structure have names of their own. */
function holdsText(shape: Shape): boolean {
  switch (shape.type) {
    case "string":
    case "blob":
    case "integer":
    case "long":
      return true;
    case "list":
      return holdsText(shape.member.shape);
    case "map":
      return holdsText(shape.value.shape);
    case "structure":
      return shape.document;
    case "boolean":
    case "timestamp":
    case "float":
    case "double":
      return false;
  }
}

function rowsFor(eventSource: string, operation: string | undefined): ReadonlyMap<string, string | null | undefined> {
  const members = new Map<string, string | null | undefined>();
  for (const [operations, names, instead] of ROWS[eventSource.replace(/\.amazonaws\.com$/, "")] ?? []) {
    // Of an operation that nobody knows, everything is hidden that is hidden anywhere in the service.
    const applies = operation === undefined || operations.split(" ").some((pattern) => matches(pattern, operation));
    if (applies) for (const name of names.split(" ")) members.set(name, instead);
  }
  return members;
}

function matches(pattern: string, operation: string): boolean {
  return pattern.endsWith("*") ? operation.startsWith(pattern.slice(0, -1)) : pattern === operation;
}
