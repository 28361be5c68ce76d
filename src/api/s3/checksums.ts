import { createHash } from "node:crypto";
import { type Headers, headerValue } from "../../aws/index.ts";
import {
  beginChecksum,
  type ChecksumAlgorithm,
  type ObjectChecksum,
  type PutObjectRequest,
} from "../../buckets/index.ts";
import { Refusal } from "../../core/index.ts";
import { invalidRequest, notImplemented } from "./errors.ts";
import type { RequestBody } from "./request-body.ts";

/** The members that tell a checksum, one for each algorithm. */
export interface ChecksumMembers {
  readonly ChecksumCRC32?: string | undefined;
  readonly ChecksumCRC32C?: string | undefined;
  readonly ChecksumCRC64NVME?: string | undefined;
  readonly ChecksumSHA1?: string | undefined;
  readonly ChecksumSHA256?: string | undefined;
}

export type ChecksumRequest = NonNullable<PutObjectRequest["checksum"]>;
type Told = Pick<ObjectChecksum, "algorithm" | "value">;

const ALGORITHMS: readonly ChecksumAlgorithm[] = ["CRC32", "CRC32C", "CRC64NVME", "SHA1", "SHA256"];
const HEADER = /^x-amz-checksum-(?!type$|mode$|algorithm$)([a-z0-9]+)$/;

/**
 * The checksum that a body must have, told in a header or behind it; or that shall be computed.
 * @throws {Refusal} `InvalidRequest` for several; `NotImplemented` for algorithms we lack.
 */
export function requestedChecksum(
  headers: Headers,
  body: RequestBody,
  algorithm: string | undefined,
): ChecksumRequest | undefined {
  const inHead = Object.keys(headers).filter((name) => HEADER.test(name));
  const behind = body.announced.filter((name) => HEADER.test(name));
  const [name, ...others] = [...inHead, ...behind];
  if (others.length > 0) {
    throw invalidRequest("Expecting a single x-amz-checksum- header. Multiple checksum Types are not allowed.");
  }
  if (name === undefined) return algorithm === undefined ? undefined : { algorithm: checksumAlgorithm(algorithm) };
  const found = checksumAlgorithm(HEADER.exec(name)?.[1] ?? "");
  if (algorithm !== undefined && algorithm.toUpperCase() !== found) {
    throw invalidRequest("Value for x-amz-sdk-checksum-algorithm header is invalid.");
  }
  if (behind.length > 0) return { algorithm: found, value: () => body.trailer(name) };
  const value = headerValue(headers, name);
  return { algorithm: found, value: () => value };
}

/** @throws {Refusal} `NotImplemented`. */
export function checksumAlgorithm(text: string): ChecksumAlgorithm {
  const found = ALGORITHMS.find((algorithm) => algorithm === text.toUpperCase());
  if (found === undefined) throw notImplemented(`The checksum algorithm ${text.slice(0, 20)}`);
  return found;
}

/** Checks a body that is at hand. @throws {Refusal} `BadDigest`, and what `requestedChecksum()` throws. */
export async function checkDocument(document: Uint8Array, headers: Headers, body: RequestBody): Promise<void> {
  const md5 = headerValue(headers, "content-md5");
  if (md5 !== undefined && createHash("md5").update(document).digest("base64") !== md5)
    throw wrongDigest("Content-MD5");
  const requested = requestedChecksum(headers, body, undefined);
  const expected = requested?.value?.();
  if (requested === undefined || expected === undefined) return;
  const running = beginChecksum(requested.algorithm);
  running.update(document);
  const found = Buffer.from(await running.digest()).toString("base64");
  if (found !== expected) throw wrongDigest(requested.algorithm);
}

function wrongDigest(name: string): Refusal {
  const found = name === "Content-MD5" ? "what we received" : "the calculated checksum";
  return new Refusal("BadDigest", `The ${name} you specified did not match ${found}.`, 400);
}

/** A checksum as outputs tell it. */
export function shownChecksum(checksum: Told | undefined): ChecksumMembers {
  return checksum === undefined ? {} : { [`Checksum${checksum.algorithm}`]: checksum.value };
}

/** The checksum that a structure tells, if it tells any. */
export function toldChecksum(members: ChecksumMembers): Told | undefined {
  for (const algorithm of ALGORITHMS) {
    const value = members[`Checksum${algorithm}`];
    if (value !== undefined) return { algorithm, value };
  }
  return undefined;
}
