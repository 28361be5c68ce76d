import type { Buckets, UploadedPart } from "../../../buckets/index.ts";

const PAGE = 1000;

/** The parts of an upload, by number. */
export async function* allParts(
  buckets: Buckets,
  { Bucket, Key, UploadId }: { readonly Bucket: string; readonly Key: string; readonly UploadId: string },
): AsyncGenerator<UploadedPart> {
  for (let after = 0; ; ) {
    const { parts, more } = await buckets.parts(Bucket, Key, UploadId, after, PAGE);
    yield* parts;
    const last = parts.at(-1);
    if (!more || last === undefined) return;
    after = last.partNumber;
  }
}
