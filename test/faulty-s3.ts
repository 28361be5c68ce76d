import { createHash } from "node:crypto";
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/**
 * What goes wrong with a call of a bucket: refused with S3's code, slow, its connection cut before anything is done, or
 * done while its answer is lost.
 */
export type Fault =
  | { readonly kind: "refused"; readonly status: number; readonly code: string }
  | { readonly kind: "slow"; readonly ms: number }
  | { readonly kind: "cut" }
  | { readonly kind: "reply lost" };

export interface StoredObject {
  readonly bytes: Buffer;
  readonly headers: Readonly<Record<string, string>>;
}

export interface FaultyBucket {
  /** Every version that was put under a key, in order. */
  readonly objects: Map<string, StoredObject[]>;
  /** Asked for each call; undefined for one that goes well. */
  fault: (method: string, key: string) => Fault | undefined;
  /** How many calls came. */
  calls: number;
}

/** As much of S3, path-style, as a trail's delivery and its validators need; it checks no signature. */
export interface FaultyS3 {
  readonly endpoint: string;
  /** Makes the bucket when it is asked for first. */
  bucket(name: string): FaultyBucket;
  close(): Promise<void>;
}

const WELL = (): undefined => undefined;

export async function startFaultyS3(): Promise<FaultyS3> {
  const buckets = new Map<string, FaultyBucket>();
  const server = createServer((request, response) => {
    answer(buckets, request, response).catch(() => response.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    bucket: (name) => {
      const bucket = buckets.get(name) ?? { objects: new Map(), fault: WELL, calls: 0 };
      buckets.set(name, bucket);
      return bucket;
    },
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

async function answer(
  buckets: ReadonlyMap<string, FaultyBucket>,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
  const url = new URL(request.url ?? "/", "http://server");
  const [name = "", ...rest] = url.pathname.slice(1).split("/").map(decodeURIComponent);
  const key = rest.join("/");
  const { method = "GET" } = request;
  const bucket = buckets.get(name);
  if (bucket === undefined) return refuse(method, response, 404, "NoSuchBucket");
  bucket.calls += 1;
  const fault = bucket.fault(method, key);
  switch (fault?.kind) {
    case "refused":
      return refuse(method, response, fault.status, fault.code);
    case "cut":
      return void request.socket.destroy();
    case "reply lost":
      if (method === "PUT") put(bucket, key, request, Buffer.concat(chunks));
      return void request.socket.destroy();
    case "slow":
      await sleep(fault.ms);
      break;
    case undefined:
      break;
  }
  serve({ bucket, key, method, url, request, body: Buffer.concat(chunks) }, response);
}

interface Call {
  readonly bucket: FaultyBucket;
  readonly key: string;
  readonly method: string;
  readonly url: URL;
  readonly request: IncomingMessage;
  readonly body: Buffer;
}

function serve({ bucket, key, method, url, request, body }: Call, response: ServerResponse): void {
  const query = url.searchParams;
  if (key === "" && method === "HEAD")
    return void response.writeHead(200, { "x-amz-bucket-region": "us-east-1" }).end();
  if (query.has("versioning")) return sendXml(response, "<VersioningConfiguration/>");
  if (query.has("object-lock")) return refuse(method, response, 404, "ObjectLockConfigurationNotFoundError");
  if (query.has("location")) return sendXml(response, "<LocationConstraint/>");
  if (query.has("uploads")) {
    const upload = "<InitiateMultipartUploadResult><UploadId>1</UploadId></InitiateMultipartUploadResult>";
    return sendXml(response, upload);
  }
  if (method === "DELETE") return void response.writeHead(204).end();
  if (method === "PUT") {
    const { bytes } = put(bucket, key, request, body);
    return void response.writeHead(200, { etag: etagOf(bytes) }).end();
  }
  if (key === "") return list(bucket, query, response);
  const object = bucket.objects.get(key)?.at(-1);
  if (object === undefined) return refuse(method, response, 404, "NoSuchKey");
  const { bytes, headers } = object;
  response.writeHead(200, { ...headers, etag: etagOf(bytes), "content-length": bytes.length });
  response.end(method === "HEAD" ? undefined : bytes);
}

function put(bucket: FaultyBucket, key: string, { headers }: IncomingMessage, bytes: Buffer): StoredObject {
  const kept = Object.entries(headers).filter(([name]) => /^(content-(type|encoding)|x-amz-meta-.*)$/.test(name));
  const object = { bytes, headers: Object.fromEntries(kept) as Record<string, string> };
  bucket.objects.set(key, [...(bucket.objects.get(key) ?? []), object]);
  return object;
}

const PAGE_KEYS = 1000;

function list({ objects }: FaultyBucket, query: URLSearchParams, response: ServerResponse): void {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token") ?? query.get("start-after") ?? query.get("marker") ?? "";
  const keys = [...objects.keys()].filter((key) => key.startsWith(prefix) && byBytes(key, after) > 0).toSorted(byBytes);
  const page = keys.slice(0, PAGE_KEYS);
  const contents = page.map((key) => {
    const size = objects.get(key)?.at(-1)?.bytes.length;
    return `<Contents><Key>${key}</Key><Size>${size}</Size></Contents>`;
  });
  const more = keys.length > page.length;
  const next = more ? `<NextContinuationToken>${page.at(-1)}</NextContinuationToken>` : "";
  const head = `<Prefix>${prefix}</Prefix><IsTruncated>${more}</IsTruncated>`;
  sendXml(response, `<ListBucketResult>${head}${next}${contents.join("")}</ListBucketResult>`);
}

function byBytes(one: string, other: string): number {
  return Buffer.compare(Buffer.from(one), Buffer.from(other));
}

function etagOf(bytes: Buffer): string {
  return `"${createHash("md5").update(bytes).digest("hex")}"`;
}

function sendXml(response: ServerResponse, xml: string, status = 200): void {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${xml}`);
}

function refuse(method: string, response: ServerResponse, status: number, code: string): void {
  if (method === "HEAD") return void response.writeHead(status).end();
  sendXml(response, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`, status);
}
