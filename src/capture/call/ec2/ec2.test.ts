/** The forms are those of real records (July 2023, account 218007301253 of a published data set); the values are made up. */
import { describe, expect, test } from "vitest";
import { openCatalog, parseRequest, parseResponse } from "../../../aws/index.ts";
import { ec2Request, ec2Response } from "./index.ts";

const ec2 = openCatalog().model("ec2");

function operation(name: string) {
  const model = ec2?.operations.get(name);
  if (model === undefined) throw new Error(`no ${name}`);
  return model;
}

function request(name: string, form: string): unknown {
  const model = operation(name);
  const headers = { "content-type": ["application/x-www-form-urlencoded"] };
  const body = Buffer.from(`Action=${name}&Version=2016-11-15&${form}`);
  const input = parseRequest(model, "ec2", { method: "POST", path: "/", query: "", headers, body });
  return model.input === undefined ? null : ec2Request(model, model.input, input);
}

function response(name: string, xml: string): unknown {
  const model = operation(name);
  const body = Buffer.from(`<${name}Response>${xml}</${name}Response>`);
  return ec2Response(model, model.output, parseResponse(model, "ec2", { status: 200, headers: {}, body }), "id-1");
}

describe("ec2Request()", () => {
  test.each([
    ["DescribeInstances", "InstanceId.1=i-1", { instancesSet: { items: [{ instanceId: "i-1" }] }, filterSet: {} }],
    [
      "DescribeSubnets",
      "MaxResults=1000&Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1",
      {
        maxResults: 1000,
        subnetSet: {},
        filterSet: { items: [{ name: "vpc-id", valueSet: { items: [{ value: "vpc-1" }] } }] },
      },
    ],
    [
      "DescribeSecurityGroups",
      "GroupId.1=sg-1",
      { securityGroupSet: {}, securityGroupIdSet: { items: [{ groupId: "sg-1" }] }, filterSet: {} },
    ],
    ["DescribePlacementGroups", "", { placementGroupSet: {}, placementGroupIdSet: {}, filterSet: {} }],
    [
      "AuthorizeSecurityGroupEgress",
      "GroupId=sg-1&IpPermissions.1.IpProtocol=-1&IpPermissions.1.IpRanges.1.CidrIp=0.0.0.0/0",
      {
        groupId: "sg-1",
        ipPermissions: {
          items: [
            {
              ipProtocol: "-1",
              groups: {},
              ipRanges: { items: [{ cidrIp: "0.0.0.0/0" }] },
              ipv6Ranges: {},
              prefixListIds: {},
            },
          ],
        },
      },
    ],
    [
      "RevokeSecurityGroupIngress",
      "GroupId=sg-1&IpProtocol=tcp&FromPort=22&ToPort=22&CidrIp=0.0.0.0/0",
      { groupId: "sg-1", ipPermissions: {}, ipProtocol: "tcp", fromPort: 22, toPort: 22, cidrIp: "0.0.0.0/0" },
    ],
    [
      "RunInstances",
      "ImageId=ami-1&MinCount=1&MaxCount=2&KeyName=k&InstanceType=t3.micro&UserData=c2VjcmV0&SecurityGroupId.1=sg-1",
      {
        instancesSet: { items: [{ imageId: "ami-1", minCount: 1, maxCount: 2, keyName: "k" }] },
        instanceType: "t3.micro",
        blockDeviceMapping: {},
        groupSet: { items: [{ groupId: "sg-1" }] },
        userData: "<sensitiveDataRemoved>",
      },
    ],
    [
      "CreateVolume",
      "Size=1&AvailabilityZone=us-east-1a&TagSpecification.1.ResourceType=volume&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=b",
      {
        size: "1",
        zone: "us-east-1a",
        tagSpecificationSet: { items: [{ resourceType: "volume", tags: [{ key: "a", value: "b" }] }] },
      },
    ],
    [
      "ModifyImageAttribute",
      "ImageId=ami-1&Attribute=launchPermission&LaunchPermission.Add.1.UserId=123456789012",
      {
        imageId: "ami-1",
        attributeType: "launchPermission",
        launchPermission: { add: { items: [{ userId: "123456789012" }] } },
      },
    ],
  ])("writes %s with sets", (name, form, expected) => {
    expect(request(name, form)).toEqual(expected);
  });

  test.each([
    ["DescribeNatGateways", "NatGatewayId.1=nat-1", { NatGatewayId: { tag: 1, content: "nat-1" } }],
    [
      "DescribeVpcEndpoints",
      "Filter.1.Name=vpc-id&Filter.1.Value.1=vpc-1",
      { Filter: { tag: 1, Name: "vpc-id", Value: { tag: 1, content: "vpc-1" } } },
    ],
    [
      "CreateFlowLogs",
      "ResourceId.1=vpc-1&ResourceId.2=vpc-2&ResourceType=VPC&MaxAggregationInterval=600&TagSpecification.1.Tag.1.Key=a&TagSpecification.1.Tag.1.Value=true",
      {
        ResourceId: [
          { tag: 1, content: "vpc-1" },
          { tag: 2, content: "vpc-2" },
        ],
        ResourceType: "VPC",
        MaxAggregationInterval: 600,
        TagSpecification: { tag: 1, Tag: { tag: 1, Key: "a", Value: true } },
      },
    ],
    ["DescribeEgressOnlyInternetGateways", "", ""],
  ])("wraps %s", (name, form, expected) => {
    expect(request(name, form)).toEqual({ [`${name}Request`]: expected });
  });
});

describe("ec2Response()", () => {
  test.each([
    ["DeleteVpc", "<return>true</return>", { requestId: "id-1", _return: true }],
    [
      "TerminateInstances",
      "<instancesSet><item><instanceId>i-1</instanceId><currentState><code>32</code><name>shutting-down</name></currentState></item></instancesSet>",
      {
        requestId: "id-1",
        instancesSet: { items: [{ instanceId: "i-1", currentState: { code: 32, name: "shutting-down" } }] },
      },
    ],
    [
      "CreateVolume",
      "<size>1</size><availabilityZone>us-east-1a</availabilityZone><createTime>2023-07-10T12:11:15.000Z</createTime><tagSet/>",
      { requestId: "id-1", size: "1", zone: "us-east-1a", createTime: 1688991075000, tagSet: {} },
    ],
    [
      "CreateKeyPair",
      "<keyName>k</keyName><keyMaterial>secret</keyMaterial>",
      { requestId: "id-1", keyName: "k", keyMaterial: "<sensitiveDataRemoved>" },
    ],
    [
      "CreateFlowLogs",
      "<unsuccessful/><flowLogIdSet><item>fl-1</item></flowLogIdSet>",
      {
        CreateFlowLogsResponse: {
          xmlns: "http://ec2.amazonaws.com/doc/2016-11-15/",
          requestId: "id-1",
          unsuccessful: "",
          flowLogIdSet: { item: "fl-1" },
        },
      },
    ],
  ])("writes the answer of %s", (name, xml, expected) => {
    expect(response(name, xml)).toEqual(expected);
  });
});
