import { Refusal } from "../../core/index.ts";

/** The first and the last byte of what is read. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * The bytes that a `Range` header asks for; undefined for all of them, and for what S3 does not read (several ranges, other
 * units), which it answers with the whole object.
 * @throws {Refusal} `InvalidRange` (416) when the object has none of them.
 */
export function parseRange(header: string | undefined, size: number): ByteRange | undefined {
  const [, first, last] = /^\s*bytes\s*=\s*(\d*)\s*-\s*(\d*)\s*$/i.exec(header ?? "") ?? [];
  if (header === undefined || first === undefined || last === undefined || first + last === "") return undefined;
  if (first === "") return suffix(Number(last), size, header);
  const start = Number(first);
  const end = last === "" ? Number.POSITIVE_INFINITY : Number(last);
  if (end < start) return undefined;
  if (start >= size) throw unsatisfiable(header, size);
  return { start, end: Math.min(end, size - 1) };
}

function suffix(length: number, size: number, header: string): ByteRange {
  if (length === 0 || size === 0) throw unsatisfiable(header, size);
  return { start: Math.max(0, size - length), end: size - 1 };
}

function unsatisfiable(header: string, size: number): Refusal {
  return new Refusal("InvalidRange", "The requested range is not satisfiable", 416, {
    RangeRequested: header,
    ActualObjectSize: size,
    headers: { "content-range": `bytes */${size}` },
  });
}

/** The bytes of one part of a multipart upload, counted from 1; of any other object there is only part 1, all of it. */
export function partRange(partNumber: number, size: number, parts: readonly number[] | undefined): ByteRange {
  const sizes = parts ?? [size];
  const part = sizes[partNumber - 1];
  if (part === undefined) {
    throw new Refusal("InvalidPartNumber", "The requested partnumber is not satisfiable", 416, {
      ActualPartCount: sizes.length,
      PartNumberRequested: partNumber,
    });
  }
  const start = sizes.slice(0, partNumber - 1).reduce((sum, each) => sum + each, 0);
  return { start, end: start + part - 1 };
}
