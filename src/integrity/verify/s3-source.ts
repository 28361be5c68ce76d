import type { S3Client, S3ServiceException } from "@aws-sdk/client-s3";
import { Failure } from "../../core/index.ts";
import type { Content, FoundFile, ListedFile, LogSource, LogSources } from "./log-source.ts";

export interface S3Place {
  readonly bucket: string;
  /** What stands before `AWSLogs/`: empty, or ending in `/`. */
  readonly above: string;
  readonly endpoint: string;
  readonly region: string;
  readonly credentials: () => Promise<{
    readonly accessKeyId: string;
    readonly secretAccessKey: string;
    readonly sessionToken?: string | undefined;
  }>;
}

/** Larger objects are checked as they come instead of being held in memory. */
const WHOLE_BYTES_MAX = 64 * 1024 * 1024;

/** Buckets on an S3 server: the one that was named, and whatever others its digest files name. */
export async function openS3({ bucket, above, ...server }: S3Place): Promise<LogSources> {
  // Only here: it takes longer to load than all the rest, and folders need none of it.
  const s3 = await import("@aws-sdk/client-s3");
  const client = new s3.S3Client({
    endpoint: server.endpoint,
    region: server.region,
    credentials: async () => {
      const { accessKeyId, secretAccessKey, sessionToken } = await server.credentials();
      return { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) };
    },
    forcePathStyle: true,
    followRegionRedirects: true,
    // Digest files prove more than S3's own checksums do, and those would be computed in this thread.
    responseChecksumValidation: "WHEN_REQUIRED",
  });
  const sources = new Map<string, LogSource>();
  return {
    roots: [{ bucket, above }],
    bucket: (name) => {
      const source = sources.get(name) ?? new S3Source(s3, client, name);
      sources.set(name, source);
      return source;
    },
  };
}

type Library = typeof import("@aws-sdk/client-s3");

class S3Source implements LogSource {
  readonly bucket: string;
  readonly #s3: Library;
  readonly #client: S3Client;

  constructor(s3: Library, client: S3Client, bucket: string) {
    this.#s3 = s3;
    this.#client = client;
    this.bucket = bucket;
  }

  async *list(prefix: string, startAfter: string): AsyncGenerator<ListedFile> {
    const range = { Bucket: this.bucket, Prefix: prefix, ...(startAfter === "" ? {} : { StartAfter: startAfter }) };
    for (let token: string | undefined; ; ) {
      const request = new this.#s3.ListObjectsV2Command({
        ...range,
        ...(token === undefined ? {} : { ContinuationToken: token }),
      });
      const page = await this.#client.send(request).catch((cause: unknown) => {
        throw new Failure(`list s3://${this.bucket}/${prefix}`, cause);
      });
      for (const { Key: key, Size: size = 0, LastModified: put } of page.Contents ?? []) {
        if (key !== undefined) yield { key, size, ...(put === undefined ? {} : { putMs: put.getTime() }) };
      }
      token = page.NextContinuationToken;
      if (token === undefined) return;
    }
  }

  async get(key: string): Promise<FoundFile | undefined> {
    try {
      const object = await this.#client.send(new this.#s3.GetObjectCommand({ Bucket: this.bucket, Key: key }));
      const metadata = Object.entries(object.Metadata ?? {}).map(([name, text]) => [name.toLowerCase(), text] as const);
      return { content: await contentOf(object.Body, object.ContentLength), metadata: Object.fromEntries(metadata) };
    } catch (cause) {
      if ((cause as S3ServiceException).name === "NoSuchKey") return undefined;
      throw new Failure(`read s3://${this.bucket}/${key}`, cause);
    }
  }
}

type Body = AsyncIterable<Uint8Array> & { readonly transformToByteArray: () => Promise<Uint8Array> };

async function contentOf(body: unknown, size: number | undefined): Promise<Content> {
  // In Node a body is a stream; the library's type allows for browsers.
  const stream = body as Body;
  if (size === undefined || size > WHOLE_BYTES_MAX) return { kind: "chunks", chunks: stream };
  return { kind: "bytes", bytes: await stream.transformToByteArray() };
}
