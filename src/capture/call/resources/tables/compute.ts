import { functionName } from "../forms.ts";
import type { ResourceRows } from "../row.ts";

/** Machines, functions, containers, and what stands in front of them. */
export const COMPUTE: ResourceRows = {
  ec2: [
    [
      "AWS::EC2::Instance",
      "instance/{}",
      "InstanceId InstanceIds[] Resources[] >Instances[].InstanceId >InstanceId",
      (value) => (value.startsWith("i-") ? value : undefined),
    ],
    ["AWS::EC2::Ami", "arn:{partition}:ec2:{region}::image/{}", "ImageId ImageIds[] SourceImageId >ImageId"],
    ["AWS::EC2::Volume", "volume/{}", "VolumeId VolumeIds[] >VolumeId"],
    [
      "AWS::EC2::Snapshot",
      "arn:{partition}:ec2:{region}::snapshot/{}",
      "SnapshotId SnapshotIds[] SourceSnapshotId >SnapshotId",
    ],
    ["AWS::EC2::VPC", "vpc/{}", "VpcId VpcIds[] PeerVpcId >Vpc.VpcId"],
    ["AWS::EC2::Subnet", "subnet/{}", "SubnetId SubnetIds[] >Subnet.SubnetId"],
    [
      "AWS::EC2::SecurityGroup",
      "security-group/{}",
      "GroupId GroupIds[] SecurityGroupIds[] Groups[] *SecurityGroup*:>GroupId",
    ],
    ["AWS::EC2::KeyPair", "key-pair/{}", "KeyName KeyNames[]"],
    [
      "AWS::EC2::NetworkInterface",
      "network-interface/{}",
      "NetworkInterfaceId NetworkInterfaceIds[] >NetworkInterface.NetworkInterfaceId",
    ],
    [
      "AWS::EC2::InternetGateway",
      "internet-gateway/{}",
      "InternetGatewayId InternetGatewayIds[] >InternetGateway.InternetGatewayId",
    ],
    ["AWS::EC2::NatGateway", "natgateway/{}", "NatGatewayId NatGatewayIds[] >NatGateway.NatGatewayId"],
    ["AWS::EC2::RouteTable", "route-table/{}", "RouteTableId RouteTableIds[] >RouteTable.RouteTableId"],
    ["AWS::EC2::NetworkAcl", "network-acl/{}", "NetworkAclId NetworkAclIds[] >NetworkAcl.NetworkAclId"],
    ["AWS::EC2::EIP", "elastic-ip/{}", "AllocationId AllocationIds[] >AllocationId"],
    ["AWS::EC2::VPCEndpoint", "vpc-endpoint/{}", "VpcEndpointId VpcEndpointIds[] >VpcEndpoint.VpcEndpointId"],
    ["AWS::EC2::FlowLog", "vpc-flow-log/{}", "FlowLogIds[] >FlowLogIds[]"],
    [
      "AWS::EC2::VPCPeeringConnection",
      "vpc-peering-connection/{}",
      "VpcPeeringConnectionId >VpcPeeringConnection.VpcPeeringConnectionId",
    ],
    [
      "AWS::EC2::TransitGateway",
      "transit-gateway/{}",
      "TransitGatewayId TransitGatewayIds[] >TransitGateway.TransitGatewayId",
    ],
    ["AWS::EC2::VPNGateway", "vpn-gateway/{}", "VpnGatewayId VpnGatewayIds[] >VpnGateway.VpnGatewayId"],
    [
      "AWS::EC2::VPNConnection",
      "vpn-connection/{}",
      "VpnConnectionId VpnConnectionIds[] >VpnConnection.VpnConnectionId",
    ],
    [
      "AWS::EC2::CustomerGateway",
      "customer-gateway/{}",
      "CustomerGatewayId CustomerGatewayIds[] >CustomerGateway.CustomerGatewayId",
    ],
    ["AWS::EC2::DHCPOptions", "dhcp-options/{}", "DhcpOptionsId DhcpOptionsIds[] >DhcpOptions.DhcpOptionsId"],
    [
      "AWS::EC2::LaunchTemplate",
      "launch-template/{}",
      "LaunchTemplateId LaunchTemplateIds[] >LaunchTemplate.LaunchTemplateId",
    ],
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
