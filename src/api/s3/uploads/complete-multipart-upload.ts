import { headerValue, type S3Operations } from "../../../aws/index.ts";
import type { Upload, UploadedPart } from "../../../buckets/index.ts";
import { optional, Refusal } from "../../../core/index.ts";
import { type ChecksumRequest, toldChecksum } from "../checksums.ts";
import { quoted } from "../conditions.ts";
import { invalidRequest, malformedXml } from "../errors.ts";
import { shownPut } from "../object-facts.ts";
import { writeCondition } from "../object-request.ts";
import type { Input, S3Call, S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";
import { typeFrom } from "./create-multipart-upload.ts";
import { allParts } from "./all-parts.ts";

type Named = NonNullable<
  NonNullable<S3Operations["CompleteMultipartUpload"]["input"]["MultipartUpload"]>["Parts"]
>[number];

/**
 * CompleteMultipartUpload: the object is made of the parts that are named, in that order.
 * @throws {Refusal} `NoSuchUpload`, `InvalidPart`, `InvalidPartOrder`, `EntityTooSmall`, `BadDigest`, `PreconditionFailed`.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_CompleteMultipartUpload.html
 */
export const completeMultipartUpload: S3Operation<"CompleteMultipartUpload"> = async (input, call) => {
  const { name } = bucketOf(call, input);
  const { Key, UploadId } = input;
  const named = input.MultipartUpload?.Parts ?? [];
  if (named.length === 0) throw malformedXml();
  const upload = await call.buckets.upload(name, Key, UploadId);
  const checksum = checksumFrom(input, upload);
  await requireAsTold(input, named, call);
  const parts = named.map(({ PartNumber, ETag }) => {
    if (PartNumber === undefined || ETag === undefined) throw malformedXml();
    return { partNumber: PartNumber, etag: quoted(ETag) };
  });
  const version = await call.buckets.completeUpload(name, Key, UploadId, parts, {
    ...optional("checksum", checksum),
    ...optional("onlyIf", writeCondition(input)),
  });
  return {
    ...shownPut(call.buckets.get(name), version),
    Bucket: name,
    Key,
    Location: locationOf(call, name, Key),
  };
};

/** The checksum that the whole is to have. It must be of the kind that the upload was begun with. */
function checksumFrom(
  input: Input<"CompleteMultipartUpload">,
  { checksumAlgorithm, checksumType }: Upload,
): ChecksumRequest | undefined {
  const type = typeFrom(input.ChecksumType);
  if (type !== undefined && checksumType !== undefined && type !== checksumType) {
    throw invalidRequest(
      `The upload was created using the ${checksumType} checksum mode. The complete request must use the same checksum mode.`,
    );
  }
  const told = toldChecksum(input);
  if (told === undefined) return undefined;
  if (told.algorithm !== checksumAlgorithm) {
    throw invalidRequest(
      `The upload was created using a ${checksumAlgorithm?.toLowerCase() ?? "null"} checksum. The complete request must use the same one.`,
    );
  }
  return { algorithm: told.algorithm, value: () => told.value };
}

/** What the request says of its parts beside their names: their checksums, and the size of the whole. */
async function requireAsTold(
  input: Input<"CompleteMultipartUpload">,
  named: readonly Named[],
  call: S3Call,
): Promise<void> {
  const size = input.MpuObjectSize;
  if (size === undefined && named.every((part) => toldChecksum(part) === undefined)) return;
  const parts = new Map<number, UploadedPart>();
  for await (const part of allParts(call.buckets, input)) parts.set(part.partNumber, part);
  for (const one of named) {
    const told = toldChecksum(one);
    const found = parts.get(one.PartNumber ?? 0)?.checksum;
    const isOther = told !== undefined && (told.algorithm !== found?.algorithm || told.value !== found.value);
    if (isOther) throw invalidPart(input.UploadId, one);
  }
  const total = named.reduce((sum, { PartNumber = 0 }) => sum + (parts.get(PartNumber)?.size ?? 0), 0);
  if (size !== undefined && Number(size) !== total) {
    throw invalidRequest("The provided 'x-amz-mp-object-size' header does not match what was computed.");
  }
}

function invalidPart(UploadId: string, { PartNumber = 0, ETag = "" }: Named): Refusal {
  const message =
    "One or more of the specified parts could not be found.  The part may not have been uploaded, or the specified entity tag may not match the part's entity tag.";
  return new Refusal("InvalidPart", message, 400, { UploadId, PartNumber, ETag: ETag.replaceAll('"', "") });
}

/** Where the object is, by the name under which the client knows us. */
function locationOf({ headers }: S3Call, bucket: string, key: string): string {
  const host = headerValue(headers, "host") ?? "";
  const path = key.split("/").map(encodeURIComponent).join("/");
  return host.startsWith(`${bucket}.`) ? `http://${host}/${path}` : `http://${host}/${bucket}/${path}`;
}
