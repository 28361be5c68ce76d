import { STATUS_CODES } from "node:http";
import type { Readable } from "node:stream";
import { type OperationModel, serializeResponse } from "../../aws/index.ts";

/** An answer whose output, as the model knows it, is not all there is to say. */
export class Answer<Output> {
  readonly output: Output;
  readonly more: AnswerParts;

  constructor(output: Output, more: AnswerParts) {
    this.output = output;
    this.more = more;
  }
}

export interface AnswerParts {
  readonly status?: number;
  /** In place of the model's. */
  readonly headers?: Readonly<Record<string, string>>;
  /** The body as text, where the model's form of it is not S3's. */
  readonly text?: string;
  /** The body as a stream of `size` bytes. */
  readonly content?: Content;
}

export interface Content {
  readonly size: number;
  readonly stream: Readable;
  /** To be called in the end, whatever became of the stream. */
  close(): void;
}

/** What goes to the client. */
export interface WireAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | Content;
}

const NAMESPACE = { uri: "http://s3.amazonaws.com/doc/2006-03-01/" };
const PROLOG = '<?xml version="1.0" encoding="UTF-8"?>\n';

/** Root elements as S3 names them, where the model does not. With them, an answer that says nothing still has its root. */
const ROOTS: Readonly<Record<string, string>> = {
  CompleteMultipartUpload: "CompleteMultipartUploadResult",
  CreateMultipartUpload: "InitiateMultipartUploadResult",
  DeleteObjects: "DeleteResult",
  GetBucketAccelerateConfiguration: "AccelerateConfiguration",
  GetBucketAcl: "AccessControlPolicy",
  GetBucketLogging: "BucketLoggingStatus",
  GetBucketNotificationConfiguration: "NotificationConfiguration",
  GetBucketRequestPayment: "RequestPaymentConfiguration",
  GetBucketTagging: "Tagging",
  GetBucketVersioning: "VersioningConfiguration",
  GetObjectAcl: "AccessControlPolicy",
  GetObjectAttributes: "GetObjectAttributesResponse",
  GetObjectTagging: "Tagging",
  ListBuckets: "ListAllMyBucketsResult",
  ListMultipartUploads: "ListMultipartUploadsResult",
  ListObjects: "ListBucketResult",
  ListObjectsV2: "ListBucketResult",
  ListObjectVersions: "ListVersionsResult",
  ListParts: "ListPartsResult",
};

export function wireAnswer(
  operation: OperationModel,
  output: Record<string, unknown> | undefined,
  more: AnswerParts,
): WireAnswer {
  const root = ROOTS[operation.name];
  const named = root === undefined ? operation : { ...operation, outputElement: { name: root, namespace: NAMESPACE } };
  const plain = serializeResponse(named, "rest-xml", output, "");
  const { "x-amzn-requestid": _, ...modelled } = plain.headers;
  const isBare = plain.body.length === 0 && root !== undefined;
  const text = more.text ?? (isBare ? bareRoot(root) : undefined);
  const headers = {
    ...modelled,
    ...(text === undefined ? {} : { "content-type": "application/xml" }),
    ...more.headers,
  };
  return { status: more.status ?? plain.status, headers, body: more.content ?? bodyOf(text, plain.body, headers) };
}

/** An element without anything inside. */
export function bareRoot(name: string, text = ""): string {
  const opening = `${name} xmlns="${NAMESPACE.uri}"`;
  return text === "" ? `<${opening}/>` : `<${opening}>${text}</${name}>`;
}

function bodyOf(text: string | undefined, body: Uint8Array, headers: Readonly<Record<string, string>>): Uint8Array {
  const bytes = text === undefined ? body : Buffer.from(text);
  return headers["content-type"] === "application/xml" && bytes.length > 0
    ? Buffer.concat([Buffer.from(PROLOG), bytes])
    : bytes;
}

/** What every answer says of itself. */
export interface AnswerMark {
  readonly requestId: string;
  /** S3's second id: opaque. */
  readonly hostId: string;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** The answer's head as it is told: status line and raw headers. An answer to HEAD, 204 and 304 has no body. */
export function headOf(
  answer: WireAnswer,
  mark: AnswerMark,
): { readonly statusMessage: string; readonly rawHeaders: readonly string[] } {
  const { status, headers, body } = answer;
  const bodiless = status === 204 || status === 304;
  const length = body instanceof Uint8Array ? body.length : body.size;
  const all: Readonly<Record<string, string>> = {
    "x-amz-id-2": mark.hostId,
    "x-amz-request-id": mark.requestId,
    date: new Date(mark.now).toUTCString(),
    ...(bodiless ? {} : { "content-length": String(length) }),
    ...headers,
  };
  return { statusMessage: STATUS_CODES[status] ?? "", rawHeaders: Object.entries(all).flat() };
}

export { PROLOG };
