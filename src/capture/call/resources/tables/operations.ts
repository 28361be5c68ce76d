import { instanceId, managedInstanceId, parameterName } from "../forms.ts";
import type { ResourceRows } from "../row.ts";

const INSTANCE = "arn:{partition}:ec2:{region}:{account}:instance/{}";

/** What is deployed, configured, watched and logged. CloudTrail's records of SSM give no types. */
export const OPERATIONS: ResourceRows = {
  ssm: [
    [
      "",
      "parameter/{}",
      "GetParameter|PutParameter|DeleteParameter|GetParameterHistory|*ParameterVersion:Name GetParameters|DeleteParameters:Names[]",
      parameterName,
    ],
    ["", "association/{}", "AssociationId"],
    ["", INSTANCE, "InstanceId InstanceIds[] StartSession:Target", instanceId],
    ["", "managed-instance/{}", "InstanceId InstanceIds[] StartSession:Target", managedInstanceId],
    ["", "managed-instance-inventory/{}", "PutInventory:InstanceId"],
    ["", "document/{}", "DocumentName *Document:Name"],
    ["", "session/{}", "SessionId >SessionId"],
    ["", "automation-execution/{}", "AutomationExecutionId >AutomationExecutionId"],
  ],
  cloudformation: [
    ["AWS::CloudFormation::Stack", "stack/{}/*", "StackName StackId >StackId"],
    ["AWS::CloudFormation::StackSet", "stackset/{}:*", "StackSetName"],
  ],
  monitoring: [
    ["AWS::CloudWatch::Alarm", "arn:{partition}:cloudwatch:{region}:{account}:alarm:{}", "AlarmName AlarmNames[]"],
    [
      "AWS::CloudWatch::Dashboard",
      "arn:{partition}:cloudwatch::{account}:dashboard/{}",
      "DashboardName DashboardNames[]",
    ],
    [
      "AWS::CloudWatch::MetricStream",
      "arn:{partition}:cloudwatch:{region}:{account}:metric-stream/{}",
      "*MetricStream:Name",
    ],
  ],
  logs: [
    ["AWS::Logs::LogGroup", "log-group:{}", "logGroupName logGroupNames[] logGroupIdentifier logGroupIdentifiers[]"],
    ["AWS::Logs::LogStream", "log-group:{logGroupName}:log-stream:{}", "logStreamName"],
    ["AWS::Logs::Destination", "destination:{}", "destinationName >destination.arn"],
  ],
  cloudtrail: [
    [
      "AWS::CloudTrail::Trail",
      "trail/{}",
      "*Trail|GetTrailStatus|StartLogging|StopLogging:Name TrailName trailNameList[] >TrailARN >Trail.TrailARN",
    ],
    ["AWS::CloudTrail::EventDataStore", "eventdatastore/{}", "EventDataStore >EventDataStoreArn"],
    ["AWS::CloudTrail::Channel", "channel/{}", "Channel >ChannelArn"],
  ],
  config: [
    ["AWS::Config::ConfigRule", "", "ConfigRule.ConfigRuleArn"],
    ["AWS::Config::ConfigurationRecorder", "", "ConfigurationRecorder.arn"],
    ["AWS::Config::ConfigurationAggregator", "", ">ConfigurationAggregator.ConfigurationAggregatorArn"],
    ["AWS::Config::ConformancePack", "", ">ConformancePackArn"],
    ["AWS::IAM::Role", "", "ConfigurationRecorder.roleARN"],
  ],
  codebuild: [
    ["AWS::CodeBuild::Project", "project/{}", "projectName *Project:name BatchGetProjects:names[] >project.arn"],
    ["AWS::CodeBuild::Build", "build/{}", "*Build:id BatchGetBuilds:ids[] >build.arn"],
  ],
  codecommit: [
    ["AWS::CodeCommit::Repository", "{}", "repositoryName repositoryNames[] oldName newName >repositoryMetadata.Arn"],
  ],
  codepipeline: [["AWS::CodePipeline::Pipeline", "{}", "pipelineName pipeline.name *Pipeline*:name"]],
  codedeploy: [
    ["AWS::CodeDeploy::Application", "application:{}", "applicationName applicationNames[]"],
    ["AWS::CodeDeploy::DeploymentGroup", "deploymentgroup:{applicationName}/{}", "deploymentGroupName"],
  ],
};
