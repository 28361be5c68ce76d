import type { ObjectVersion } from "../../../buckets/index.ts";
import { optional } from "../../../core/index.ts";
import { shownChecksum } from "../checksums.ts";
import { invalidArgument } from "../errors.ts";
import { shownVersionId } from "../object-facts.ts";
import type { Input, Output, S3Operation } from "../operation.ts";
import { bucketOf } from "../owner.ts";

type Told = NonNullable<Output<"GetObjectAttributes">>;
type Attribute = (version: ObjectVersion, input: Input<"GetObjectAttributes">) => Told;

const PARTS_MAX = 1000;

const ATTRIBUTES: Readonly<Record<string, Attribute>> = {
  // The one answer in which an ETag stands without its quotes.
  ETag: ({ etag }) => ({ ETag: etag.replaceAll('"', "") }),
  Checksum: ({ checksum }) =>
    checksum === undefined ? {} : { Checksum: { ...shownChecksum(checksum), ChecksumType: checksum.type } },
  ObjectParts: (version, input) => optional("ObjectParts", partsOf(version, input)),
  ObjectSize: ({ size }) => ({ ObjectSize: size }),
  StorageClass: ({ storageClass }) => ({ StorageClass: storageClass }),
};

/** @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_GetObjectAttributes.html */
export const getObjectAttributes: S3Operation<"GetObjectAttributes"> = async (input, call) => {
  const bucket = bucketOf(call, input);
  const unknown = input.ObjectAttributes.find((name) => ATTRIBUTES[name] === undefined);
  if (unknown !== undefined)
    throw invalidArgument("Invalid attribute name specified.", "x-amz-object-attributes", unknown);
  const version = await call.buckets.version(bucket.name, input.Key, input.VersionId);
  const told = input.ObjectAttributes.map((name) => ATTRIBUTES[name]?.(version, input) ?? {});
  return Object.assign(
    { LastModified: new Date(version.lastModified), ...shownVersionId(bucket, version) },
    ...told,
  ) as Told;
};

/** Only of multipart uploads; their single parts only where they have checksums, as S3 has it. */
function partsOf(
  { parts, checksum }: ObjectVersion,
  { PartNumberMarker = 0, MaxParts = PARTS_MAX }: Input<"GetObjectAttributes">,
): Told["ObjectParts"] {
  if (parts === undefined) return undefined;
  if (checksum === undefined) return { TotalPartsCount: parts.length };
  const all = parts.map((Size, index) => ({ PartNumber: index + 1, Size }));
  const after = all.slice(PartNumberMarker);
  const page = after.slice(0, Math.min(MaxParts, PARTS_MAX));
  return {
    TotalPartsCount: parts.length,
    PartNumberMarker,
    NextPartNumberMarker: page.at(-1)?.PartNumber ?? PartNumberMarker,
    MaxParts,
    IsTruncated: page.length < after.length,
    Parts: page,
  };
}
