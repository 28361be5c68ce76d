import type { Protocol } from "../shapes.ts";
import type { Codec } from "./codec.ts";
import { cborCodec } from "./cbor.ts";
import { jsonCodec } from "./json.ts";
import { ec2Codec, queryCodec } from "./query.ts";
import { restJsonCodec } from "./rest-json.ts";
import { restXmlCodec } from "./rest-xml.ts";

export const CODECS: Readonly<Record<Protocol, Codec>> = {
  "json-1.0": jsonCodec("1.0"),
  "json-1.1": jsonCodec("1.1"),
  query: queryCodec,
  ec2: ec2Codec,
  "rest-json": restJsonCodec,
  "rest-xml": restXmlCodec,
  "rpc-v2-cbor": cborCodec,
};
