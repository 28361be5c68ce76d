import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";
import { Crc32c, Crc64NvmeJs } from "@aws-sdk/checksums/crc";
import type { ChecksumAlgorithm } from "./buckets.ts";

/** A checksum in the making. */
export interface RunningChecksum {
  update(bytes: Uint8Array): void;
  digest(): Promise<Uint8Array>;
}

/** How each algorithm begins, and how many bytes its value has. */
const ALGORITHMS: Readonly<Record<ChecksumAlgorithm, { begin(): RunningChecksum; readonly bytes: number }>> = {
  CRC32: { begin: runningCrc32, bytes: 4 },
  CRC32C: { begin: () => new Crc32c(), bytes: 4 },
  CRC64NVME: { begin: () => new Crc64NvmeJs(), bytes: 8 },
  SHA1: { begin: () => runningHash("sha1"), bytes: 20 },
  SHA256: { begin: () => runningHash("sha256"), bytes: 32 },
};

export function beginChecksum(algorithm: ChecksumAlgorithm): RunningChecksum {
  return ALGORITHMS[algorithm].begin();
}

/** Whether `value` is base64 of as many bytes as the algorithm's values have. */
export function isChecksum(algorithm: ChecksumAlgorithm, value: string): boolean {
  const bytes = Buffer.from(value, "base64");
  return bytes.length === ALGORITHMS[algorithm].bytes && bytes.toString("base64") === value;
}

/** The checksum of the parts' checksums, as a COMPOSITE one is: `value-parts`. */
export async function compositeChecksum(algorithm: ChecksumAlgorithm, parts: readonly string[]): Promise<string> {
  const running = beginChecksum(algorithm);
  running.update(Buffer.concat(parts.map((part) => Buffer.from(part, "base64"))));
  return `${Buffer.from(await running.digest()).toString("base64")}-${parts.length}`;
}

function runningCrc32(): RunningChecksum {
  let value = 0;
  return {
    update: (bytes) => {
      value = crc32(bytes, value);
    },
    digest: async () => {
      const bytes = Buffer.alloc(4);
      bytes.writeUInt32BE(value);
      return bytes;
    },
  };
}

function runningHash(name: string): RunningChecksum {
  const hash = createHash(name);
  return {
    update: (bytes) => {
      hash.update(bytes);
    },
    digest: async () => hash.digest(),
  };
}
