import { headerValue } from "../../aws/index.ts";
import { actionsOf } from "./actions.ts";
import {
  arnIn,
  type CallToAuthorize,
  type Demand,
  listOf,
  partitionOf,
  structureOf,
  textOf,
} from "./call-to-authorize.ts";
import { dynamodbDemands } from "./dynamodb-demands.ts";
import { passRoleDemands } from "./pass-role.ts";
import { s3Demands } from "./s3-demands.ts";

/** Everything that must be allowed for the call to go on; never nothing. */
export function demandsOf(call: CallToAuthorize): readonly Demand[] {
  const { service, operation } = call.resolved;
  if (service === undefined || operation === undefined) return [unknownDemand(call)];
  const main = mainDemands(call, service.id, service.iamPrefix, operation);
  return [...main, ...passRoleDemands(service.id, operation, call)];
}

function mainDemands(call: CallToAuthorize, service: string, prefix: string, operation: string): readonly Demand[] {
  switch (service) {
    case "s3":
      return s3Demands(operation, call);
    case "dynamodb": {
      const demands = dynamodbDemands(operation, call) ?? [];
      return demands.length > 0 ? demands : ordinaryDemands(call, service, prefix, operation);
    }
    case "apigateway":
      return [apiGatewayDemand(call)];
    case "apigatewayv2":
      return V2_OF_ITS_OWN.test(operation)
        ? ordinaryDemands(call, service, prefix, operation)
        : [apiGatewayDemand(call)];
    case "ec2":
      return ec2Demands(call, prefix, operation);
    case "kms":
      return operation === "ReEncrypt" ? reEncryptDemands(call) : ordinaryDemands(call, service, prefix, operation);
    default:
      return ordinaryDemands(call, service, prefix, operation);
  }
}

function ordinaryDemands(call: CallToAuthorize, service: string, prefix: string, operation: string): readonly Demand[] {
  const resources = ownResources(call, prefix);
  return actionsOf(service, prefix, operation).map((action) => ({ action, resources }));
}

/**
 * What the call is about, as far as it is the service's own: the role or the key that a function uses is no resource of
 * the function's creation. Things of other services count when there is nothing else.
 */
function ownResources({ resources }: CallToAuthorize, prefix: string): readonly string[] {
  const arns = resources.flatMap(({ ARN }) => (ARN === undefined ? [] : [ARN]));
  const own = arns.filter((arn) => arn.split(":")[2] === prefix);
  if (own.length > 0) return own;
  return arns.length > 0 ? arns : ["*"];
}

/**
 * A call that we do not know: allowed to whoever may do everything that the service can do. Paths and queries are no
 * names: an operation that is known only from them shall not pass for another one because it says so.
 */
function unknownDemand(call: CallToAuthorize): Demand {
  const { eventName, eventSource, protocol, service } = call.resolved;
  const prefix = service?.iamPrefix ?? eventSource.replace(/\.amazonaws\.com(?:\.cn)?$/, "");
  if (prefix === "execute-api" && service === undefined) return executeApiDemand(call);
  const isNamed = protocol !== "rest-json" && protocol !== "rest-xml";
  return { action: `${prefix}:${isNamed ? eventName : "UnknownOperation"}`, resources: ["*"] };
}

/**
 * API Gateway's actions are methods, its resources paths.
 * @see https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-iam-policy-examples.html
 */
function apiGatewayDemand({ head, circumstances }: CallToAuthorize): Demand {
  const { region } = circumstances;
  const resource = `arn:${partitionOf(region)}:apigateway:${region}::${head.path}`;
  return { action: `apigateway:${head.method.toUpperCase()}`, resources: [resource] };
}

/** Operations of the newer API Gateway that have actions with their own names. */
const V2_OF_ITS_OWN = /Portal|ProductPage|ProductRestEndpointPage|RoutingRule/;

/** A call of an API behind API Gateway: `arn:aws:execute-api:R:A:api/stage/METHOD/path`. */
function executeApiDemand(call: CallToAuthorize): Demand {
  const { head } = call;
  const api = headerValue(head.headers, "host")?.split(".")[0] ?? "";
  const [, stage = "", ...path] = head.path.split("/");
  const resource = arnIn(call, "execute-api", `${api}/${stage}/${head.method}/${path.join("/")}`);
  return { action: "execute-api:Invoke", resources: [resource] };
}

/** What is re-encrypted leaves one key and comes under another. */
function reEncryptDemands(call: CallToAuthorize): readonly Demand[] {
  const { input = {}, resources } = call;
  const arnOf = (member: string): string => {
    const key = textOf(input, member);
    if (key === undefined) return "*";
    if (key.startsWith("arn:")) return key;
    const known = resources.find(({ ARN }) => ARN?.endsWith(`/${key}`) === true)?.ARN;
    const name = key.startsWith("alias/") ? key : `key/${key}`;
    return known ?? arnIn(call, "kms", name);
  };
  return [
    { action: "kms:ReEncryptFrom", resources: [arnOf("SourceKeyId")] },
    { action: "kms:ReEncryptTo", resources: [arnOf("DestinationKeyId")] },
  ];
}

/**
 * EC2 asks for what a call makes as well, under an ARN that ends in `*`, and for the tags that it gives to it.
 * @see https://docs.aws.amazon.com/AWSEC2/latest/UserGuide/iam-policies-for-amazon-ec2.html
 */
function ec2Demands(call: CallToAuthorize, prefix: string, operation: string): readonly Demand[] {
  const { input = {} } = call;
  const anyOf = (type: string): string => arnIn(call, "ec2", `${type}/*`);
  const known = call.resources.flatMap(({ ARN }) => (ARN !== undefined && ARN.split(":")[2] === "ec2" ? [ARN] : []));
  const made = madeBy(operation).map(anyOf);
  const resources = [...known, ...made];
  const main: Demand = {
    action: `${prefix}:${operation}`,
    resources: resources.length > 0 ? resources : ownResources(call, prefix),
  };
  const tagged = listOf(input["TagSpecifications"] ?? input["TagSpecification"])
    .map((specification) => textOf(structureOf(specification), "ResourceType"))
    .flatMap((type) => (type === undefined ? [] : [anyOf(type)]));
  if (tagged.length === 0) return [main];
  return [main, { action: "ec2:CreateTags", resources: tagged, conditions: { "ec2:CreateAction": [operation] } }];
}

/** Types of what an operation makes: as its name says, with these exceptions. */
const MADE: Readonly<Record<string, readonly string[]>> = {
  RunInstances: ["instance", "network-interface", "volume"],
  AllocateAddress: ["elastic-ip"],
  AllocateHosts: ["dedicated-host"],
  CopyImage: ["image"],
  CopySnapshot: ["snapshot"],
  ImportKeyPair: ["key-pair"],
  RegisterImage: ["image"],
  RequestSpotInstances: ["spot-instances-request"],
  CreateFlowLogs: ["vpc-flow-log"],
  CreateManagedPrefixList: ["prefix-list"],
  CreateNatGateway: ["natgateway"],
  CreateSnapshots: ["snapshot"],
  CreateVpcEndpointServiceConfiguration: ["vpc-endpoint-service"],
  CreateTransitGatewayVpcAttachment: ["transit-gateway-attachment"],
  CreateTransitGatewayPeeringAttachment: ["transit-gateway-attachment"],
};

/** Operations that make no resource of their name: a route is part of its table, a tag of what it is put on. */
const MAKES_NOTHING =
  /^Create(?:Tags|DefaultSubnet|DefaultVpc|\w*Route|NetworkAclEntry|LaunchTemplateVersion|NetworkInterfacePermission|CoipCidr|\w+Task|\w+Entry|\w+Reference|SubnetCidrReservation|\w+BySplitting|\w+Allocation|\w+Registration|PublicIpv4Pool|TransitGatewayConnect|\w+Notification|SpotDatafeedSubscription)$/;

function madeBy(operation: string): readonly string[] {
  if (Object.hasOwn(MADE, operation)) return MADE[operation] ?? [];
  if (!operation.startsWith("Create") || MAKES_NOTHING.test(operation)) return [];
  return [
    operation
      .slice("Create".length)
      .replace(/([a-z0-9])([A-Z])/g, "$1-$2")
      .toLowerCase(),
  ];
}
