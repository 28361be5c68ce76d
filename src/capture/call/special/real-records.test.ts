import { existsSync } from "node:fs";
import { describe, expect, test } from "vitest";
import {
  openCatalog,
  type OperationModel,
  type ResolvedCall,
  serializeRequest,
  type Shape,
  type StructureShape,
  type WireRequest,
} from "../../../aws/index.ts";
import type { AuditRecord, RecordResource } from "../../../record/index.ts";
import { SAMPLES, sampleRecords } from "../../../record/samples.fixture.ts";
import type { RequestCall } from "../call.ts";
import { describeRequest } from "../describe-request.ts";
import { describeResponse } from "../describe-response.ts";
import type { CallPlace } from "../description.ts";
import { bodyOf } from "./testing.ts";

type Members = Record<string, unknown>;

const present = existsSync(SAMPLES);
const note = present ? "" : " (skipped: ../shared/data/records is absent)";
const catalog = openCatalog();
const calls = present ? sampleRecords().filter(({ eventType }) => eventType === "AwsApiCall") : [];

function placeOf({ recipientAccountId, awsRegion, resources }: AuditRecord): CallPlace {
  const account = resources?.find(({ accountId }) => accountId !== undefined)?.accountId ?? recipientAccountId ?? "";
  return { account, region: awsRegion, bucketHosts: [] };
}

function callOf(request: WireRequest, signingName: string, place: CallPlace): RequestCall {
  const resolved = catalog.resolve(request, { signingName });
  const model = catalog.operation(resolved);
  const { method, path, query, headers, body } = request;
  const head = { method, path, query, headers };
  return { ...(model && { model }), resolved, head, body: { bytes: body, size: body.length, whole: true }, place };
}

describe.skipIf(!present)(`Real records of S3${note}`, () => {
  const S3_CONTROL: Readonly<Record<string, string>> = {
    ListAccessPoints: "/v20180820/accesspoint",
    GetAccountPublicAccessBlock: "/v20180820/configuration/publicAccessBlock",
  };
  /** Why a record cannot be made again. */
  function obstacle({ requestParameters, eventName }: AuditRecord): string | undefined {
    const { Host: host } = (requestParameters ?? {}) as Members;
    if (typeof host !== "string") return "the form of before 2020";
    if (eventName.startsWith("GetStorageLens")) return "the path's configuration is not in the record";
    return undefined;
  }

  function requestOf(record: AuditRecord): WireRequest {
    const { bucketName, Host, key = "", ...others } = record.requestParameters as Members & { Host: string };
    const query = Object.entries(others).filter(([name, value]) => typeof value === "string" && !name.startsWith("x-"));
    const headers = Object.entries(others).filter(([name]) => name.startsWith("x-"));
    const root = Object.entries(others).find(([, value]) => typeof value === "object");
    const inPath = typeof bucketName === "string" && !Host.startsWith(`${bucketName}.`) ? `/${bucketName}` : "";
    const path = `${inPath}/${encodeURI(typeof key === "string" ? key : "")}`;
    const { SignatureVersion } = record.additionalEventData as Members;
    return {
      method: { P: "PUT", C: "PUT", D: "DELETE" }[record.eventName.charAt(0)] ?? "GET",
      path: S3_CONTROL[record.eventName] ?? path,
      query: query.map(([name, value]) => `${name}=${encodeURIComponent(String(value))}`).join("&"),
      headers: {
        host: [Host],
        authorization: [SignatureVersion === "SigV4" ? "AWS4-HMAC-SHA256 Credential=x" : "AWS x:y"],
        ...Object.fromEntries(headers.map(([name, value]) => [name, [String(value)]])),
      },
      body: Buffer.from(root === undefined ? "" : bodyText(...root)),
    };
  }

  function bodyText(name: string, value: unknown): string {
    return name === "bucketPolicy" ? JSON.stringify(value) : element(name, value);
  }

  function element(name: string, value: unknown): string {
    if (typeof value !== "object" || value === null) return `<${name}>${String(value)}</${name}>`;
    const { xmlns, ...children } = value as Members;
    const inside = Object.entries(children).map(([child, part]) => element(child, part));
    return `<${name}${typeof xmlns === "string" ? ` xmlns="${xmlns}"` : ""}>${inside.join("")}</${name}>`;
  }

  test("are described as AWS described them", () => {
    const again = calls.filter((record) => record.eventSource === "s3.amazonaws.com" && obstacle(record) === undefined);
    for (const record of again) {
      const { CipherSuite: _suite, ...additional } = record.additionalEventData as Members;
      const made = callOf(requestOf(record), "s3", placeOf(record));
      // The body is written anew, perhaps with fewer spaces: its size is the record's.
      const call = { ...made, body: { ...made.body, size: Number(additional["bytesTransferredIn"]) } };
      const request = describeRequest(call);
      const error = `<Error><Code>${record.errorCode}</Code><Message>${record.errorMessage}</Message></Error>`;
      const answer = bodyOf(record.errorCode === undefined ? "" : error);
      const headers = {
        "x-amz-id-2": [String(additional["x-amz-id-2"])],
        "x-amz-request-id": [record.requestID ?? ""],
      };
      const response = describeResponse({
        ...call,
        request,
        response: {
          status: record.errorCode === undefined ? 200 : 404,
          headers,
          body: { ...answer, size: Number(additional["bytesTransferredOut"]) },
        },
      });
      expect({
        eventName: call.resolved.eventName,
        requestParameters: request.requestParameters,
        responseElements: response.responseElements,
        additionalEventData: { ...request.additionalEventData, ...response.additionalEventData },
        requestID: response.requestID,
        resources: request.resources,
        readOnly: request.readOnly,
        errorCode: response.errorCode,
        errorMessage: response.errorMessage,
      }).toEqual({
        eventName: record.eventName,
        requestParameters: record.requestParameters,
        responseElements: record.responseElements,
        additionalEventData: additional,
        requestID: record.requestID,
        resources: record.resources ?? [],
        readOnly: record.readOnly,
        errorCode: record.errorCode,
        errorMessage: record.errorMessage,
      });
      expect(response.resources).toEqual(request.resources);
    }
    expect(again.length).toBeGreaterThan(130);
  });
});

/** Sources whose records have `resources`, or whose quirks are here. */
const SOURCES = [
  "apigateway",
  "cloudformation",
  "codecommit",
  "dynamodb",
  "ecr",
  "kms",
  "lambda",
  "route53",
  "secretsmanager",
  "sqs",
  "ssm",
  "sts",
].map((name) => `${name}.amazonaws.com`);

/** Calls that no request of today's clients makes again, and why. */
const NOT_MADE: Readonly<Record<string, string>> = {
  GitPull: "git asks, not an API",
  PutComplianceItems: "it holds a time, which is not shown as it was sent",
  SendCommand: "its parameters are hidden in the record",
  UpdateFunctionCode20150331v2: "AWS tells what the service made of the request",
  UpdateInstanceAssociationStatus: "only AWS's own agent knows this call",
  UpdateInstanceInformation: "only AWS's own agent knows this call",
};

describe.skipIf(!present)(`Real records of services with quirks or resources${note}`, () => {
  /** The input that would be shown like this, or undefined when no input would: a member unknown to the model. */
  function inputOf(shape: Shape | undefined, shown: unknown): unknown {
    if (shape === undefined) return shown === null ? {} : undefined;
    if (shape.type === "structure") return structureOf(shape, (shown ?? {}) as Members);
    if (shape.type === "list" || shape.type === "map") {
      if (typeof shown === "string") return undefined;
    }
    if (shape.type === "list") {
      const items = (shown as unknown[]).map((item) => inputOf(shape.member.shape, item));
      return items.includes(undefined) ? undefined : items;
    }
    // Times and bytes are not shown as they were sent.
    return shape.type === "timestamp" || shape.type === "blob" ? undefined : shown;
  }

  function structureOf(shape: StructureShape, shown: Members): Members | undefined {
    const members: Members = {};
    for (const [name, part] of Object.entries(shown)) {
      const member = shape.members.find((one) => one.name.toLowerCase() === name.toLowerCase());
      const value = inputOf(member?.shape, part);
      if (member === undefined || value === undefined) return undefined;
      members[member.name] = value;
    }
    return members;
  }

  function operationOf(record: AuditRecord): { model: OperationModel; resolved: ResolvedCall } | undefined {
    const name = record.eventName.replace(/20\d{6}(?:v\d)?$/, "");
    for (const service of catalog.services()) {
      if (service.eventSource !== record.eventSource) continue;
      const model = catalog.model(service.id)?.operations.get(name);
      if (model === undefined) continue;
      const { protocol } = model.service;
      return {
        model,
        resolved: {
          service,
          operation: name,
          eventSource: record.eventSource,
          eventName: record.eventName,
          protocol,
        },
      };
    }
    return undefined;
  }

  function again(record: AuditRecord): RequestCall | undefined {
    const found = operationOf(record);
    if (found === undefined) return undefined;
    const input = inputOf(found.model.input, record.requestParameters) as Members | undefined;
    if (input === undefined) return undefined;
    const request = serializeRequest(found.model, found.resolved.protocol, input, { host: "localhost" });
    const { body, ...head } = request;
    return { ...found, head, body: { bytes: body, size: body.length, whole: true }, place: placeOf(record) };
  }

  /** In older records `type` is missing where newer ones have it. */
  function untyped(resources: readonly RecordResource[]): unknown[] {
    return resources.map(({ type: _type, ...others }) => others);
  }

  const records = calls.filter(({ eventSource }) => SOURCES.includes(eventSource));
  const made = records.flatMap((record) => {
    const call = again(record);
    return call === undefined ? [] : [{ record, call }];
  });

  test("are made again but for a few", () => {
    const again = new Set(made.map(({ record }) => record));
    const others = records.filter((record) => !again.has(record)).map(({ eventName }) => eventName);
    expect([...new Set(others)].sort()).toEqual(Object.keys(NOT_MADE));
    expect(made.length).toBeGreaterThan(400);
  });

  test("have the parameters that AWS gave them", () => {
    for (const { record, call } of made) {
      expect([record.eventName, describeRequest(call).requestParameters]).toEqual([
        record.eventName,
        record.requestParameters,
      ]);
    }
  });

  test("have the resources that AWS gave them, as far as the request tells them", () => {
    let compared = 0;
    for (const { record, call } of made) {
      if (record.resources === undefined) continue;
      const { resources } = describeRequest(call);
      // What KMS resolved, an alias or nothing at all to a key, only its answer tells.
      if (record.eventSource === "kms.amazonaws.com" && !resources[0]?.ARN?.includes(":key/")) continue;
      compared += 1;
      expect([record.eventName, untyped(resources)]).toEqual([record.eventName, untyped(record.resources)]);
    }
    expect(compared).toBeGreaterThan(75);
  });

  test("have the key that only KMS's answer tells", () => {
    for (const { record, call } of made) {
      const key = record.resources?.[0]?.ARN;
      if (record.eventSource !== "kms.amazonaws.com" || key === undefined || record.errorCode !== undefined) continue;
      const request = describeRequest(call);
      const body = bodyOf(JSON.stringify({ KeyId: key }));
      const headers = { "content-type": ["application/x-amz-json-1.1"] };
      const { resources } = describeResponse({ ...call, request, response: { status: 200, headers, body } });
      expect([record.eventName, ...untyped(resources)]).toContainEqual({
        ARN: key,
        accountId: record.resources?.[0]?.accountId,
      });
    }
  });
});
