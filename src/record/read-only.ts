import { type OperationRows, OperationTable, remembered } from "./operation-table.ts";

/**
 * Whether an operation only reads: a property of the operation, never of its outcome.
 *
 * The verb decides, except where CloudTrail's own records say otherwise, or where the verb misleads. In doubt an operation
 * writes: what is taken for reading shows no answer in its record, and is forwarded before its record is durable.
 */
export const isReadOnly: (eventSource: string, eventName: string) => boolean = remembered((eventSource, eventName) => {
  if (WRITES.has(eventSource, eventName)) return false;
  return READING_VERB.test(eventName) || READS.has(eventSource, eventName);
});

/** The verb ends where the next word begins: `Is` is not the beginning of `IssueCertificate`, nor `Check` of `CheckoutLicense`. */
const READING_VERB =
  /^(?:Batch|Admin)?(?:Get|List|Describe|Head|Search|Lookup|Query|Scan|Simulate|Check|Validate|Estimate|Count|Calculate|Is)(?![a-z])/;

/** Verbs that read, operations that do not: they hand out credentials, or make what they answer. */
const WRITE_ROWS: OperationRows = {
  aidevops: "ValidateAwsAssociations",
  athena: "GetSessionEndpoint",
  "bedrock-agentcore": "GetWorkloadAccessToken*",
  "cognito-identity": "GetCredentialsForIdentity GetId GetOpenIdTokenForDeveloperIdentity",
  "cognito-idp": "GetTokensFromRefreshToken GetUserAttributeVerificationCode",
  datazone: "GetIamPortalLoginUrl",
  elasticmapreduce:
    "GetClusterSessionCredentials GetOnClusterAppUIPresignedURL GetPersistentAppUIPresignedURL GetSessionEndpoint",
  "emr-containers": "GetManagedEndpointSessionCredentials",
  endusermessaging: "ValidateNotifyCodeVerification",
  "license-manager": "CheckInLicense",
  lightsail: "GetInstanceAccessDetails",
  redshift: "GetClusterCredentials GetClusterCredentialsWithIAM",
  "redshift-serverless": "GetCredentials",
  "security-ir": "GetCaseAttachmentUploadUrl",
  signin: "CheckMfa",
  "social-messaging": "GetWhatsAppMessageMedia",
  states: "GetActivityTask",
  sts: "GetDelegatedAccessToken GetFederationToken GetSessionToken GetWebIdentityToken",
};

/** Operations that only read although their verb does not say so. */
const READ_ROWS: OperationRows = {
  acm: "ExportCertificate",
  amplifyuibuilder: "ExportComponents ExportForms ExportThemes",
  apigateway: "ExportApi TestInvokeAuthorizer",
  appsync: "EvaluateCode EvaluateMappingTemplate",
  auditmanager: "ValidateAssessmentReportIntegrity",
  backup: "ExportBackupPlanTemplate",
  bedrock:
    "AgenticRetrieveStream ApplyGuardrail Converse ConverseStream ExportAutomatedReasoningPolicyVersion GenerateQuery InvokeGuardrailChecks InvokeModel InvokeModelWithResponseStream InvokeModelWithBidirectionalStream OptimizePrompt Rerank Retrieve RetrieveAndGenerate RetrieveAndGenerateStream",
  "bedrock-agentcore": "RetrieveMemoryRecords",
  cleanrooms: "PreviewPrivacyImpact",
  clouddirectory: "BatchRead",
  cloudfront: "VerifyDnsConfiguration",
  cloudsearch: "Suggest",
  codeartifact: "ReadFromRepository",
  codecommit: "BatchDescribeMergeConflicts EvaluatePullRequestApprovalRules GitPull",
  comprehend: "BatchDetect* ClassifyDocument ContainsPiiEntities Detect*",
  comprehendmedical: "Detect* Infer*",
  config: "SelectAggregateResourceConfig SelectResourceConfig",
  connect: "EvaluateDataTableValues",
  datapipeline: "EvaluateExpression",
  dms: "TestConnection",
  ds: "VerifyTrust",
  ec2: "ExportClientVpnClientCertificateRevocationList ExportClientVpnClientConfiguration ExportVerifiedAccessInstanceClientConfiguration",
  ecr: "PolicyExecutionEvent",
  ecs: "DiscoverPollEndpoint",
  "eks-auth": "AssumeRoleForPodIdentity",
  elasticbeanstalk: "RetrieveEnvironmentInfo",
  elasticfilesystem: "NewClientConnection",
  "elemental-inference": "ExportDictionaryEntries",
  es: "CompareDomainConfiguration",
  events: "TestEventPattern",
  gamelift: "ResolveAlias",
  geo: "ForecastGeofenceEvents VerifyDevicePosition",
  "geo-places": "Autocomplete Geocode ReverseGeocode Suggest",
  "geo-routes": "OptimizeWaypoints SnapToRoads",
  greengrass: "ResolveComponentCandidates",
  inspector: "PreviewAgents",
  internetmonitor: "StartQuery",
  iot: "TestAuthorization TestInvokeAuthorizer",
  iotsitewise: "ExecuteQuery",
  iottwinmaker: "ExecuteQuery",
  kendra: "Retrieve",
  "kendra-ranking": "Rescore",
  kinesis: "SubscribeToShard",
  kinesisanalytics: "DiscoverInputSchema",
  kms: "Decrypt DeriveSharedSecret Encrypt GenerateDataKey* GenerateMac GenerateRandom ReEncrypt Sign Verify VerifyMac",
  logs: "FilterLogEvents StartLiveTail StartQuery TestMetricFilter TestTransformer",
  macie2: "TestCustomDataIdentifier",
  mediaconvert: "Probe",
  observabilityadmin: "TestTelemetryPipeline",
  pinpoint: "PhoneNumberValidate",
  profile: "DetectProfileObjectType",
  quicksight: "PredictQAResults",
  rds: "DownloadDBLogFilePortion",
  rekognition: "CompareFaces Detect* RecognizeCelebrities",
  route53: "TestDNSAnswer",
  route53domains: "ViewBilling",
  s3: "SelectObjectContent",
  s3express: "CreateSession",
  sagemaker: "RenderUiTemplate",
  schemas: "ExportSchema",
  sdb: "DomainMetadata Select",
  servicediscovery: "DiscoverInstances DiscoverInstancesRevision",
  ses: "TestRenderEmailTemplate TestRenderTemplate",
  signin: "IntrospectOAuth2TokenWithIAM",
  "sms-voice": "CarrierLookup",
  sqs: "ReceiveMessage",
  sts: "AssumeRole AssumeRoleWithSAML AssumeRoleWithWebIdentity DecodeAuthorizationMessage",
  textract: "AnalyzeDocument AnalyzeExpense AnalyzeID DetectDocumentText",
  timestream: "PrepareQuery",
  translate: "TranslateDocument TranslateText",
  tts: "SynthesizeSpeech",
  wafv2: "GenerateMobileSdkReleaseUrl",
  wellarchitected: "ExportLens",
  wisdom: "RenderMessageTemplate Retrieve",
  workmail: "TestAvailabilityConfiguration",
};

const WRITES = new OperationTable(WRITE_ROWS);
const READS = new OperationTable(READ_ROWS);

/** These only read and still show their answer (without its secrets): who became whom is what one looks for. */
export const READS_WITH_RESPONSE: ReadonlySet<string> = new Set([
  "AssumeRole",
  "AssumeRoleWithSAML",
  "AssumeRoleWithWebIdentity",
]);
