/**
 * The resource types whose data events a trail can log, each with the forms of its ARNs where AWS's guide gives them:
 * what comes after `arn:aws:`, forms separated by a blank. `R` stands for a Region, `A` for an account, `+` for a part
 * without slash, `*` for any rest. Types are compared case-sensitively, oddities of AWS's own spelling included.
 *
 * New types come every few months: add a row.
 * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/logging-data-events-with-cloudtrail.html
 */
const WITH_ARN_FORM: Readonly<Record<string, string>> = {
  "AWS::AppConfig::Configuration": "appconfig:R:A:application/+/environment/+/configuration/+",
  "AWS::B2BI::Transformer": "b2bi:R:A:transformer/+",
  "AWS::Bedrock::AgentAlias": "bedrock:R:A:agent-alias/+/+",
  "AWS::Bedrock::KnowledgeBase": "bedrock:R:A:knowledge-base/+",
  "AWS::Cassandra::Table": "cassandra:R:A:/keyspace/+/table/+",
  "AWS::CloudFront::KeyValueStore": "cloudfront:R:A:key-value-store/+ cloudfront::A:key-value-store/+",
  "AWS::CloudTrail::Channel": "cloudtrail:R:A:channel/+",
  "AWS::CodeWhisperer::Customization": "codewhisperer:R:A:customization/+",
  "AWS::CodeWhisperer::Profile": "codewhisperer:R:A:profile/+",
  "AWS::Cognito::IdentityPool": "cognito-identity:R:A:identitypool/+",
  "AWS::DynamoDB::Stream": "dynamodb:R:A:table/+/stream/+",
  "AWS::DynamoDB::Table": "dynamodb:R:A:table/+",
  "AWS::EC2::Snapshot": "ec2:R::snapshot/+",
  "AWS::EMRWAL::Workspace": "emrwal:R:A:workspace/+",
  "AWS::FinSpace::Environment": "finspace:R:A:environment/+",
  "AWS::Glue::Table": "glue:R:A:table/+/+",
  "AWS::GreengrassV2::ComponentVersion": "greengrass:R:A:components/*",
  "AWS::GreengrassV2::Deployment": "greengrass:R:A:deployments/+",
  "AWS::GuardDuty::Detector": "guardduty:R:A:detector/+",
  "AWS::IoT::Certificate": "iot:R:A:cert/+",
  "AWS::IoT::Thing": "iot:R:A:thing/+",
  "AWS::IoTSiteWise::Asset": "iotsitewise:R:A:asset/+",
  "AWS::IoTTwinMaker::Entity": "iottwinmaker:R:A:workspace/+/entity/+",
  "AWS::KendraRanking::ExecutionPlan": "kendra-ranking:R:A:rescore-execution-plan/+",
  "AWS::Kinesis::Stream": "kinesis:R:A:stream/+",
  "AWS::KinesisVideo::Stream": "kinesisvideo:R:A:stream/+/+",
  "AWS::Lambda::Function": "lambda:R:A:function:+",
  "AWS::ManagedBlockchain::Network": "managedblockchain:::networks/+",
  "AWS::ManagedBlockchain::Node": "managedblockchain:R:A:nodes/+",
  "AWS::MedicalImaging::Datastore": "medical-imaging:R:A:datastore/+",
  "AWS::NeptuneGraph::Graph": "neptune-graph:R:A:graph/+",
  "AWS::PCAConnectorAD::Connector": "pca-connector-ad:R:A:connector/+",
  "AWS::QApps::QApp": "qapps:R:A:application/+/qapp/+",
  "AWS::QBusiness::Application": "qbusiness:R:A:application/+",
  "AWS::RDS::DBCluster": "rds:R:A:cluster/+ rds:R:A:cluster:+",
  "AWS::S3::AccessPoint": "s3:R:A:accesspoint/+ s3:R:A:accesspoint/+/object/*",
  "AWS::S3::Object": "s3:::+/*",
  "AWS::S3Express::Object": "s3express:R:A:bucket/+ s3express:R:A:bucket/+/*",
  "AWS::S3ObjectLambda::AccessPoint": "s3-object-lambda:R:A:accesspoint/+",
  "AWS::S3Outposts::Object": "s3-outposts:R:A:*",
  "AWS::SCN::Instance": "scn:R:A:instance/+",
  "AWS::SNS::PlatformEndpoint": "sns:R:A:endpoint/+/+/+",
  "AWS::SNS::Topic": "sns:R:A:+",
  "AWS::SQS::Queue": "sqs:R:A:+",
  "AWS::SSM::ManagedNode": "ssm:R:A:managed-instance/+ ec2:R:A:instance/+",
  "AWS::SSMMessages::ControlChannel": "ssmmessages:R:A:control-channel/+",
  "AWS::SWF::Domain": "swf:R:A:domain/+ swf:R:A:/domain/+",
  "AWS::SageMaker::Endpoint": "sagemaker:R:A:endpoint/+",
  "AWS::SageMaker::FeatureGroup": "sagemaker:R:A:feature-group/+",
  "AWS::ServiceDiscovery::Namespace": "servicediscovery:R:A:namespace/+",
  "AWS::ServiceDiscovery::Service": "servicediscovery:R:A:service/+",
  "AWS::StepFunctions::StateMachine": "states:R:A:stateMachine:+",
  "AWS::ThinClient::Device": "thinclient:R:A:device/+",
  "AWS::Timestream::Database": "timestream:R:A:database/+",
  "AWS::Timestream::Table": "timestream:R:A:database/+/table/+",
  "AWS::VerifiedPermissions::PolicyStore":
    "verifiedpermissions:R:A:policy-store/+ verifiedpermissions::A:policy-store/+",
};

/** Types of a service without a known form; for these any ARN will do. */
const WITHOUT_ARN_FORM: Readonly<Record<string, string>> = {
  AIDevOps: "AgentSpace Association OperatorAppTeam PipelineMetadata Service",
  AIOps: "InvestigationGroup",
  AppSync: "GraphQLApi",
  Backup: "SearchJob",
  Bedrock: `
    AdvancedOptimizePromptJob AsyncInvoke AutomatedReasoningPolicy AutomatedReasoningPolicyVersion Blueprint
    DataAutomationInvocation DataAutomationProfile DataAutomationProject FlowAlias FlowExecution Guardrail InlineAgent Model
    PromptVersion Session Tool`,
  BedrockAgentCore: `
    APIKeyCredentialProvider Browser BrowserCustom CodeInterpreter CodeInterpreterCustom Evaluator Gateway Memory
    OAuth2CredentialProvider Runtime RuntimeEndpoint TokenVault WorkloadIdentity WorkloadIdentityDirectory`,
  Cassandra: "Stream",
  CloudOptimization: "Profile Recommendation",
  CloudWatch: "Metric",
  CodeGuruProfiler: "ProfilingGroup",
  DSQL: "Cluster",
  DataExchange: "Asset",
  Deadline: "Fleet Job Queue Worker",
  EC2: "InstanceConnectEndpoint",
  ECS: "ContainerInstance",
  EKS: "Dashboard",
  FSx: "Volume",
  GameLiftStreams: "Application StreamGroup",
  GeoMaps: "Provider",
  GeoPlaces: "Provider",
  GeoRoutes: "Provider",
  GuardDuty: "MalwareScan",
  IoTSiteWise: "TimeSeries",
  IoTTwinMaker: "Workspace",
  Kinesis: "StreamConsumer",
  KinesisFirehose: "DeliveryStream",
  KinesisVideo: "SignalingChannel",
  MWAA: "Environment",
  MachineLearning: "MlModel",
  ManagedBlockchainQuery: "QueryAPI",
  MedicalImaging: "Imageset",
  NetworkFlowMonitor: "Monitor Scope",
  NovaAct: "WorkflowDefinition WorkflowRun",
  One: "UKey User",
  PCAConnectorSCEP: "Connector",
  PaymentCryptography: "Alias Key",
  Pinpoint: "App",
  QApps: "QAppSession",
  QBusiness: "DataSource Index Integration WebExperience",
  QDeveloper: "Integration",
  QuickSight: "Flow FlowSession",
  Quicksight: "ActionConnector",
  RUM: "AppMonitor",
  Redshift: "Cluster",
  S3Tables: "Table TableBucket",
  S3Vectors: "Index VectorBucket",
  SDB: "Domain",
  SES: "ConfigurationSet EmailIdentity Template",
  SMSVoice: "Message OriginationIdentity",
  SSM: "ExecutionPreview",
  SageMaker: "ExperimentTrialComponent MlflowTrackingServer",
  Signer: "SigningJob SigningProfile",
  SitewiseAssistant: "Conversation",
  SocialMessaging: "PhoneNumberId WabaId",
  StepFunctions: "Activity",
  SupportAccess: "Tenant TrustingAccount TrustingRole",
  ThinClient: "Environment",
  Timestream: "RegionalEndpoint",
  Transform: "AgentInstance",
  TransformCustom: "Campaign Conversation KnowledgeItem Package",
  XRay: "Trace",
};

const PLACEHOLDERS: Readonly<Record<string, string>> = { R: "[a-z0-9-]+", A: "\\d{12}" };

/** By type: what an ARN of it looks like. */
const TYPES: ReadonlyMap<string, RegExp> = new Map([
  ...Object.entries(WITH_ARN_FORM).map(([type, forms]): [string, RegExp] => [type, arnPattern(forms)]),
  ...Object.entries(WITHOUT_ARN_FORM).flatMap(([service, names]) =>
    names
      .trim()
      .split(/\s+/)
      .map((name): [string, RegExp] => [`AWS::${service}::${name}`, arnPattern("+:*")]),
  ),
]);

export function isDataResourceType(type: string): boolean {
  return TYPES.has(type);
}

/** Whether the text is a whole ARN of a resource of the type, as far as its form is known. */
export function isArnOfType(type: string, arn: string): boolean {
  return TYPES.get(type)?.test(arn) ?? false;
}

/** No placeholder can be matched in two ways: the time that a match takes grows with the text's length alone. */
function arnPattern(forms: string): RegExp {
  const patterns = forms.split(" ").map((form) =>
    form
      .split(":")
      .map((part) => PLACEHOLDERS[part] ?? part.replaceAll("+", "[^/]+").replaceAll("*", "[^]*"))
      .join(":"),
  );
  return new RegExp(`^arn:aws:(?:${patterns.join("|")})$`);
}
