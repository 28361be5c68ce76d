import { createHash } from "node:crypto";
import { Failure, optional, Refusal } from "../core/index.ts";
import type { ChecksumAlgorithm, PutObjectRequest } from "./buckets.ts";
import { beginChecksum, isChecksum } from "./checksums.ts";
import type { Files, Mark, UnfinishedFile } from "./files.ts";
import { refusals } from "./refusals.ts";
import { FrameSealer } from "./sealed-frames.ts";

/** Bytes of what one request may put: an object or a part. */
const CONTENT_BYTES_MAX = 5 * 1024 ** 3;

/** What became of a body. */
export interface Content {
  readonly size: number;
  readonly md5: Buffer;
  /** Base64, when an algorithm was asked for. */
  readonly checksum?: string;
}

export interface Expectations extends Pick<PutObjectRequest, "checksum" | "contentMd5" | "size"> {
  /** `CONTENT_BYTES_MAX` unless told. */
  readonly sizeMax?: number;
}

/** A whole, durable file that no row knows yet. */
export interface NamedContent extends Content {
  readonly file: string;
  readonly mark: Mark;
}

/**
 * Writes a body to a file below `files`, encrypted when there is a key, in memory that does not grow with it.
 *
 * @throws {Refusal} when the body is not what it was said to be; then there is no file. What the body throws is thrown on.
 * @throws {Failure} when the disk fails; then there is no file, or a marked one.
 */
export async function writeContent(
  files: Files,
  body: AsyncIterable<Uint8Array>,
  into: { readonly file: string; readonly key: Uint8Array | undefined },
  expected: Expectations,
): Promise<NamedContent> {
  checkFormat(expected);
  const unfinished = await onDisk(into.file, () => files.begin());
  try {
    const content = await writeBody(unfinished, body, into, expected);
    checkContent(content, expected);
    return { ...content, file: into.file, mark: await onDisk(into.file, () => unfinished.finish(into.file)) };
  } catch (cause) {
    await unfinished.discard();
    throw cause;
  }
}

async function writeBody(
  unfinished: UnfinishedFile,
  body: AsyncIterable<Uint8Array>,
  into: { readonly file: string; readonly key: Uint8Array | undefined },
  expected: Expectations,
): Promise<Content> {
  const { sizeMax = CONTENT_BYTES_MAX } = expected;
  const md5 = createHash("md5");
  const checksum = expected.checksum && beginChecksum(expected.checksum.algorithm);
  const sealer = into.key && new FrameSealer(into.key);
  const write = async (pieces: readonly Uint8Array[]): Promise<void> => {
    for (const piece of pieces) await onDisk(into.file, () => unfinished.write(piece));
  };
  let size = 0;
  for await (const bytes of body) {
    size += bytes.length;
    if (size > sizeMax) throw refusals.tooLarge(sizeMax);
    md5.update(bytes);
    checksum?.update(bytes);
    await write(sealer === undefined ? [bytes] : sealer.update(bytes));
  }
  if (sealer !== undefined) await write(sealer.final());
  const value = checksum && Buffer.from(await checksum.digest()).toString("base64");
  return { size, md5: md5.digest(), ...optional("checksum", value) };
}

/** What can be refused before anything is read. */
function checkFormat(expected: Expectations): void {
  if (expected.contentMd5 !== undefined && !isMd5(expected.contentMd5)) throw refusals.malformedMd5();
  if ((expected.size ?? 0) > (expected.sizeMax ?? CONTENT_BYTES_MAX)) {
    throw refusals.tooLarge(expected.sizeMax ?? CONTENT_BYTES_MAX);
  }
}

function checkContent(content: Content, expected: Expectations): void {
  if (expected.size !== undefined && content.size !== expected.size) throw refusals.wrongSize();
  const md5 = content.md5.toString("base64");
  if (expected.contentMd5 !== undefined && expected.contentMd5 !== md5)
    throw refusals.wrongMd5(expected.contentMd5, md5);
  if (expected.checksum === undefined || content.checksum === undefined) return;
  checkChecksum(expected.checksum.algorithm, expected.checksum.value?.(), content.checksum);
}

/** @throws {Refusal} `InvalidRequest` when `given` is no checksum, `BadDigest` when it is another one than was found. */
export function checkChecksum(algorithm: ChecksumAlgorithm, given: string | undefined, found: string): void {
  if (given === undefined) return;
  if (!isChecksum(algorithm, given)) throw refusals.malformedChecksum(algorithm);
  if (given !== found) throw refusals.wrongChecksum(algorithm);
}

function isMd5(text: string): boolean {
  const bytes = Buffer.from(text, "base64");
  return bytes.length === 16 && bytes.toString("base64") === text;
}

async function onDisk<Result>(file: string, work: () => Promise<Result>): Promise<Result> {
  try {
    return await work();
  } catch (cause) {
    throw cause instanceof Refusal || cause instanceof Failure ? cause : new Failure(`write ${file}`, cause);
  }
}
