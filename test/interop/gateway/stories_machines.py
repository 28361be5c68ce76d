"""Calls of services that run and connect things. Each story ends with a call that fails."""

import io
import zipfile

from stories_data import ABSENT_ARN, TAG_MAP, TAGS

ROLE = "arn:aws:iam::123456789012:role/barista"


def ec2(call):
    vpc = call("CreateVpc", CidrBlock="10.7.0.0/16")["Vpc"]["VpcId"]
    subnet = call("CreateSubnet", VpcId=vpc, CidrBlock="10.7.1.0/24")["Subnet"]["SubnetId"]
    group = call("CreateSecurityGroup", GroupName="door", Description="who comes in", VpcId=vpc)["GroupId"]
    rule = {"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "203.0.113.0/24"}]}
    call("AuthorizeSecurityGroupIngress", GroupId=group, IpPermissions=[rule])
    call("DescribeSecurityGroups", GroupIds=[group])
    image = call("DescribeImages", Owners=["amazon"], MaxResults=5)["Images"][0]["ImageId"]
    started = call("RunInstances", ImageId=image, MinCount=1, MaxCount=1, InstanceType="t3.micro", SubnetId=subnet,
                   UserData="#!/bin/sh\necho code-0451-of-the-till",
                   TagSpecifications=[{"ResourceType": "instance", "Tags": TAGS}])["Instances"][0]["InstanceId"]
    call("DescribeInstances", Filters=[{"Name": "instance-state-name", "Values": ["running", "pending"]}])
    call("CreateTags", Resources=[started], Tags=[{"Key": "Name", "Value": "grinder"}])
    call("ModifyInstanceMetadataOptions", InstanceId=started, HttpTokens="required")
    call("StopInstances", InstanceIds=[started], Force=True)
    call("TerminateInstances", InstanceIds=[started])
    call("CreateVolume", AvailabilityZone="us-east-1a", Size=8, VolumeType="gp3")
    call("CreateKeyPair", KeyName="front")
    call("DescribeRegions", AllRegions=False)
    call("CreateLaunchTemplate", LaunchTemplateName="cup", LaunchTemplateData={"InstanceType": "t3.micro"})
    call("DeleteSubnet", SubnetId=subnet)
    call("RunInstances", ImageId="ami-00000000", MinCount=1, MaxCount=1, DryRun=True)
    call("DescribeInstances", InstanceIds=["i-00000000000000000"])


def ec2_instance_connect(call):
    call("SendSSHPublicKey", InstanceId="i-00000000000000000", InstanceOSUser="mary", SSHPublicKey="ssh-ed25519 AAAA mary")


def awslambda(call):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr("brew.py", "def brew(event, context):\n    return 'done'\n")
    name = {"FunctionName": "brew"}
    call("CreateFunction", **name, Runtime="python3.12", Role=ROLE, Handler="brew.brew", Code={"ZipFile": packed.getvalue()},
         Environment={"Variables": {"CODE": "hidden-in-the-cup"}})
    call("GetFunction", **name)
    call("UpdateFunctionConfiguration", **name, Timeout=9)
    call("ListFunctions", MaxItems=5)
    call("AddPermission", **name, StatementId="s", Action="lambda:InvokeFunction", Principal="s3.amazonaws.com")
    call("GetPolicy", **name)
    call("DeleteFunction", **name)
    call("GetFunction", **name)


def ecs(call):
    call("CreateCluster", clusterName="kitchen")
    call("RegisterTaskDefinition", family="cook", containerDefinitions=[{"name": "pan", "image": "pan:1", "memory": 64}])
    call("DescribeClusters", clusters=["kitchen"])
    call("ListTaskDefinitions")
    call("DeleteCluster", cluster="kitchen")
    call("DeleteCluster", cluster="none")


def ecr(call):
    call("CreateRepository", repositoryName="cups", tags=TAGS)
    call("DescribeRepositories", repositoryNames=["cups"])
    call("GetAuthorizationToken")
    call("DeleteRepository", repositoryName="cups", force=True)
    call("ListImages", repositoryName="cups")


def eks(call):
    call("CreateCluster", name="roastery", roleArn=ROLE, resourcesVpcConfig={"subnetIds": ["subnet-1", "subnet-2"]})
    call("DescribeCluster", name="roastery")
    call("ListClusters", maxResults=5)
    call("DeleteCluster", name="roastery")
    call("DescribeCluster", name="roastery")


def batch(call):
    call("DescribeComputeEnvironments")
    call("RegisterJobDefinition", jobDefinitionName="wash", type="container",
         containerProperties={"image": "soap", "vcpus": 1, "memory": 128})
    call("DescribeJobDefinitions", jobDefinitionName="wash")
    call("SubmitJob", jobName="wash", jobQueue="none", jobDefinition="wash")


def emr(call):
    flow = call("RunJobFlow", Name="count", ReleaseLabel="emr-6.15.0", JobFlowRole="r", ServiceRole="s",
                Instances={"MasterInstanceType": "m5.large", "InstanceCount": 1, "KeepJobFlowAliveWhenNoSteps": True})
    call("DescribeCluster", ClusterId=flow["JobFlowId"])
    call("ListClusters")
    call("TerminateJobFlows", JobFlowIds=[flow["JobFlowId"]])


def emr_serverless(call):
    made = call("CreateApplication", name="mill", releaseLabel="emr-6.6.0", type="SPARK", clientToken="t-1")
    call("GetApplication", applicationId=made["applicationId"])
    call("ListApplications")
    call("DeleteApplication", applicationId=made["applicationId"])
    call("GetApplication", applicationId="none")


def elasticbeanstalk(call):
    call("CreateApplication", ApplicationName="stand", Description="market stand")
    call("DescribeApplications", ApplicationNames=["stand"])
    call("CreateEnvironment", ApplicationName="stand", EnvironmentName="summer", SolutionStackName="64bit python")
    call("DeleteApplication", ApplicationName="stand")
    call("CreateEnvironment", ApplicationName="none", EnvironmentName="none")


def autoscaling(call):
    call("CreateLaunchConfiguration", LaunchConfigurationName="cup", ImageId="ami-12345678", InstanceType="t3.micro")
    call("CreateAutoScalingGroup", AutoScalingGroupName="staff", LaunchConfigurationName="cup", MinSize=0, MaxSize=1,
         AvailabilityZones=["us-east-1a"])
    call("DescribeAutoScalingGroups", AutoScalingGroupNames=["staff"])
    call("DeleteAutoScalingGroup", AutoScalingGroupName="staff", ForceDelete=True)
    call("DeleteAutoScalingGroup", AutoScalingGroupName="none")


def application_autoscaling(call):
    what = {"ServiceNamespace": "dynamodb", "ResourceId": "table/orders",
            "ScalableDimension": "dynamodb:table:ReadCapacityUnits"}
    call("RegisterScalableTarget", **what, MinCapacity=1, MaxCapacity=5)
    call("DescribeScalableTargets", ServiceNamespace="dynamodb")
    call("DeregisterScalableTarget", **what)
    call("DeregisterScalableTarget", **what)


def elb(call):
    listener = {"Protocol": "http", "LoadBalancerPort": 80, "InstancePort": 8080}
    call("CreateLoadBalancer", LoadBalancerName="queue", Listeners=[listener], AvailabilityZones=["us-east-1a"])
    call("DescribeLoadBalancers", LoadBalancerNames=["queue"])
    call("DeleteLoadBalancer", LoadBalancerName="queue")
    call("DescribeLoadBalancers", LoadBalancerNames=["queue"])


def elbv2(call):
    call("CreateTargetGroup", Name="tables", Protocol="HTTP", Port=80, VpcId="vpc-00000000", TargetType="ip")
    call("DescribeTargetGroups", Names=["tables"])
    call("DescribeLoadBalancers")
    call("DescribeLoadBalancers", Names=["none"])


def apigateway(call):
    made = call("CreateRestApi", name="orders", description="by phone", tags=TAG_MAP)["id"]
    root = call("GetResources", restApiId=made)["items"][0]["id"]
    call("CreateResource", restApiId=made, parentId=root, pathPart="espresso")
    call("PutMethod", restApiId=made, resourceId=root, httpMethod="GET", authorizationType="NONE")
    call("UpdateRestApi", restApiId=made, patchOperations=[{"op": "replace", "path": "/name", "value": "calls"}])
    call("GetRestApis", limit=3)
    call("DeleteRestApi", restApiId=made)
    call("GetRestApi", restApiId=made)


def apigatewayv2(call):
    made = call("CreateApi", Name="bell", ProtocolType="HTTP")["ApiId"]
    call("CreateRoute", ApiId=made, RouteKey="GET /ring")
    call("GetApis")
    call("DeleteApi", ApiId=made)
    call("GetApi", ApiId=made)


def appsync(call):
    made = call("CreateGraphqlApi", name="board", authenticationType="API_KEY")["graphqlApi"]["apiId"]
    call("CreateApiKey", apiId=made, description="guests")
    call("GetGraphqlApi", apiId=made)
    call("DeleteGraphqlApi", apiId=made)
    call("GetGraphqlApi", apiId=made)


def appmesh(call):
    call("CreateMesh", meshName="net")
    call("ListMeshes")
    call("DeleteMesh", meshName="net")
    call("DescribeMesh", meshName="net")


def cloudfront(call):
    origin = {"Id": "o", "DomainName": "shop.example.com",
              "CustomOriginConfig": {"HTTPPort": 80, "HTTPSPort": 443, "OriginProtocolPolicy": "http-only"}}
    cache = {"TargetOriginId": "o", "ViewerProtocolPolicy": "allow-all", "MinTTL": 0,
             "ForwardedValues": {"QueryString": False, "Cookies": {"Forward": "none"}}}
    config = {"CallerReference": "once", "Comment": "front", "Enabled": True, "DefaultCacheBehavior": cache,
              "Origins": {"Quantity": 1, "Items": [origin]}}
    made = call("CreateDistribution", DistributionConfig=config)["Distribution"]["Id"]
    call("GetDistribution", Id=made)
    call("CreateInvalidation", DistributionId=made,
         InvalidationBatch={"CallerReference": "i", "Paths": {"Quantity": 1, "Items": ["/menu/*"]}})
    call("ListDistributions")
    call("GetDistribution", Id="NONE")


def route53(call):
    made = call("CreateHostedZone", Name="shop.example.com.", CallerReference="once")["HostedZone"]["Id"]
    record = {"Name": "www.shop.example.com.", "Type": "A", "TTL": 60, "ResourceRecords": [{"Value": "203.0.113.7"}]}
    call("ChangeResourceRecordSets", HostedZoneId=made,
         ChangeBatch={"Comment": "open", "Changes": [{"Action": "UPSERT", "ResourceRecordSet": record}]})
    call("ListResourceRecordSets", HostedZoneId=made)
    call("ListHostedZones", MaxItems="3")
    call("GetHostedZone", Id="/hostedzone/NONE")


def route53resolver(call):
    call("ListResolverEndpoints", MaxResults=5)
    call("CreateResolverQueryLogConfig", Name="asked", DestinationArn="arn:aws:s3:::asked", CreatorRequestId="once")
    call("GetResolverEndpoint", ResolverEndpointId="rslvr-in-none")


def servicediscovery(call):
    call("CreateHttpNamespace", Name="rooms")
    call("ListNamespaces")
    call("GetNamespace", Id="ns-none")


def vpc_lattice(call):
    call("CreateServiceNetwork", name="hall", authType="NONE")
    call("ListServiceNetworks")
    call("GetService", serviceIdentifier="svc-00000000000000000")


def networkmanager(call):
    made = call("CreateGlobalNetwork", Description="all shops")["GlobalNetwork"]["GlobalNetworkId"]
    call("DescribeGlobalNetworks", GlobalNetworkIds=[made])
    call("DeleteGlobalNetwork", GlobalNetworkId=made)
    call("GetSites", GlobalNetworkId="global-network-none")


def network_firewall(call):
    call("CreateFirewall", FirewallName="gate", FirewallPolicyArn=ABSENT_ARN.format("network-firewall", "policy/p"),
         VpcId="vpc-1", SubnetMappings=[{"SubnetId": "subnet-1"}])
    call("ListFirewalls")
    call("DescribeFirewall", FirewallName="none")


def directconnect(call):
    call("CreateConnection", location="EqDC2", bandwidth="1Gbps", connectionName="line")
    call("DescribeConnections")
    call("DeleteConnection", connectionId="dxcon-none")


def transfer(call):
    made = call("CreateServer", Protocols=["SFTP"], Tags=TAGS)["ServerId"]
    call("CreateUser", ServerId=made, UserName="mary", Role=ROLE, SshPublicKeyBody="ssh-ed25519 AAAA mary")
    call("DescribeServer", ServerId=made)
    call("DescribeServer", ServerId="s-00000000000000000")


def datasync(call):
    call("CreateLocationS3", S3BucketArn="arn:aws:s3:::menu-of-today", S3Config={"BucketAccessRoleArn": ROLE})
    call("ListLocations")
    call("DescribeTask", TaskArn=ABSENT_ARN.format("datasync", "task/task-00000000000000000"))


def dms(call):
    call("CreateReplicationInstance", ReplicationInstanceIdentifier="mover", ReplicationInstanceClass="dms.t3.micro")
    call("DescribeReplicationInstances", Filters=[{"Name": "replication-instance-id", "Values": ["mover"]}])
    call("DeleteReplicationTask", ReplicationTaskArn=ABSENT_ARN.format("dms", "task:none"))


def workspaces(call):
    call("DescribeWorkspaceDirectories")
    call("CreateTags", ResourceId="ws-none", Tags=TAGS)
    call("DeregisterWorkspaceDirectory", DirectoryId="d-9067000000")


def appconfig(call):
    made = call("CreateApplication", Name="till", Description="prices")["Id"]
    call("GetApplication", ApplicationId=made)
    call("CreateConfigurationProfile", ApplicationId=made, Name="prices", LocationUri="hosted")
    call("DeleteApplication", ApplicationId=made)
    call("GetApplication", ApplicationId=made)


def cloudformation(call):
    template = '{"Resources":{"Bell":{"Type":"AWS::SNS::Topic"}}}'
    call("ValidateTemplate", TemplateBody=template)
    call("CreateStack", StackName="shop", TemplateBody=template, Parameters=[], Tags=TAGS)
    call("DescribeStacks", StackName="shop")
    call("ListStackResources", StackName="shop")
    call("DeleteStack", StackName="shop")
    call("DescribeStacks", StackName="none")
