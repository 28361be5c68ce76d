import type { ObjectVersion } from "../../buckets/index.ts";
import { Refusal } from "../../core/index.ts";
import { invalidArgument } from "./errors.ts";

/** Entries on one page at most, whatever is asked for. */
const PAGE_MAX = 1000;

/** How many entries a page may have. @throws {Refusal} `InvalidArgument`. */
export function pageLimit(given: number | undefined, name: string): number {
  if (given !== undefined && given < 0) {
    const message = `Argument ${name} must be an integer between 0 and 2147483647`;
    throw invalidArgument(message, name, String(given));
  }
  return Math.min(given ?? PAGE_MAX, PAGE_MAX);
}

/**
 * How keys and prefixes are written: as they are, or with `encoding-type=url` percent-encoded but for slashes, a space as
 * `+`. XML 1.0 cannot say every key otherwise.
 * @throws {Refusal} `InvalidArgument`.
 */
export function keyWriter(encodingType: string | undefined): (key: string) => string {
  if (encodingType === undefined) return (key) => key;
  if (encodingType !== "url") {
    throw invalidArgument("Invalid Encoding Method specified in Request", "encoding-type", encodingType);
  }
  return urlEncoded;
}

function urlEncoded(key: string): string {
  const text = encodeURIComponent(key.toWellFormed()).replaceAll("%2F", "/").replaceAll("%20", "+");
  return text.replace(/[!'()~]/g, (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`);
}

/** What listings tell of an object or of a version of it. */
export function shownEntry(
  { key, etag, lastModified, size, storageClass, checksum }: ObjectVersion,
  write: (key: string) => string,
): {
  readonly Key: string;
  readonly LastModified: Date;
  readonly ETag: string;
  readonly Size: number;
  readonly StorageClass: string;
  readonly ChecksumAlgorithm?: readonly string[];
  readonly ChecksumType?: string;
} {
  return {
    Key: write(key),
    LastModified: new Date(lastModified),
    ETag: etag,
    Size: size,
    StorageClass: storageClass,
    ...(checksum === undefined ? {} : { ChecksumAlgorithm: [checksum.algorithm], ChecksumType: checksum.type }),
  };
}

export function shownPrefixes(
  prefixes: readonly string[],
  write: (key: string) => string,
): readonly { readonly Prefix: string }[] {
  return prefixes.map((prefix) => ({ Prefix: write(prefix) }));
}

/** What restores tell is not served: nothing here is ever archived. */
export function requireKnownAttributes(attributes: readonly string[] | undefined): void {
  const unknown = attributes?.find((name) => name !== "RestoreStatus");
  if (unknown === undefined) return;
  throw new Refusal("InvalidArgument", "Invalid attribute name specified", 400, { ArgumentValue: unknown });
}
