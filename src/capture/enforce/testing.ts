/** What the tests of this folder share: keys, and requests as clients send them. */
import {
  ChunkChain,
  formatTimestamp,
  type Headers,
  sha256,
  type SigningCredentials,
  type SigningScope,
  signHead,
  type WireRequest,
} from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import type { Caller, CredentialStore } from "../../identity/index.ts";
import { type CapturedBody, proveCaller, readWholeBody, resign } from "../index.ts";

export const NOW: number = Date.parse("2026-11-20T12:00:00Z");
export const KEY: SigningCredentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY",
};
export const TEMPORARY: SigningCredentials = {
  ...KEY,
  accessKeyId: "ASIAIOSFODNN7EXAMPLE",
  sessionToken: "the/session+token==",
};
export const CALLER: Caller = {
  kind: "user",
  account: "123456789012",
  arn: "arn:aws:iam::123456789012:user/alice",
  principalId: "AIDAALICE",
  userName: "alice",
  accessKeyId: KEY.accessKeyId,
};

export const credentials: CredentialStore = {
  find: async (accessKeyId, sessionToken) => {
    const known = [KEY, TEMPORARY].some((key) => key.accessKeyId === accessKeyId);
    const token = accessKeyId === TEMPORARY.accessKeyId ? TEMPORARY.sessionToken : undefined;
    if (!known || token !== sessionToken) throw new Refusal("InvalidClientTokenId", "unknown", 403);
    return { caller: { ...CALLER, accessKeyId }, secretAccessKey: KEY.secretAccessKey };
  },
  mayKnow: () => true,
  owns: async (accessKeyId) => [KEY, TEMPORARY].some((key) => key.accessKeyId === accessKeyId),
  used: () => undefined,
  flush: async () => undefined,
  invalidate: () => undefined,
};

export const S3: SigningScope = { region: "us-east-1", service: "s3", now: NOW };
export const SQS: SigningScope = { region: "us-east-1", service: "sqs", now: NOW };
export const PUT: WireRequest = {
  method: "PUT",
  path: "/bucket/a%20key",
  query: "",
  headers: { host: ["s3.example.org"], "content-type": ["text/plain"] },
  body: Buffer.from("hello"),
};
export const POST: WireRequest = { ...PUT, method: "POST", path: "/", body: Buffer.from('{"a":1}') };

export function declaring(request: WireRequest, word: string, more: Headers = {}): WireRequest {
  return { ...request, headers: { ...request.headers, ...more, "x-amz-content-sha256": [word] } };
}

export function whole(bytes: Uint8Array): CapturedBody {
  return { bytes, size: bytes.length, whole: true };
}

/** A request whose body is signed in chunks, as the AWS SDKs for Java and Go send it. */
export function chunked(texts: readonly string[], trailers: readonly string[] = []): WireRequest {
  const timestamp = formatTimestamp(NOW);
  const word = `STREAMING-AWS4-HMAC-SHA256-PAYLOAD${trailers.length > 0 ? "-TRAILER" : ""}`;
  const size = texts.join("").length;
  const headers: Headers = {
    ...PUT.headers,
    "content-encoding": ["aws-chunked"],
    "x-amz-content-sha256": [word],
    "x-amz-date": [timestamp],
    "x-amz-decoded-content-length": [String(size)],
  };
  const signed = signHead({ ...PUT, headers }, Object.keys(headers).toSorted(), word, KEY, S3);
  const scope = { date: timestamp.slice(0, 8), region: S3.region, service: S3.service };
  const chain = new ChunkChain({ secretAccessKey: KEY.secretAccessKey, scope, timestamp, signature: signed.signature });
  const chunks = [...texts, ""].map((text) => {
    const line = `${text.length.toString(16)};chunk-signature=${chain.next(Buffer.from(text))}\r\n`;
    return text === "" ? line : `${line}${text}\r\n`;
  });
  const tail = trailers.length === 0 ? [] : [...trailers, `x-amz-trailer-signature:${chain.trailer(trailers)}`];
  const body = Buffer.from(`${chunks.join("")}${tail.map((line) => `${line}\r\n`).join("")}\r\n`);
  return { ...PUT, headers: { ...headers, authorization: [signed.authorization] }, body };
}

/** `proven`, or the code of the refusal. */
export async function verdict(proving: Promise<unknown>): Promise<string> {
  return await proving.then(
    () => "proven",
    (thrown: unknown) => (thrown instanceof Refusal ? thrown.code : `thrown ${String(thrown)}`),
  );
}

const ROUTE: SigningCredentials = {
  accessKeyId: "AKIAUPSTREAM",
  secretAccessKey: "the-route's-secret",
  sessionToken: "t",
};

/** The upstream's own accounts. */
export const UPSTREAM: CredentialStore = {
  ...credentials,
  find: async (accessKeyId, sessionToken) => {
    if (accessKeyId !== ROUTE.accessKeyId || sessionToken !== ROUTE.sessionToken) {
      throw new Refusal("InvalidClientTokenId", "unknown", 403);
    }
    return { caller: CALLER, secretAccessKey: ROUTE.secretAccessKey };
  },
};

/** The request as the upstream gets it: proven, then signed anew, body and all. */
export async function resigned(request: WireRequest, now: number, host?: string): Promise<WireRequest> {
  const { pending, signed } = await proveCaller({ credentials }, { head: request, body: whole(request.body), now });
  const { chunks, rawHeaders, target } = resign(
    {
      method: request.method,
      target: `${request.path}${request.query === "" ? "" : `?${request.query}`}`,
      rawHeaders: Object.entries(request.headers).flatMap(([name, values = []]) =>
        values.flatMap((value) => [name, value]),
      ),
      signedHeaders: signed.signedHeaders,
      bodyHash: sha256(request.body),
    },
    { credentials: ROUTE, region: "eu-central-1", service: signed.service, now: now + 1_000, ...(host && { host }) },
  );
  const body = pending?.kind === "chunks" ? readWholeBody(pending, request.body, chunks) : request.body;
  const [path = "", query = ""] = target.split("?");
  const headers: Record<string, string[]> = {};
  for (let at = 0; at < rawHeaders.length; at += 2) {
    (headers[rawHeaders[at]?.toLowerCase() ?? ""] ??= []).push(rawHeaders[at + 1] ?? "");
  }
  return { method: request.method, path, query, headers, body };
}
