import { gzipSync } from "node:zlib";
import { describe, expect, test } from "vitest";
import { OK, rawAnswer, withGateway } from "../gateway.ts";
import type { RawPeer } from "../raw-server.ts";
import { rawRequest } from "../raw-socket.ts";

const MIB = 1024 * 1024;

/** What signs it is not looked at; it says for which service the call is. */
function signed(service: string): string {
  const scope = `AKIAIOSFODNN7EXAMPLE/20260101/us-east-1/${service}/aws4_request`;
  return `Authorization: AWS4-HMAC-SHA256 Credential=${scope}, SignedHeaders=host, Signature=0`;
}

const JSON_1_0 = "Content-Type: application/x-amz-json-1.0";
const DYNAMODB = [signed("dynamodb"), JSON_1_0, "X-Amz-Target: DynamoDB_20120810.PutItem"];
const FORM = "Content-Type: application/x-www-form-urlencoded";
const CBOR = ["Content-Type: application/cbor", "Smithy-Protocol: rpc-v2-cbor"];
const METRICS = "POST /service/GraniteServiceVersion20100801/operation/PutMetricData";

type Case = readonly [what: string, start: string, headers: readonly string[], body: string | Uint8Array, name: string];

const BODIES: readonly Case[] = [
  ["no JSON", "POST /", DYNAMODB, '{"TableName":"t"', "PutItem"],
  ["JSON of another shape", "POST /", DYNAMODB, '[{"TableName":{"a":1}},null]', "PutItem"],
  ["JSON of wrong types", "POST /", DYNAMODB, '{"TableName":7,"Item":"x","Expected":[1]}', "PutItem"],
  ["JSON 100,000 levels deep", "POST /", DYNAMODB, `{"Item":${"[".repeat(100_000)}`, "PutItem"],
  ["JSON in no UTF-8", "POST /", DYNAMODB, Buffer.from([0x7b, 0x22, 0xff, 0xfe, 0x00, 0x22, 0x3a]), "PutItem"],
  ["JSON with a member __proto__", "POST /", DYNAMODB, '{"__proto__":{"TableName":"t"},"constructor":1}', "PutItem"],
  ["nothing", "POST /", DYNAMODB, "", "PutItem"],
  ["zeros", "POST /", DYNAMODB, Buffer.alloc(5_000), "PutItem"],
  ["more than is kept, in no JSON", "POST /", DYNAMODB, Buffer.alloc(2 * MIB, "x"), "PutItem"],
  ["what says to be gzip", "POST /", [...DYNAMODB, "Content-Encoding: gzip"], "no gzip", "PutItem"],
  [
    "gzip of 200 MB",
    "POST /",
    [...DYNAMODB, "Content-Encoding: gzip"],
    gzipSync(Buffer.alloc(200 * MIB, "x"), { level: 1 }),
    "PutItem",
  ],
  ["no XML", "PUT /bucket?tagging", [signed("s3")], "<Tagging><TagSet><Tag><Key>a", "PutBucketTagging"],
  [
    "XML of another shape",
    "PUT /bucket?tagging",
    [signed("s3")],
    "<?xml?><!DOCTYPE a [<!ENTITY b 'c'>]><a>&b;</a>",
    "PutBucketTagging",
  ],
  ["XML 100,000 levels deep", "POST /bucket?delete", [signed("s3")], "<a>".repeat(100_000), "DeleteObjects"],
  ["no CBOR", METRICS, [signed("monitoring"), ...CBOR], Buffer.from([0xbf, 0xff, 0xff]), "PutMetricData"],
  [
    "CBOR that promises 2^63 members",
    METRICS,
    [signed("monitoring"), ...CBOR],
    Buffer.from("bb7fffffffffffffff", "hex"),
    "PutMetricData",
  ],
  ["CBOR 100,000 levels deep", METRICS, [signed("monitoring"), ...CBOR], Buffer.alloc(100_000, 0x81), "PutMetricData"],
  [
    "a form of odd escapes",
    "POST /",
    [signed("ec2"), FORM],
    "Action=RunInstances&Version=2016-11-15&%zz=%&=&&a=%ff",
    "RunInstances",
  ],
  [
    "a form with an index of 20 digits",
    "POST /",
    [signed("ec2"), FORM],
    "Action=RunInstances&Version=2016-11-15&TagSpecification.99999999999999999999.Tag.-1.Key=a",
    "RunInstances",
  ],
  [
    "a form of 20,000 parameters",
    "POST /",
    [signed("sns"), FORM],
    `Action=Publish&Version=2010-03-31${"&a.b.c=d".repeat(20_000)}`,
    "Publish",
  ],
  ["a form that names no operation", "POST /", [signed("sns"), FORM], "a=b", "UnknownOperation"],
  [
    "a multipart form without a boundary",
    "POST /bucket",
    ["Content-Type: multipart/form-data"],
    "--x\r\n",
    "UnknownOperation",
  ],
];

describe("a call whose body is no good is forwarded and recorded all the same:", () => {
  test.each(BODIES)("%s", async (_, start, headers, body, name) => {
    const bytes = typeof body === "string" ? Buffer.from(body, "latin1") : body;
    let arrived = Buffer.alloc(0);
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      arrived = Buffer.from(await peer.bytes(bytes.length), "latin1");
      peer.write(OK);
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(rawRequest(start, ["Host: 127.0.0.1", ...headers, `Content-Length: ${bytes.length}`], bytes));
      expect((await socket.answer())?.status).toBe(200);
      expect(arrived.equals(bytes)).toBe(true);
      const [record] = gateway.audit.records;
      expect(record).toMatchObject({ eventName: name, additionalEventData: { bytesTransferredIn: bytes.length } });
      expect(JSON.stringify(record).length).toBeLessThan(300_000);
      socket.destroy();
    });
  });
});

describe("an answer that is no good is passed on and recorded all the same:", () => {
  const CALL = rawRequest("POST /", ["Host: 127.0.0.1", ...DYNAMODB, "Content-Length: 2"], "{}");
  const BUCKETS = rawRequest("PUT /bucket", ["Host: 127.0.0.1", signed("s3"), "Content-Length: 0"]);
  test.each([
    ["no JSON", CALL, "200 OK", [], "<html>", "PutItem -"],
    ["JSON 100,000 levels deep", CALL, "200 OK", [], `{"Attributes":${"[".repeat(100_000)}`, "PutItem -"],
    ["an error in no JSON", CALL, "400 Bad Request", [], "<html>", "PutItem BadRequest"],
    ["an error without a word", CALL, "500 Internal Server Error", [], "", "PutItem InternalFailure"],
    ["what says to be gzip", CALL, "200 OK", ["Content-Encoding: gzip"], "no gzip", "PutItem -"],
    ["an error in no XML", BUCKETS, "409 Conflict", [], "<Error><Code>Buck", "CreateBucket Conflict"],
    ["a status beyond all", CALL, "999 What", [], "{}", "PutItem InternalFailure"],
  ])("%s", async (_, call, status, headers, body, told) => {
    const bytes = rawAnswer(status, [...headers, `Content-Length: ${body.length}`], body);
    const serve = async (peer: RawPeer): Promise<void> => {
      await peer.head();
      peer.write(bytes);
    };
    await withGateway(serve, {}, async (gateway) => {
      const socket = await gateway.open();
      await socket.write(call);
      expect(await socket.answer()).toMatchObject({ status: Number(status.slice(0, 3)), body });
      expect(gateway.audit.told).toEqual([told]);
      socket.destroy();
    });
  });
});
