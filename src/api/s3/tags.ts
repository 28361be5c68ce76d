import type { S3Operations } from "../../aws/index.ts";
import { Refusal } from "../../core/index.ts";
import { invalidArgument } from "./errors.ts";

type TagSet = NonNullable<S3Operations["GetObjectTagging"]["output"]>["TagSet"];

const OBJECT_TAGS_MAX = 10;
export const BUCKET_TAGS_MAX = 50;
/** Lengths count UTF-16 code units. */
const KEY_LENGTH_MAX = 128;
const VALUE_LENGTH_MAX = 256;
const ALLOWED = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * Tags as a map.
 * @throws {Refusal} `InvalidTag`, `BadRequest` for too many.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/object-tagging.html
 */
export function tagsOf(set: TagSet, countMax: number = OBJECT_TAGS_MAX): Readonly<Record<string, string>> {
  const tags: Record<string, string> = Object.create(null);
  for (const { Key, Value } of set) {
    requireTag(Key, Value);
    if (Object.hasOwn(tags, Key)) {
      throw new Refusal("InvalidTag", "Cannot provide multiple Tags with the same key", 400, { TagKey: Key });
    }
    tags[Key] = Value;
  }
  if (set.length > countMax) {
    const what = countMax === OBJECT_TAGS_MAX ? "Object" : "Bucket";
    throw new Refusal("BadRequest", `${what} tags cannot be greater than ${countMax}`, 400);
  }
  return tags;
}

function requireTag(key: string, value: string): void {
  if (key === "" || key.length > KEY_LENGTH_MAX || !ALLOWED.test(key)) {
    throw new Refusal("InvalidTag", "The TagKey you have provided is invalid", 400, { TagKey: key });
  }
  if (value.length > VALUE_LENGTH_MAX || !ALLOWED.test(value)) {
    throw new Refusal("InvalidTag", "The TagValue you have provided is invalid", 400, { TagKey: key, TagValue: value });
  }
  if (/^aws:/i.test(key)) {
    throw new Refusal("InvalidTag", "System tags cannot be added/updated by requester", 400, { TagKey: key });
  }
}

/** The tags in `x-amz-tagging`: `team=red&cost%20centre=7`. @throws {Refusal} `InvalidArgument`, `InvalidTag`. */
export function tagsOfHeader(header: string | undefined): Readonly<Record<string, string>> {
  if (header === undefined || header === "") return {};
  const set = [...new URLSearchParams(header)].map(([Key, Value]) => ({ Key, Value }));
  if (new Set(set.map(({ Key }) => Key)).size < set.length) {
    throw invalidArgument(
      "The header 'x-amz-tagging' shall be encoded as UTF-8 then URLEncoded URL query parameters without tag name duplicates.",
      "x-amz-tagging",
      header,
    );
  }
  return tagsOf(set);
}

export function tagSet(tags: Readonly<Record<string, string>>): TagSet {
  return Object.entries(tags).map(([Key, Value]) => ({ Key, Value }));
}
