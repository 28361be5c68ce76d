import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** As much of S3 and CloudTrail as a validator of log files asks for, over whatever is handed in; checks no signature. */
export interface BucketServerNeeds {
  readonly bucket: string;
  /** Keys with sizes, in any order. */
  readonly keys: () => readonly { readonly key: string; readonly size: number }[];
  readonly get: (
    key: string,
  ) => { readonly bytes: Uint8Array; readonly metadata: Readonly<Record<string, string>> } | undefined;
  /** What ListPublicKeys answers, as the AWS CLI prints it: times as texts. */
  readonly publicKeys: { readonly PublicKeyList: readonly Readonly<Record<string, string>>[] };
}

const PAGE_KEYS = 1000;

export async function startBucketServer(
  needs: BucketServerNeeds,
): Promise<{ readonly endpoint: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "/", "http://server");
    const target = request.headers["x-amz-target"];
    request.resume().on("end", () => {
      if (typeof target === "string") answerCloudTrail(needs, target, response);
      else answerS3(needs, url, response);
    });
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: async () => {
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
    },
  };
}

function answerCloudTrail({ publicKeys }: BucketServerNeeds, target: string, response: ServerResponse): void {
  if (!target.endsWith(".ListPublicKeys")) {
    response.writeHead(400, { "content-type": "application/x-amz-json-1.1" });
    response.end(JSON.stringify({ __type: "UnsupportedOperationException" }));
    return;
  }
  const list = publicKeys.PublicKeyList.map((key) => ({
    ...key,
    ValidityStartTime: seconds(key["ValidityStartTime"]),
    ValidityEndTime: seconds(key["ValidityEndTime"]),
  }));
  response.writeHead(200, { "content-type": "application/x-amz-json-1.1" });
  response.end(JSON.stringify({ PublicKeyList: list }));
}

function seconds(text = ""): number {
  return Date.parse(text) / 1000;
}

function answerS3(needs: BucketServerNeeds, url: URL, response: ServerResponse): void {
  const [bucket, ...rest] = url.pathname.slice(1).split("/").map(decodeURIComponent);
  const key = rest.join("/");
  if (bucket !== needs.bucket) return fail(response, "NoSuchBucket");
  if (url.searchParams.has("location")) return answerXml(response, "<LocationConstraint/>");
  if (key === "") return list(needs, url.searchParams, response);
  const object = needs.get(key);
  if (object === undefined) return fail(response, "NoSuchKey");
  for (const [name, text] of Object.entries(object.metadata)) response.setHeader(`x-amz-meta-${name}`, text);
  response.writeHead(200, { "content-type": "application/json", "content-length": object.bytes.length });
  response.end(object.bytes);
}

function list({ bucket, keys }: BucketServerNeeds, query: URLSearchParams, response: ServerResponse): void {
  const prefix = query.get("prefix") ?? "";
  const after = query.get("continuation-token") ?? query.get("start-after") ?? query.get("marker") ?? "";
  const bytes = (text: string): Buffer => Buffer.from(text);
  const all = keys()
    .filter(({ key }) => key.startsWith(prefix) && Buffer.compare(bytes(key), bytes(after)) > 0)
    .toSorted((one, other) => Buffer.compare(bytes(one.key), bytes(other.key)));
  const page = all.slice(0, PAGE_KEYS);
  const more = all.length > page.length;
  const next = page.at(-1)?.key ?? "";
  const contents = page.map(({ key, size }) => `<Contents><Key>${escape(key)}</Key><Size>${size}</Size></Contents>`);
  const token = more
    ? `<NextContinuationToken>${escape(next)}</NextContinuationToken><NextMarker>${escape(next)}</NextMarker>`
    : "";
  answerXml(
    response,
    `<ListBucketResult><Name>${bucket}</Name><Prefix>${escape(prefix)}</Prefix><IsTruncated>${more}</IsTruncated>${token}${contents.join("")}</ListBucketResult>`,
  );
}

function escape(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;");
}

function answerXml(response: ServerResponse, xml: string, status = 200): void {
  response.writeHead(status, { "content-type": "application/xml" });
  response.end(`<?xml version="1.0" encoding="UTF-8"?>\n${xml}`);
}

function fail(response: ServerResponse, code: string): void {
  answerXml(response, `<Error><Code>${code}</Code><Message>${code}</Message></Error>`, 404);
}
