import type { Buckets, Upload } from "../../../buckets/index.ts";
import { optional } from "../../../core/index.ts";
import { keyWriter, pageLimit, shownPrefixes } from "../listing.ts";
import type { Input, S3Operation } from "../operation.ts";
import { bucketOf, canonicalId } from "../owner.ts";

/** Uploads that one look at the table fetches. */
const FETCHED = 1000;

/**
 * ListMultipartUploads: those under way, by key, the older first within a key.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_ListMultipartUploads.html
 */
export const listMultipartUploads: S3Operation<"ListMultipartUploads"> = async (input, call) => {
  const { name, account } = bucketOf(call, input);
  const { Prefix, Delimiter, KeyMarker = "", UploadIdMarker = "", EncodingType } = input;
  const write = keyWriter(EncodingType);
  const limit = pageLimit(input.MaxUploads, "max-uploads");
  const page = await readPage(input, call.buckets, limit);
  const ID = canonicalId(account);
  return {
    Bucket: name,
    KeyMarker: write(KeyMarker),
    UploadIdMarker,
    ...optional("Prefix", Prefix && write(Prefix)),
    ...optional("Delimiter", Delimiter && write(Delimiter)),
    ...optional("EncodingType", EncodingType),
    MaxUploads: limit,
    IsTruncated: page.next !== undefined,
    ...optional("NextKeyMarker", page.next && write(page.next.key)),
    ...optional("NextUploadIdMarker", page.next?.uploadId),
    Uploads: page.uploads.map(({ key, uploadId, initiatedAt, request, checksumAlgorithm, checksumType }) => ({
      UploadId: uploadId,
      Key: write(key),
      Initiated: new Date(initiatedAt),
      StorageClass: request.storageClass ?? "STANDARD",
      Owner: { ID },
      Initiator: { ID },
      ...optional("ChecksumAlgorithm", checksumAlgorithm),
      ...optional("ChecksumType", checksumType),
    })),
    CommonPrefixes: shownPrefixes(page.prefixes, write),
  };
};

interface UploadsPage {
  readonly uploads: readonly Upload[];
  readonly prefixes: readonly string[];
  readonly next?: { readonly key: string; readonly uploadId?: string };
}

/** Folds the keys behind a delimiter into their common prefixes: uploads are few, and so all of them are walked. */
async function readPage(input: Input<"ListMultipartUploads">, buckets: Buckets, limit: number): Promise<UploadsPage> {
  const { Prefix = "", Delimiter = "", KeyMarker = "" } = input;
  const uploads: Upload[] = [];
  const prefixes: string[] = [];
  let last: UploadsPage["next"];
  if (limit === 0) return { uploads, prefixes };
  for await (const upload of walk(input, buckets)) {
    const common = commonPrefix(upload.key, Prefix, Delimiter);
    const wasTold = common !== undefined && (common === prefixes.at(-1) || common === KeyMarker);
    if (wasTold) continue;
    if (uploads.length + prefixes.length === limit) return { uploads, prefixes, ...optional("next", last) };
    if (common === undefined) {
      uploads.push(upload);
      last = { key: upload.key, uploadId: upload.uploadId };
    } else {
      prefixes.push(common);
      last = { key: common };
    }
  }
  return { uploads, prefixes };
}

async function* walk(input: Input<"ListMultipartUploads">, buckets: Buckets): AsyncGenerator<Upload> {
  const { Bucket, Prefix: prefix = "", KeyMarker = "", UploadIdMarker = "" } = input;
  let marker = { keyMarker: KeyMarker, uploadIdMarker: UploadIdMarker };
  for (;;) {
    const { uploads, more } = await buckets.uploads(Bucket, { prefix, ...marker, limit: FETCHED });
    yield* uploads;
    const last = uploads.at(-1);
    if (!more || last === undefined) return;
    marker = { keyMarker: last.key, uploadIdMarker: last.uploadId };
  }
}

function commonPrefix(key: string, prefix: string, delimiter: string): string | undefined {
  if (delimiter === "") return undefined;
  const at = key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}
