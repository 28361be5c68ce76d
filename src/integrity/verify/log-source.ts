/** A file of a bucket, as its listing tells. */
export interface ListedFile {
  readonly key: string;
  /** Bytes as they lie there, compressed. */
  readonly size: number;
  /** When it was put there, milliseconds since 1970, in whole seconds; unknown of copies. */
  readonly putMs?: number;
}

/** Where a file's bytes are to be had. */
export type Content =
  | { readonly kind: "path"; readonly path: string; readonly size: number }
  | { readonly kind: "bytes"; readonly bytes: Uint8Array }
  /** For what is too large to be held in memory; to be read once. */
  | { readonly kind: "chunks"; readonly chunks: AsyncIterable<Uint8Array> };

export interface FoundFile {
  readonly content: Content;
  /** User metadata, names in lower case without `x-amz-meta-`; undefined where nobody kept it. */
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

/** One bucket, or a copy of one. Whatever a key says, nothing outside of it is read. */
export interface LogSource {
  readonly bucket: string;
  /** Files whose keys begin with `prefix` and come after `startAfter`, in the order of their keys' UTF-8 bytes. */
  list(prefix: string, startAfter: string): AsyncIterable<ListedFile>;
  /** Undefined when there is no such file. @throws {Failure} when it cannot be read. */
  get(key: string): Promise<FoundFile | undefined>;
}

/** The buckets at hand. */
export interface LogSources {
  /** Where to look for digest files: what stands before `AWSLogs/` (empty, or ending in `/`), in which bucket. */
  readonly roots: readonly { readonly bucket: string; readonly above: string }[];
  /** Undefined when there is no such bucket at hand. */
  bucket(name: string): LogSource | undefined;
}

/** The whole file. Undefined when it is larger than `bytesMax`. */
export async function readContent(content: Content, bytesMax: number): Promise<Uint8Array | undefined> {
  if (content.kind === "bytes") return content.bytes.length > bytesMax ? undefined : content.bytes;
  const chunks = content.kind === "path" ? await pathChunks(content.path) : content.chunks;
  const parts: Uint8Array[] = [];
  let bytes = 0;
  for await (const part of chunks) {
    bytes += part.length;
    if (bytes > bytesMax) return undefined;
    parts.push(part);
  }
  return parts.length === 1 ? parts[0] : Buffer.concat(parts);
}

async function pathChunks(path: string): Promise<AsyncIterable<Uint8Array>> {
  const { createReadStream } = await import("node:fs");
  return createReadStream(path, { highWaterMark: 1024 * 1024 });
}
