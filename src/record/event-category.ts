import { type OperationRows, OperationTable, remembered } from "./operation-table.ts";

/**
 * Whether an operation works on the contents of a resource (objects, items, messages, invocations) and so makes a data
 * event; every other makes a management event.
 *
 * Names are CloudTrail's (`ListObjects` also for ListObjectsV2). InvokeModel and Converse are management events in AWS too.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
 */
export const isDataEvent: (eventSource: string, eventName: string) => boolean = remembered((eventSource, eventName) =>
  DATA.has(eventSource, eventName),
);

const S3_OBJECTS = `
  AbortMultipartUpload CompleteMultipartUpload CopyObject CreateMultipartUpload DeleteObject DeleteObjectTagging DeleteObjects
  GetObject GetObjectAcl GetObjectAttributes GetObjectLegalHold GetObjectRetention GetObjectTagging GetObjectTorrent HeadBucket
  HeadObject ListMultipartUploads ListObjects ListObjectVersions ListParts PostObject PutObject PutObjectAcl PutObjectLegalHold
  PutObjectRetention PutObjectTagging RenameObject RestoreObject SelectObjectContent UpdateObjectEncryption UploadPart
  UploadPartCopy WriteGetObjectResponse`;

/** Operations on resources of the types for which AWS offers data events. */
const ROWS: OperationRows = {
  airflow: "InvokeRestApi PublishMetrics",
  appconfig: "GetLatestConfiguration StartConfigurationSession",
  appsync: "GraphQL",
  b2bi: "GetTransformerJob StartTransformerJob",
  "backup-search":
    "GetSearchJob GetSearchResultExportJob ListSearchJobBackups ListSearchJobResults StartSearchResultExportJob StopSearchJob",
  bedrock: `
    ApplyGuardrail CreateInvocation CreateSession DeleteSession EndSession GetAsyncInvoke GetExecutionFlowSnapshot
    GetFlowExecution GetInvocationStep GetSession InvokeAgent InvokeFlow InvokeGuardrailChecks InvokeInlineAgent
    InvokeModelWithBidirectionalStream ListAsyncInvokes ListFlowExecutionEvents ListFlowExecutions ListInvocations
    ListInvocationSteps ListSessions OptimizePrompt PutInvocationStep RenderPrompt Retrieve RetrieveAndGenerate
    RetrieveAndGenerateStream StartAsyncInvoke StartFlowExecution StopFlowExecution UpdateSession`,
  "bedrock-agentcore": `
    BatchCreateMemoryRecords BatchDeleteMemoryRecords BatchUpdateMemoryRecords CreateEvent DeleteEvent DeleteMemoryRecord
    Evaluate GetEvent GetMemoryRecord InvokeAgentRuntime InvokeAgentRuntimeCommand InvokeBrowser InvokeCodeInterpreter
    InvokeGateway ListActors ListEvents ListMemoryRecords RetrieveMemoryRecords`,
  cassandra: "BatchQuery Delete GetRecords GetShardIterator Insert Select Update",
  "cloudfront-keyvaluestore": "DeleteKey DescribeKeyValueStore GetKey ListKeys PutKey UpdateKeys",
  "cloudtrail-data": "PutAuditEvents",
  "codeguru-profiler": "BatchGetFrameMetricData ConfigureAgent GetProfile ListProfileTimes PostAgentProfile",
  codewhisperer:
    "CreateCodeScan CreateCodeScanUploadUrl GenerateCompletions GenerateRecommendations GetCodeScan ListCodeScanFindings ListRecommendations",
  "cognito-identity":
    "GetCredentialsForIdentity GetId GetOpenIdToken GetOpenIdTokenForDeveloperIdentity UnlinkIdentity",
  dsql: "DbConnect DbConnectAdmin",
  dynamodb: `
    BatchExecuteStatement BatchGetItem BatchWriteItem DeleteItem ExecuteStatement ExecuteTransaction GetItem GetRecords
    GetShardIterator PutItem Query Scan TransactGetItems TransactWriteItems UpdateItem`,
  ebs: "GetSnapshotBlock ListChangedBlocks ListSnapshotBlocks PutSnapshotBlock",
  ecs: "Poll PutSystemLogEvents StartTelemetrySession",
  gameliftstreams:
    "CreateStreamSessionConnection GetStreamSession ListStreamSessions StartStreamSession TerminateStreamSession",
  "geo-maps": "*",
  "geo-places": "*",
  "geo-routes": "*",
  greengrass:
    "GetComponentVersionArtifact ResolveComponentCandidates VerifyClientDeviceIdentity VerifyClientDeviceIoTCertificateAssociation",
  guardduty: "SendSecurityTelemetry",
  iotdata:
    "DeleteThingShadow GetRetainedMessage GetThingShadow ListNamedShadowsForThing ListRetainedMessages Publish UpdateThingShadow",
  iotsitewise: `
    BatchGetAssetPropertyAggregates BatchGetAssetPropertyValue BatchGetAssetPropertyValueHistory BatchPutAssetPropertyValue
    ExecuteQuery GetAssetPropertyAggregates GetAssetPropertyValue GetAssetPropertyValueHistory
    GetInterpolatedAssetPropertyValues InvokeAssistant`,
  iottwinmaker: "BatchPutPropertyValues ExecuteQuery GetPropertyValue GetPropertyValueHistory",
  "kendra-ranking": "Rescore",
  kinesis: `
    AcknowledgeDeadLetterQueueRecords AcknowledgeQueueRecords GetRecords GetShardIterator PutRecord PutRecords
    ReceiveDeadLetterQueueRecords ReceiveQueueRecords RestoreDeadLetterQueueRecords SubscribeToShard
    UpdateDeadLetterQueueRecordsVisibility UpdateQueueRecordsVisibility`,
  kinesisvideo: `
    ConnectAsMaster ConnectAsViewer GetClip GetDASHStreamingSessionURL GetHLSStreamingSessionURL GetIceServerConfig GetImages
    GetMedia GetMediaForFragmentList JoinStorageSession JoinStorageSessionAsViewer ListFragments PutMedia SendAlexaOfferToMaster`,
  lambda: "Invoke InvokeAsync InvokeFunctionUrl InvokeWithResponseStream",
  machinelearning: "Predict",
  "managedblockchain-query": "*",
  "medical-imaging": `
    CopyImageSet DeleteImageSet GetDICOMInstance GetDICOMInstanceFrames GetDICOMInstanceMetadata GetDICOMSeriesMetadata
    GetImageFrame GetImageSet GetImageSetMetadata ListImageSetVersions SearchDICOMInstances SearchDICOMSeries
    SearchDICOMStudies SearchImageSets UpdateImageSetMetadata`,
  monitoring: "GetInsightRuleReport GetMetricData GetMetricStatistics GetMetricWidgetImage ListMetrics PutMetricData",
  "neptune-graph": "CancelQuery ExecuteQuery GetGraphSummary GetQuery ListQueries",
  networkflowmonitor: "GetQuery* Publish StartQuery* StopQuery*",
  "nova-act": "CreateAct CreateSession InvokeActStep ListActs ListSessions UpdateAct",
  "payment-cryptography": `
    DecryptData EncryptData GenerateAs2805KekValidation GenerateAuthRequestCryptogram GenerateCardValidationData GenerateMac
    GenerateMacEmvPinChange GeneratePinData ReEncryptData TranslateKeyMaterial TranslatePinData VerifyAuthRequestCryptogram
    VerifyCardValidationData VerifyMac VerifyPinData`,
  pinpoint:
    "PhoneNumberValidate PutEvents SendMessages SendOTPMessage SendUsersMessages UpdateEndpoint UpdateEndpointsBatch VerifyOTPMessage",
  qapps: `
    AssociateQAppWithUser CreatePresignedUrl DisassociateQAppFromUser ExportQAppSessionData GetQAppSession
    GetQAppSessionMetadata ImportDocument ListQAppSessionData PredictQApp StartQAppSession StopQAppSession UpdateQAppSession
    UpdateQAppSessionMetadata`,
  qbusiness: `
    BatchDeleteDocument BatchPutDocument Chat ChatSync CheckDocumentAccess CreateAnonymousWebExperienceUrl DeleteAttachment
    DeleteConversation DeleteGroup GetDocumentContent GetGroup GetMedia ListAttachments ListConversations ListDocuments
    ListGroups ListMessages PutFeedback PutGroup SearchRelevantContent`,
  rdsdata: "BatchExecuteStatement BeginTransaction CommitTransaction ExecuteSql ExecuteStatement RollbackTransaction",
  rum: "PutRumEvents",
  s3: S3_OBJECTS,
  "s3-object-lambda": S3_OBJECTS,
  "s3-outposts": S3_OBJECTS,
  s3express: `CreateSession ${S3_OBJECTS}`,
  s3tables: `${S3_OBJECTS} GetTableData GetTableMetadataLocation PutTableData UpdateTableMetadataLocation`,
  s3vectors: "DeleteVectors GetVectors ListVectors PutVectors QueryVectors",
  sagemaker: `
    BatchGetMetrics BatchGetRecord BatchPutMetrics BatchWriteRecord DeleteRecord GetRecord InvokeEndpoint InvokeEndpointAsync
    InvokeEndpointWithResponseStream ListRecords PutRecord UpdateRecord`,
  scn: "GetDataIntegrationEvent ListDataIntegrationEvents SendDataIntegrationEvent",
  sdb: "BatchDeleteAttributes BatchPutAttributes DeleteAttributes GetAttributes PutAttributes Select",
  servicediscovery: "DiscoverInstances DiscoverInstancesRevision",
  ses: "SendBounce SendBulkEmail SendBulkTemplatedEmail SendCustomVerificationEmail SendEmail SendRawEmail SendTemplatedEmail",
  signer: "GetRevocationStatus SignPayload",
  "sms-voice": "PutMessageFeedback Send*",
  sns: "Publish PublishBatch",
  "social-messaging": "DeleteWhatsAppMessageMedia GetWhatsAppMessageMedia PostWhatsAppMessageMedia SendWhatsApp*",
  sqs: `
    ChangeMessageVisibility ChangeMessageVisibilityBatch DeleteMessage DeleteMessageBatch ReceiveMessage SendMessage
    SendMessageBatch`,
  ssm: "RequestManagedInstanceRoleToken",
  ssmmessages: "CreateControlChannel CreateDataChannel OpenControlChannel OpenDataChannel",
  states: "GetActivityTask InvokeHTTPEndpoint SendTaskFailure SendTaskHeartbeat SendTaskSuccess",
  swf: `
    CountClosedWorkflowExecutions CountOpenWorkflowExecutions CountPendingActivityTasks CountPendingDecisionTasks
    DescribeWorkflowExecution GetWorkflowExecutionHistory ListClosedWorkflowExecutions ListOpenWorkflowExecutions
    PollForActivityTask PollForDecisionTask RecordActivityTaskHeartbeat RequestCancelWorkflowExecution
    RespondActivityTaskCanceled RespondActivityTaskCompleted RespondActivityTaskFailed RespondDecisionTaskCompleted
    SignalWorkflowExecution StartWorkflowExecution TerminateWorkflowExecution`,
  timestream: "CancelQuery DescribeEndpoints PrepareQuery Query WriteRecords",
  verifiedpermissions: "BatchIsAuthorized BatchIsAuthorizedWithToken IsAuthorized IsAuthorizedWithToken",
  xray: `
    BatchGetTraces BatchGetTraceSummaryById GetDistinctTraceGraphs GetServiceGraph GetTimeSeriesServiceStatistics GetTraceGraph
    GetTraceSummaries PutTelemetryRecords PutTraceSegments`,
};

/**
 * Operations on contents that AWS does not log at all. Here nothing goes unrecorded, and among the management events they
 * would bury everything else.
 */
const UNLOGGED_ROWS: OperationRows = {
  "execute-api": "*",
  events: "PutEvents",
  firehose: "PutRecord PutRecordBatch",
  logs: "PutLogEvents",
  personalize: "PutActionInteractions PutActions PutEvents PutItems PutUsers",
};

const DATA = new OperationTable({ ...ROWS, ...UNLOGGED_ROWS });
