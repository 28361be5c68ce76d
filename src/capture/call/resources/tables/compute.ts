import { functionName } from "../forms.ts";
import type { ResourceRow, ResourceRows } from "../row.ts";

/** Images and snapshots may be shared: their ARNs name no owner. */
const UNOWNED: readonly string[] = ["Ami", "Snapshot"];

/** Ids of EC2 tell by their beginning what they are the ids of; `Resources` (of CreateTags) holds any. */
function ec2(type: string, kind: string, prefix: string, paths: string): ResourceRow {
  const arn = UNOWNED.includes(type) ? `arn:{partition}:ec2:{region}::${kind}/{}` : `${kind}/{}`;
  const form = (value: string): string | undefined => (value.startsWith(`${prefix}-`) ? value : undefined);
  return [`AWS::EC2::${type}`, arn, `${paths} Resources[]`, form];
}

/** Machines, functions, containers, and what stands in front of them. */
export const COMPUTE: ResourceRows = {
  ec2: [
    ec2("Instance", "instance", "i", "InstanceId InstanceIds[] >Instances[].InstanceId >InstanceId"),
    ec2("Ami", "image", "ami", "ImageId ImageIds[] SourceImageId >ImageId"),
    ec2("Volume", "volume", "vol", "VolumeId VolumeIds[] >VolumeId"),
    ec2("Snapshot", "snapshot", "snap", "SnapshotId SnapshotIds[] SourceSnapshotId >SnapshotId"),
    ec2("VPC", "vpc", "vpc", "VpcId VpcIds[] PeerVpcId >Vpc.VpcId"),
    ec2("Subnet", "subnet", "subnet", "SubnetId SubnetIds[] >Subnet.SubnetId"),
    ec2("SecurityGroup", "security-group", "sg", "GroupId GroupIds[] SecurityGroupIds[] Groups[] >GroupId"),
    ec2(
      "NetworkInterface",
      "network-interface",
      "eni",
      "NetworkInterfaceId NetworkInterfaceIds[] >NetworkInterface.NetworkInterfaceId",
    ),
    ec2(
      "InternetGateway",
      "internet-gateway",
      "igw",
      "InternetGatewayId InternetGatewayIds[] >InternetGateway.InternetGatewayId",
    ),
    ec2("NatGateway", "natgateway", "nat", "NatGatewayId NatGatewayIds[] >NatGateway.NatGatewayId"),
    ec2("RouteTable", "route-table", "rtb", "RouteTableId RouteTableIds[] >RouteTable.RouteTableId"),
    ec2("NetworkAcl", "network-acl", "acl", "NetworkAclId NetworkAclIds[] >NetworkAcl.NetworkAclId"),
    ec2("EIP", "elastic-ip", "eipalloc", "AllocationId AllocationIds[] >AllocationId"),
    ec2("VPCEndpoint", "vpc-endpoint", "vpce", "VpcEndpointId VpcEndpointIds[] >VpcEndpoint.VpcEndpointId"),
    ec2("FlowLog", "vpc-flow-log", "fl", "FlowLogIds[] >FlowLogIds[]"),
    ec2(
      "VPCPeeringConnection",
      "vpc-peering-connection",
      "pcx",
      "VpcPeeringConnectionId >VpcPeeringConnection.VpcPeeringConnectionId",
    ),
    ec2("TransitGateway", "transit-gateway", "tgw", "TransitGatewayId >TransitGateway.TransitGatewayId"),
    ec2("VPNGateway", "vpn-gateway", "vgw", "VpnGatewayId VpnGatewayIds[] >VpnGateway.VpnGatewayId"),
    ec2("VPNConnection", "vpn-connection", "vpn", "VpnConnectionId VpnConnectionIds[] >VpnConnection.VpnConnectionId"),
    ec2("CustomerGateway", "customer-gateway", "cgw", "CustomerGatewayId >CustomerGateway.CustomerGatewayId"),
    ec2("DHCPOptions", "dhcp-options", "dopt", "DhcpOptionsId DhcpOptionsIds[] >DhcpOptions.DhcpOptionsId"),
    ec2("LaunchTemplate", "launch-template", "lt", "LaunchTemplateId >LaunchTemplate.LaunchTemplateId"),
    ["AWS::EC2::KeyPair", "key-pair/{}", "KeyName KeyNames[]"],
  ],
  ebs: [
    [
      "AWS::EC2::Snapshot",
      "arn:{partition}:ec2:{region}::snapshot/{}",
      "SnapshotId FirstSnapshotId SecondSnapshotId >SnapshotId",
    ],
  ],
  "ec2-instance-connect": [["AWS::EC2::Instance", "arn:{partition}:ec2:{region}:{account}:instance/{}", "InstanceId"]],
  lambda: [
    ["AWS::Lambda::Function", "function:{}", "FunctionName >FunctionArn", functionName],
    ["AWS::Lambda::LayerVersion", "", ">LayerVersionArn"],
    ["AWS::Lambda::LayerVersion", "layer:{}:{VersionNumber}", "LayerName"],
    ["AWS::Lambda::EventSourceMapping", "event-source-mapping:{}", "UUID >UUID"],
    ["AWS::Lambda::CodeSigningConfig", "", "CodeSigningConfigArn"],
  ],
  ecs: [
    ["AWS::ECS::Cluster", "cluster/{}", "cluster clusters[] clusterName >cluster.clusterArn"],
    ["AWS::ECS::Service", "service/{cluster|default}/{}", "service services[] serviceName >service.serviceArn"],
    ["AWS::ECS::Task", "task/{cluster|default}/{}", "task tasks[] >tasks[].taskArn >task.taskArn"],
    [
      "AWS::ECS::TaskDefinition",
      "task-definition/{}",
      "taskDefinition taskDefinitions[] >taskDefinition.taskDefinitionArn",
    ],
  ],
  ecr: [
    [
      "AWS::ECR::Repository",
      "arn:{partition}:ecr:{region}:{registryId|account}:repository/{}",
      "repositoryName repositoryNames[] >repository.repositoryArn",
    ],
  ],
  eks: [
    ["AWS::EKS::Cluster", "cluster/{}", "*Cluster|*ClusterConfig|*ClusterVersion:name clusterName >cluster.arn"],
    ["AWS::EKS::Nodegroup", "nodegroup/{clusterName}/{}/*", "nodegroupName >nodegroup.nodegroupArn"],
    ["AWS::EKS::Addon", "addon/{clusterName}/{}/*", "*Addon:addonName >addon.addonArn"],
    [
      "AWS::EKS::FargateProfile",
      "fargateprofile/{clusterName}/{}/*",
      "fargateProfileName >fargateProfile.fargateProfileArn",
    ],
  ],
  batch: [
    ["AWS::Batch::JobQueue", "job-queue/{}", "jobQueue jobQueues[] jobQueueName >jobQueueArn"],
    [
      "AWS::Batch::ComputeEnvironment",
      "compute-environment/{}",
      "computeEnvironment computeEnvironments[] computeEnvironmentName >computeEnvironmentArn",
    ],
    ["AWS::Batch::JobDefinition", "job-definition/{}", "jobDefinition jobDefinitionName >jobDefinitionArn"],
    ["AWS::Batch::Job", "job/{}", "jobId jobs[] >jobArn"],
  ],
  autoscaling: [
    [
      "AWS::AutoScaling::AutoScalingGroup",
      "autoScalingGroup:*:autoScalingGroupName/{}",
      "AutoScalingGroupName AutoScalingGroupNames[]",
    ],
    [
      "AWS::AutoScaling::LaunchConfiguration",
      "launchConfiguration:*:launchConfigurationName/{}",
      "LaunchConfigurationName LaunchConfigurationNames[]",
    ],
    ["AWS::EC2::Instance", "arn:{partition}:ec2:{region}:{account}:instance/{}", "InstanceId InstanceIds[]"],
  ],
  elasticloadbalancing: [
    ["AWS::ElasticLoadBalancing::LoadBalancer", "loadbalancer/{}", "LoadBalancerName LoadBalancerNames[]"],
    [
      "AWS::ElasticLoadBalancingV2::LoadBalancer",
      "",
      "LoadBalancerArn LoadBalancerArns[] >LoadBalancers[].LoadBalancerArn",
    ],
    ["AWS::ElasticLoadBalancingV2::TargetGroup", "", "TargetGroupArn TargetGroupArns[] >TargetGroups[].TargetGroupArn"],
    ["AWS::ElasticLoadBalancingV2::Listener", "", "ListenerArn ListenerArns[] >Listeners[].ListenerArn"],
    ["AWS::ElasticLoadBalancingV2::ListenerRule", "", "RuleArn RuleArns[] >Rules[].RuleArn"],
  ],
  elasticbeanstalk: [
    ["AWS::ElasticBeanstalk::Application", "application/{}", "ApplicationName ApplicationNames[]"],
    ["AWS::ElasticBeanstalk::Environment", "environment/{ApplicationName}/{}", "EnvironmentName >EnvironmentArn"],
  ],
  sagemaker: [
    ["AWS::SageMaker::NotebookInstance", "notebook-instance/{}", "NotebookInstanceName >NotebookInstanceArn"],
    ["AWS::SageMaker::TrainingJob", "training-job/{}", "TrainingJobName >TrainingJobArn"],
    ["AWS::SageMaker::Model", "model/{}", "*Model:ModelName >ModelArn"],
    ["AWS::SageMaker::Endpoint", "endpoint/{}", "EndpointName >EndpointArn"],
    ["AWS::SageMaker::EndpointConfig", "endpoint-config/{}", "EndpointConfigName >EndpointConfigArn"],
    ["AWS::SageMaker::FeatureGroup", "feature-group/{}", "FeatureGroupName >FeatureGroupArn"],
    ["AWS::SageMaker::Domain", "domain/{}", "DomainId >DomainArn"],
    ["AWS::SageMaker::Pipeline", "pipeline/{}", "PipelineName >PipelineArn"],
  ],
  bedrock: [
    ["AWS::Bedrock::Model", "arn:{partition}:bedrock:{region}::foundation-model/{}", "modelId modelIdentifier"],
  ],
};
