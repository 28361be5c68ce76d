import {
  lowerFirst,
  type Member,
  type OperationModel,
  RecordMapper,
  type RecordStyle,
  type Slot,
  type StructureShape,
  withUnknown,
} from "../../../aws/index.ts";
import { nullIfEmpty, safeStyle, showingUnknown } from "../record-style.ts";
import { redactionOf } from "../redaction.ts";

type Values = Readonly<Record<string, unknown>>;

/** By the model's member: the set's name in a request, and the name under which each of its single values stands. */
const SETS: Readonly<Record<string, readonly [set: string, item?: string]>> = {
  AllocationIds: ["allocationIdsSet"],
  AttributeNames: ["accountAttributeNameSet", "attributeName"],
  BlockDeviceMappings: ["blockDeviceMapping"],
  BundleIds: ["bundlesSet"],
  ConversionTaskIds: ["conversionTaskIdSet"],
  CustomerGatewayIds: ["customerGatewaySet"],
  DhcpConfigurations: ["dhcpConfigurationSet"],
  DhcpOptionsIds: ["dhcpOptionsSet"],
  ExecutableUsers: ["executableBySet", "user"],
  Filters: ["filterSet"],
  GroupIds: ["securityGroupIdSet", "groupId"],
  GroupNames: ["securityGroupSet", "groupName"],
  Groups: ["groupSet", "groupId"],
  ImageIds: ["imagesSet"],
  InstanceIds: ["instancesSet"],
  InternetGatewayIds: ["internetGatewayIdSet"],
  IpPermissions: ["ipPermissions"],
  KeyNames: ["keySet"],
  KeyPairIds: ["keyPairIdSet"],
  NetworkAclIds: ["networkAclIdSet"],
  NetworkInterfaceIds: ["networkInterfaceIdSet"],
  NetworkInterfaces: ["networkInterfaceSet"],
  OwnerIds: ["ownersSet", "owner"],
  Owners: ["ownersSet", "owner"],
  PrivateIpAddresses: ["privateIpAddressesSet"],
  ProductCodes: ["productCodes"],
  PublicIps: ["publicIpsSet"],
  RegionNames: ["regionSet"],
  ReservedInstancesIds: ["reservedInstancesSet"],
  Resources: ["resourcesSet", "resourceId"],
  RestorableByUserIds: ["sharedUsersSet", "user"],
  RouteTableIds: ["routeTableIdSet"],
  SecurityGroupIds: ["groupSet", "groupId"],
  SecurityGroups: ["groupSet", "groupName"],
  SnapshotIds: ["snapshotSet"],
  SpotInstanceRequestIds: ["spotInstanceRequestIdSet"],
  SubnetIds: ["subnetSet"],
  Tags: ["tags"],
  TagSpecifications: ["tagSpecificationSet"],
  Values: ["valueSet", "value"],
  VolumeIds: ["volumeSet"],
  VpcIds: ["vpcSet"],
  VpcPeeringConnectionIds: ["vpcPeeringConnectionIdSet"],
  VpnConnectionIds: ["vpnConnectionSet"],
  VpnGatewayIds: ["vpnGatewaySet"],
  ZoneIds: ["availabilityZoneIdSet"],
  ZoneNames: ["availabilityZoneSet"],
};

/** Members that single operations call otherwise. */
const RENAMED: Readonly<Record<string, Readonly<Record<string, readonly [string, string?]>>>> = {
  CreateTags: { Tags: ["tagSet"] },
  CreateVolume: { AvailabilityZone: ["zone"] },
  DeleteTags: { Tags: ["tagSet"] },
  DescribeImageAttribute: { Attribute: ["attributeType"] },
  DescribePlacementGroups: {
    GroupIds: ["placementGroupIdSet", "groupId"],
    GroupNames: ["placementGroupSet", "groupName"],
  },
  DescribeSnapshotAttribute: { Attribute: ["attributeType"] },
  ModifyImageAttribute: { Attribute: ["attributeType"] },
  ModifySnapshotAttribute: { Attribute: ["attributeType"] },
  RegisterImage: { SriovNetSupport: ["sriovNetSupport"] },
};

/** Lists that a request shows even when they were not sent; those of every Describe are among them. */
const ALWAYS_SHOWN: Readonly<Record<string, readonly string[]>> = {
  AuthorizeSecurityGroupEgress: ["IpPermissions"],
  AuthorizeSecurityGroupIngress: ["IpPermissions"],
  RevokeSecurityGroupEgress: ["IpPermissions"],
  RevokeSecurityGroupIngress: ["IpPermissions"],
  RunInstances: ["BlockDeviceMappings"],
};

const EMPTY_PERMISSION = { UserIdGroupPairs: [], IpRanges: [], Ipv6Ranges: [], PrefixListIds: [] };

export function legacyRequest(model: OperationModel, shape: StructureShape, input: Values): unknown {
  const { name } = model;
  const shown = withUnknown({ ...emptyLists(name, shape), ...input }, input);
  if (Array.isArray(shown["IpPermissions"])) {
    const permissions = shown["IpPermissions"] as readonly object[];
    shown["IpPermissions"] = permissions.map((permission) =>
      withUnknown({ ...EMPTY_PERMISSION, ...permission }, permission),
    );
  }
  const members = mapperFor(model, "request").map(shape, shown) as Record<string, unknown>;
  if (name === "RunInstances") launchSet(members);
  if (name === "CreateVolume") sizeAsText(members);
  return nullIfEmpty(members);
}

export function legacyResponse(
  model: OperationModel,
  shape: StructureShape | undefined,
  output: Values,
  requestId: string | undefined,
): unknown {
  const members =
    shape === undefined ? {} : (mapperFor(model, "response").map(shape, output) as Record<string, unknown>);
  if (model.name === "CreateVolume") sizeAsText(members);
  // Operations without output answer nothing but that they succeeded.
  const succeeded = shape === undefined || shape.members.length === 0 ? { _return: true } : {};
  return { ...(requestId === undefined ? {} : { requestId }), ...succeeded, ...members };
}

function emptyLists(operation: string, shape: StructureShape): Record<string, unknown> {
  const always = operation.startsWith("Describe")
    ? shape.members.filter((member) => member.shape.type === "list").map(({ name }) => name)
    : (ALWAYS_SHOWN[operation] ?? []);
  return Object.fromEntries(always.map((name) => [name, []]));
}

/** What to launch stands in a set of one. */
function launchSet(members: Record<string, unknown>): void {
  const item: Record<string, unknown> = {};
  for (const name of ["imageId", "minCount", "maxCount", "keyName"]) {
    if (members[name] === undefined) continue;
    item[name] = members[name];
    delete members[name];
  }
  members["instancesSet"] = { items: [item] };
}

function sizeAsText(members: Record<string, unknown>): void {
  if (typeof members["size"] === "number") members["size"] = String(members["size"]);
}

const mappers = new WeakMap<OperationModel, Record<Half, RecordMapper>>();
type Half = "request" | "response";

function mapperFor(model: OperationModel, half: Half): RecordMapper {
  let known = mappers.get(model);
  if (known === undefined) {
    const redaction = redactionOf("ec2.amazonaws.com", model.name);
    const common = { ...safeStyle(redaction), time: (date: Date) => date.getTime() };
    known = {
      request: new RecordMapper({ ...common, ...requestNames(model.name), ...showingUnknown(redaction, lowerFirst) }),
      response: new RecordMapper({ ...common, ...responseNames(model.name) }),
    };
    mappers.set(model, known);
  }
  return known[half];
}

type Names = Pick<RecordStyle, "nameOf" | "list">;

function requestNames(operation: string): Names {
  const own = RENAMED[operation] ?? {};
  return {
    nameOf: (member) =>
      (own[member.name] ?? (member.shape.type === "list" ? SETS[member.name] : undefined))?.[0] ?? plainName(member),
    list(items, slot) {
      const name = "name" in slot ? (slot as Member).name : "";
      // The tags of what is made together with its resource are a plain list.
      if (name === "Tags" && own[name] === undefined) return items;
      const item = (own[name] ?? SETS[name])?.[1] ?? itemName(slot);
      return set(items.map((value) => (typeof value === "object" && value !== null ? value : { [item]: value })));
    },
  };
}

function plainName({ ec2Name }: Member): string {
  return lowerFirst(ec2Name);
}

/** On the wire a list has the name of one of its items: `InstanceId.1`. */
function itemName(slot: Slot): string {
  return "ec2Name" in slot ? lowerFirst((slot as Member).ec2Name) : "item";
}

function responseNames(operation: string): Names {
  const zone = operation === "CreateVolume";
  return {
    nameOf: ({ xmlName }) =>
      xmlName === "return" ? "_return" : zone && xmlName === "availabilityZone" ? "zone" : xmlName,
    list: set,
  };
}

function set(items: readonly unknown[]): unknown {
  return items.length === 0 ? {} : { items };
}
