import { lastStep, queueOfUrl, ruleOfBus } from "../forms.ts";
import type { ResourceRows } from "../row.ts";

/** Queues, topics, events, workflows, APIs, mail, names, and what is delivered at the edge. */
export const INTEGRATION: ResourceRows = {
  sqs: [
    ["AWS::SQS::Queue", "arn:{partition}:sqs:{region}:{}", "QueueUrl >QueueUrl", queueOfUrl],
    ["AWS::SQS::Queue", "arn:{partition}:sqs:{region}:{QueueOwnerAWSAccountId|account}:{}", "QueueName"],
    ["AWS::SQS::Queue", "", "SourceArn DestinationArn"],
  ],
  sns: [
    ["AWS::SNS::Topic", "{}", "TopicArn CreateTopic:Name >TopicArn"],
    ["AWS::SNS::Subscription", "", "SubscriptionArn >SubscriptionArn"],
    ["AWS::SNS::PlatformApplication", "", "PlatformApplicationArn >PlatformApplicationArn"],
    ["AWS::SNS::PlatformEndpoint", "", "EndpointArn TargetArn >EndpointArn"],
  ],
  events: [
    ["AWS::Events::Rule", "rule/{}", "*Rule:Name Rule >RuleArn", ruleOfBus],
    ["AWS::Events::EventBus", "event-bus/{}", "EventBusName *EventBus:Name Entries[].EventBusName >EventBusArn"],
    ["AWS::Events::Archive", "archive/{}", "ArchiveName >ArchiveArn"],
    ["AWS::Events::Connection", "connection/{}/*", "*Connection:Name >ConnectionArn"],
    ["AWS::Events::ApiDestination", "api-destination/{}/*", "*ApiDestination:Name >ApiDestinationArn"],
  ],
  scheduler: [["AWS::Scheduler::Schedule", "schedule/{GroupName|default}/{}", "*Schedule:Name >ScheduleArn"]],
  pipes: [["AWS::Pipes::Pipe", "pipe/{}", "*Pipe:Name >Arn"]],
  states: [
    ["AWS::StepFunctions::StateMachine", "stateMachine:{}", "stateMachineArn CreateStateMachine:name >stateMachineArn"],
    ["AWS::StepFunctions::Activity", "activity:{}", "activityArn CreateActivity:name >activityArn"],
    ["AWS::StepFunctions::Execution", "", "executionArn >executionArn"],
  ],
  apigateway: [
    [
      "AWS::ApiGateway::RestApi",
      "arn:{partition}:apigateway:{region}::/restapis/{}",
      "restApiId CreateRestApi|ImportRestApi:>id",
    ],
    ["AWS::ApiGateway::Stage", "arn:{partition}:apigateway:{region}::/restapis/{restApiId}/stages/{}", "stageName"],
    ["AWS::ApiGateway::DomainName", "arn:{partition}:apigateway:{region}::/domainnames/{}", "domainName DomainName"],
    ["AWS::ApiGateway::ApiKey", "arn:{partition}:apigateway:{region}::/apikeys/{}", "apiKey CreateApiKey:>id"],
    [
      "AWS::ApiGateway::UsagePlan",
      "arn:{partition}:apigateway:{region}::/usageplans/{}",
      "usagePlanId CreateUsagePlan:>id",
    ],
    ["AWS::ApiGatewayV2::Api", "arn:{partition}:apigateway:{region}::/apis/{}", "ApiId CreateApi|ImportApi:>ApiId"],
    ["AWS::ApiGatewayV2::Stage", "arn:{partition}:apigateway:{region}::/apis/{ApiId}/stages/{}", "StageName"],
  ],
  appsync: [["AWS::AppSync::GraphQLApi", "apis/{}", "apiId >graphqlApi.arn >api.apiArn"]],
  ses: [
    ["AWS::SES::EmailIdentity", "identity/{}", "Identity Identities[] EmailIdentity EmailAddress Domain"],
    ["AWS::SES::ConfigurationSet", "configuration-set/{}", "ConfigurationSetName ConfigurationSet.Name"],
    ["AWS::SES::Template", "template/{}", "*Template:TemplateName Template.TemplateName"],
  ],
  amazonmq: [
    ["AWS::AmazonMQ::Broker", "arn:{partition}:mq:{region}:{account}:broker:*:{}", "BrokerId"],
    ["AWS::AmazonMQ::Broker", "", ">BrokerArn"],
  ],
  route53: [
    [
      "AWS::Route53::HostedZone",
      "arn:{partition}:route53:::hostedzone/{}",
      "HostedZoneId *HostedZone*:Id >HostedZone.Id",
      lastStep,
    ],
    ["AWS::Route53::HealthCheck", "arn:{partition}:route53:::healthcheck/{}", "HealthCheckId >HealthCheck.Id"],
  ],
  cloudfront: [
    [
      "AWS::CloudFront::Distribution",
      "arn:{partition}:cloudfront::{account}:distribution/{}",
      "DistributionId GetDistribution|GetDistributionConfig|UpdateDistribution|DeleteDistribution:Id >Distribution.ARN",
    ],
    ["AWS::CloudFront::Function", "arn:{partition}:cloudfront::{account}:function/{}", "*Function:Name"],
  ],
  transfer: [
    ["AWS::Transfer::Server", "server/{}", "ServerId >ServerId"],
    ["AWS::Transfer::User", "user/{ServerId}/{}", "UserName"],
  ],
  iot: [
    ["AWS::IoT::Thing", "thing/{}", "thingName >thingArn"],
    ["AWS::IoT::Policy", "policy/{}", "policyName >policyArn"],
    ["AWS::IoT::Certificate", "cert/{}", "certificateId >certificateArn"],
  ],
};
