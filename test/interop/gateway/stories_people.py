"""Calls of services that watch, build, tell and learn. Each story ends with a call that fails."""

import datetime

from stories_data import ABSENT_ARN, TAG_MAP, TAGS
from stories_machines import ROLE

MORNING = datetime.datetime(2026, 1, 2, 6, 0, 0, tzinfo=datetime.timezone.utc)


def cloudwatch(call):
    metric = {"MetricName": "Cups", "Value": 3.5, "Unit": "Count", "Timestamp": MORNING}
    call("PutMetricData", Namespace="Shop", MetricData=[metric])
    call("PutMetricAlarm", AlarmName="dry", MetricName="Cups", Namespace="Shop", Statistic="Sum", Period=60,
         EvaluationPeriods=1, Threshold=1.5, ComparisonOperator="LessThanThreshold")
    call("DescribeAlarms", AlarmNames=["dry"], MaxRecords=5)
    call("GetMetricStatistics", Namespace="Shop", MetricName="Cups", StartTime=MORNING,
         EndTime=MORNING + datetime.timedelta(hours=1), Period=60, Statistics=["Sum"])
    call("ListMetrics", Namespace="Shop")
    call("DeleteAlarms", AlarmNames=["dry"])
    call("GetDashboard", DashboardName="none")


def events(call):
    call("PutRule", Name="evening", ScheduleExpression="rate(1 day)", State="ENABLED", Tags=TAGS)
    call("PutTargets", Rule="evening", Targets=[{"Id": "1", "Arn": ABSENT_ARN.format("sqs", "orders")}])
    call("PutEvents", Entries=[{"Source": "shop", "DetailType": "closed", "Detail": '{"till": 451}'}])
    call("ListRules", NamePrefix="even")
    call("RemoveTargets", Rule="evening", Ids=["1"])
    call("DeleteRule", Name="evening")
    call("DescribeRule", Name="evening")


def scheduler(call):
    target = {"Arn": ABSENT_ARN.format("sqs", "orders"), "RoleArn": ROLE}
    call("CreateSchedule", Name="open", ScheduleExpression="rate(1 day)", FlexibleTimeWindow={"Mode": "OFF"},
         Target=target)
    call("GetSchedule", Name="open")
    call("ListSchedules")
    call("DeleteSchedule", Name="open")
    call("GetSchedule", Name="open")


def pipes(call):
    ends = {"Source": ABSENT_ARN.format("sqs", "a"), "Target": ABSENT_ARN.format("sqs", "b")}
    call("CreatePipe", Name="drain", **ends, RoleArn=ROLE)
    call("ListPipes")
    call("DescribePipe", Name="none")


def stepfunctions(call):
    definition = '{"StartAt":"Pour","States":{"Pour":{"Type":"Pass","End":true}}}'
    made = call("CreateStateMachine", name="serve", definition=definition, roleArn=ROLE)["stateMachineArn"]
    run = call("StartExecution", stateMachineArn=made, name="one", input='{"cup": "secret-recipe-0451"}')["executionArn"]
    call("DescribeExecution", executionArn=run)
    call("ListStateMachines")
    call("DeleteStateMachine", stateMachineArn=made)
    call("DescribeStateMachine", stateMachineArn=made)


def swf(call):
    call("RegisterDomain", name="counter", workflowExecutionRetentionPeriodInDays="1")
    call("ListDomains", registrationStatus="REGISTERED")
    call("DeprecateDomain", name="counter")
    call("DescribeDomain", name="none")


def ses(call):
    call("VerifyEmailIdentity", EmailAddress="mary@example.com")
    call("SendEmail", Source="mary@example.com", Destination={"ToAddresses": ["john@example.com"]},
         Message={"Subject": {"Data": "Hello"}, "Body": {"Text": {"Data": "come at seven"}}})
    call("ListIdentities")
    call("GetTemplate", TemplateName="none")


def sesv2(call):
    call("CreateEmailIdentity", EmailIdentity="john@example.com")
    call("CreateContactList", ContactListName="guests", Description="who comes")
    call("ListEmailIdentities")
    call("GetContactList", ContactListName="none")


def cognito_idp(call):
    pool = call("CreateUserPool", PoolName="guests")["UserPool"]["Id"]
    client = call("CreateUserPoolClient", UserPoolId=pool, ClientName="till")["UserPoolClient"]["ClientId"]
    call("AdminCreateUser", UserPoolId=pool, Username="mary-the-guest", TemporaryPassword="Very-hidden-0454")
    call("ListUsers", UserPoolId=pool, Limit=5)
    call("SignUp", ClientId=client, Username="john-the-guest", Password="Very-hidden-0455")
    call("GlobalSignOut", AccessToken="a-token-that-moto-repeats-0451")
    call("DeleteUserPool", UserPoolId=pool)
    call("DescribeUserPool", UserPoolId=pool)


def cognito_identity(call):
    pool = call("CreateIdentityPool", IdentityPoolName="guests", AllowUnauthenticatedIdentities=True)["IdentityPoolId"]
    guest = call("GetId", IdentityPoolId=pool)["IdentityId"]
    call("GetCredentialsForIdentity", IdentityId=guest)
    call("DescribeIdentityPool", IdentityPoolId="us-east-1:none")


def organizations(call):
    call("CreateOrganization", FeatureSet="ALL")
    call("CreateAccount", Email="second@example.com", AccountName="second shop")
    call("ListAccounts")
    call("DescribeAccount", AccountId="000000000000")


def identitystore(call):
    call("CreateGroup", IdentityStoreId="d-9067000000", DisplayName="staff")
    call("ListGroups", IdentityStoreId="d-9067000000")
    call("DescribeGroup", IdentityStoreId="d-9067000000", GroupId="00000000-0000-0000-0000-000000000000")


def sso_admin(call):
    instance = {"InstanceArn": "arn:aws:sso:::instance/ins-0000000000000000"}
    made = call("CreatePermissionSet", **instance, Name="Staff")["PermissionSet"]["PermissionSetArn"]
    call("DescribePermissionSet", **instance, PermissionSetArn=made)
    call("ListPermissionSets", **instance)
    call("DeletePermissionSet", **instance, PermissionSetArn=made)
    call("DescribePermissionSet", **instance, PermissionSetArn=made)


def acm(call):
    arn = call("RequestCertificate", DomainName="shop.example.com")["CertificateArn"]
    call("AddTagsToCertificate", CertificateArn=arn, Tags=TAGS)
    call("ListCertificates")
    call("DeleteCertificate", CertificateArn=arn)
    call("DescribeCertificate", CertificateArn=arn)


def acm_pca(call):
    subject = {"KeyAlgorithm": "RSA_2048", "SigningAlgorithm": "SHA256WITHRSA", "Subject": {"CommonName": "shop"}}
    arn = call("CreateCertificateAuthority", CertificateAuthorityConfiguration=subject,
               CertificateAuthorityType="ROOT")["CertificateAuthorityArn"]
    call("DescribeCertificateAuthority", CertificateAuthorityArn=arn)
    call("DescribeCertificateAuthority", CertificateAuthorityArn=ABSENT_ARN.format("acm-pca", "certificate-authority/none"))


def account(call):
    contact = {"Name": "Mary", "PhoneNumber": "+15550100", "EmailAddress": "mary@example.com", "Title": "owner",
               "AlternateContactType": "BILLING"}
    call("PutAlternateContact", **contact)
    call("GetAlternateContact", AlternateContactType="BILLING")
    call("DeleteAlternateContact", AlternateContactType="BILLING")
    call("GetAlternateContact", AlternateContactType="BILLING")


def config(call):
    recorder = {"name": "default", "roleARN": ROLE}
    call("PutConfigurationRecorder", ConfigurationRecorder=recorder)
    call("DescribeConfigurationRecorders")
    call("DeleteConfigurationRecorder", ConfigurationRecorderName="default")
    call("DeleteConfigurationRecorder", ConfigurationRecorderName="default")


def guardduty(call):
    made = call("CreateDetector", Enable=True)["DetectorId"]
    call("ListDetectors")
    call("CreateFilter", DetectorId=made, Name="doors", FindingCriteria={"Criterion": {"severity": {"Gte": 4}}})
    call("DeleteDetector", DetectorId=made)
    call("GetDetector", DetectorId="none")


def inspector2(call):
    call("Enable", resourceTypes=["EC2"])
    call("BatchGetAccountStatus", accountIds=["123456789012"])
    call("ListFilters")
    call("Disable", resourceTypes=["EC2"])


def macie2(call):
    call("EnableMacie", status="ENABLED")
    call("GetMacieSession")
    call("DisableMacie")
    call("GetMacieSession")


def securityhub(call):
    call("EnableSecurityHub", EnableDefaultStandards=False)
    call("DescribeHub")
    call("GetFindings", MaxResults=3)
    call("DisableSecurityHub")
    call("DescribeHub")


def shield(call):
    call("CreateSubscription")
    call("ListProtections")
    call("DescribeProtection", ProtectionId="none")


def wafv2(call):
    rules = {"DefaultAction": {"Allow": {}}, "VisibilityConfig": {"SampledRequestsEnabled": True,
             "CloudWatchMetricsEnabled": True, "MetricName": "door"}}
    made = call("CreateWebACL", Name="door", Scope="REGIONAL", **rules)["Summary"]
    call("GetWebACL", Name="door", Scope="REGIONAL", Id=made["Id"])
    call("ListWebACLs", Scope="REGIONAL", Limit=5)
    call("DeleteWebACL", Name="door", Scope="REGIONAL", Id=made["Id"], LockToken=made["LockToken"])
    call("GetWebACL", Name="none", Scope="REGIONAL", Id="none")


def ram(call):
    call("CreateResourceShare", name="shared-cups")
    call("GetResourceShares", resourceOwner="SELF")
    call("DeleteResourceShare", resourceShareArn=ABSENT_ARN.format("ram", "resource-share/none"))


def resource_groups(call):
    query = {"Type": "TAG_FILTERS_1_0", "Query": '{"ResourceTypeFilters":["AWS::AllSupported"],"TagFilters":[]}'}
    call("CreateGroup", Name="corner", ResourceQuery=query, Tags=TAG_MAP)
    call("ListGroups")
    call("GetGroup", GroupName="corner")
    call("DeleteGroup", GroupName="corner")
    call("GetGroup", GroupName="corner")


def resourcegroupstaggingapi(call):
    call("GetResources", TagFilters=[{"Key": "shop", "Values": ["corner"]}])
    call("GetTagKeys")
    call("TagResources", ResourceARNList=["arn:aws:sqs:us-east-1:123456789012:none"], Tags=TAG_MAP)


def codebuild(call):
    call("CreateProject", name="bake", source={"type": "NO_SOURCE"}, artifacts={"type": "NO_ARTIFACTS"},
         environment={"type": "LINUX_CONTAINER", "image": "oven:1", "computeType": "BUILD_GENERAL1_SMALL"},
         serviceRole=ROLE)
    call("BatchGetProjects", names=["bake"])
    call("ListProjects")
    call("DeleteProject", name="bake")
    call("StartBuild", projectName="bake")


def codecommit(call):
    call("CreateRepository", repositoryName="recipes", repositoryDescription="of cakes")
    call("GetRepository", repositoryName="recipes")
    call("DeleteRepository", repositoryName="recipes")
    call("GetRepository", repositoryName="recipes")


def codedeploy(call):
    call("CreateApplication", applicationName="counter", computePlatform="Server")
    call("ListApplications")
    call("GetApplication", applicationName="none")


def codepipeline(call):
    call("ListPipelines")
    call("GetPipeline", name="none")
    call("DeletePipeline", name="none")


def servicecatalog(call):
    call("CreatePortfolio", DisplayName="cakes", ProviderName="Mary", IdempotencyToken="once")
    call("ListPortfolios")
    call("DescribePortfolio", Id="port-none")


def service_quotas(call):
    call("ListServiceQuotas", ServiceCode="vpc")
    call("GetServiceQuota", ServiceCode="vpc", QuotaCode="L-00000000")


def budgets(call):
    budget = {"BudgetName": "beans", "BudgetLimit": {"Amount": "10", "Unit": "USD"}, "TimeUnit": "MONTHLY",
              "BudgetType": "COST"}
    call("CreateBudget", AccountId="123456789012", Budget=budget)
    call("DescribeBudgets", AccountId="123456789012")
    call("DeleteBudget", AccountId="123456789012", BudgetName="beans")
    call("DescribeBudget", AccountId="123456789012", BudgetName="beans")


def ce(call):
    call("CreateCostCategoryDefinition", Name="rooms", RuleVersion="CostCategoryExpression.v1",
         Rules=[{"Value": "hall", "Rule": {"Tags": {"Key": "room", "Values": ["hall"]}}}])
    call("GetCostAndUsage", TimePeriod={"Start": "2026-01-01", "End": "2026-01-02"}, Granularity="DAILY",
         Metrics=["UnblendedCost"])
    call("DescribeCostCategoryDefinition", CostCategoryArn="arn:aws:ce::123456789012:costcategory/none")


def support(call):
    call("CreateCase", subject="machine", communicationBody="it leaks")
    call("DescribeTrustedAdvisorChecks", language="en")
    call("ResolveCase", caseId="none")


def iot(call):
    call("CreateThing", thingName="grinder", attributePayload={"attributes": TAG_MAP})
    call("DescribeThing", thingName="grinder")
    call("ListThings", maxResults=3)
    call("DeleteThing", thingName="grinder")
    call("DescribeThing", thingName="grinder")


def iot_data(call):
    call("Publish", topic="grinder/on", qos=1, payload=b'{"on":true}')
    call("GetThingShadow", thingName="none")


def mq(call):
    call("ListBrokers", MaxResults=5)
    call("CreateConfiguration", Name="queue", EngineType="ACTIVEMQ", EngineVersion="5.16")
    call("DescribeBroker", BrokerId="none")


def kafka(call):
    call("CreateClusterV2", ClusterName="stream", Serverless={"VpcConfigs": [{"SubnetIds": ["subnet-1"]}]})
    call("ListClustersV2")
    call("DescribeClusterV2", ClusterArn=ABSENT_ARN.format("kafka", "cluster/none/00000000-0"))


def sagemaker(call):
    call("CreateModel", ModelName="taste", ExecutionRoleArn=ROLE)
    call("DescribeModel", ModelName="taste")
    call("ListModels", MaxResults=2)
    call("DeleteModel", ModelName="taste")
    call("DescribeModel", ModelName="taste")


def bedrock(call):
    call("ListCustomModels")
    call("GetCustomModel", modelIdentifier="none")
    call("DeleteCustomModel", modelIdentifier="none")


def bedrock_runtime(call):
    call("InvokeModel", modelId="anthropic.claude-v2", body=b'{"prompt":"a secret blend"}', contentType="application/json")
    call("Converse", modelId="anthropic.claude-v2", messages=[{"role": "user", "content": [{"text": "hi"}]}])


def comprehend(call):
    call("DetectSentiment", Text="the coffee is good", LanguageCode="en")
    call("ListEntityRecognizers")
    call("DescribeEntityRecognizer", EntityRecognizerArn=ABSENT_ARN.format("comprehend", "entity-recognizer/none"))


def rekognition(call):
    call("DetectLabels", Image={"Bytes": b"not a picture"}, MaxLabels=2)
    call("StartTextDetection", Video={"S3Object": {"Bucket": "films", "Name": "a.mp4"}})


def textract(call):
    call("DetectDocumentText", Document={"Bytes": b"a bill"})
    call("GetDocumentTextDetection", JobId="none")


def transcribe(call):
    call("CreateVocabulary", LanguageCode="en-US", VocabularyName="drinks", Phrases=["latte"])
    call("ListVocabularies")
    call("GetVocabulary", VocabularyName="none")


def polly(call):
    call("DescribeVoices", LanguageCode="en-GB")
    call("SynthesizeSpeech", Text="your order", OutputFormat="mp3", VoiceId="Amy")
    call("GetLexicon", Name="none")


def pinpoint(call):
    made = call("CreateApp", CreateApplicationRequest={"Name": "guests"})["ApplicationResponse"]["Id"]
    call("GetApps")
    call("DeleteApp", ApplicationId=made)
    call("GetApp", ApplicationId=made)


def connect(call):
    call("CreateInstance", IdentityManagementType="CONNECT_MANAGED", InboundCallsEnabled=True, OutboundCallsEnabled=False,
         InstanceAlias="phone")
    call("ListInstances")
    call("DescribeInstance", InstanceId="00000000-0000-0000-0000-000000000000")


def medialive(call):
    call("ListChannels")
    call("CreateInput", Name="camera", Type="RTP_PUSH")
    call("DescribeChannel", ChannelId="none")


def mediapackage(call):
    call("CreateChannel", Id="window", Description="street")
    call("ListChannels")
    call("DeleteChannel", Id="window")
    call("DescribeChannel", Id="window")


def ivs(call):
    made = call("CreateChannel", name="bar")["channel"]["arn"]
    call("ListChannels")
    call("DeleteChannel", arn=made)
    call("GetChannel", arn=made)


def kinesisvideo(call):
    call("CreateStream", StreamName="door", DataRetentionInHours=1)
    call("ListStreams")
    call("DescribeStream", StreamName="none")


def quicksight(call):
    here = {"AwsAccountId": "123456789012", "Namespace": "default"}
    call("CreateGroup", **here, GroupName="readers")
    call("ListGroups", **here)
    call("DescribeGroup", **here, GroupName="none")


def databrew(call):
    call("ListRecipes")
    call("DescribeRecipe", Name="none")
    call("CreateRecipe", Name="clean", Steps=[])


def synthetics(call):
    call("DescribeCanaries")
    call("GetCanary", Name="none")


def xray(call):
    call("PutTraceSegments", TraceSegmentDocuments=['{"id":"70de5b6f19ff9a0a","name":"till"}'])
    call("GetServiceGraph", StartTime=MORNING, EndTime=MORNING + datetime.timedelta(hours=1))


def amp(call):
    made = call("CreateWorkspace", alias="meters")["workspaceId"]
    call("DescribeWorkspace", workspaceId=made)
    call("ListWorkspaces")
    call("DeleteWorkspace", workspaceId=made)
    call("DescribeWorkspace", workspaceId=made)


def fis(call):
    call("ListExperimentTemplates")
    call("GetExperimentTemplate", id="none")


def resiliencehub(call):
    made = call("CreateApp", name="shop")["app"]["appArn"]
    call("DescribeApp", appArn=made)
    call("ListApps")
    call("DescribeApp", appArn=ABSENT_ARN.format("resiliencehub", "app/none"))


def signer(call):
    call("PutSigningProfile", profileName="seal", platformId="AWSLambda-SHA384-ECDSA")
    call("GetSigningProfile", profileName="seal")
    call("CancelSigningProfile", profileName="seal")
    call("ListSigningPlatforms")


def meteringmarketplace(call):
    call("BatchMeterUsage", ProductCode="cups", UsageRecords=[
        {"Timestamp": MORNING, "CustomerIdentifier": "c", "Dimension": "cups", "Quantity": 3}])


def ds(call):
    call("DescribeDirectories")
    call("CreateDirectory", Name="corp.example.com", Password="Very-hidden-0456", Size="Small",
         VpcSettings={"VpcId": "vpc-none", "SubnetIds": ["subnet-1", "subnet-2"]})
    call("DeleteDirectory", DirectoryId="d-9067000000")
