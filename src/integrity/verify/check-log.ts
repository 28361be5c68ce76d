import { createHash, hash } from "node:crypto";
import { createReadStream, readFileSync } from "node:fs";
import { HASH_ALGORITHM } from "../digest-file.ts";
import { inflateChunks, inflateWhole } from "./inflate.ts";
import type { Content } from "./log-source.ts";
import { type Problem, problem } from "./problems.ts";
import { type RecordClaims, recordsProblem } from "./records.ts";

/** What a digest file says of a log file. */
export interface LogClaim {
  /** Hex. */
  readonly hashValue: string;
  readonly hashAlgorithm: string | undefined;
  /** When given, its records are read too. */
  readonly records?: RecordClaims;
}

/** Larger files, before or after inflation, are read in pieces. */
const WHOLE_BYTES_MAX = 128 * 1024 * 1024;
/** CloudTrail writes 50 MB at most: what becomes more than this is no log file but an attack on whoever opens it. */
const LOG_BYTES_MAX = 2 * 1024 * 1024 * 1024;

/** What is wrong with a log file, if anything. @throws when it cannot be read. */
export async function checkLog(content: Content, claim: LogClaim): Promise<Problem | undefined> {
  if ((claim.hashAlgorithm ?? HASH_ALGORITHM) !== HASH_ALGORITHM) return problem("bad-algorithm");
  const bytes = wholeBytes(content);
  const inflated = bytes && inflateWhole(bytes, WHOLE_BYTES_MAX);
  if (inflated !== undefined) {
    if (hash("sha256", inflated, "hex") !== claim.hashValue.toLowerCase()) return problem("hash-differs");
    return claim.records && recordsProblem(inflated, claim.records);
  }
  return await checkInPieces(bytes === undefined ? chunksOf(content) : piecesOf(bytes), claim);
}

function wholeBytes(content: Content): Uint8Array | undefined {
  if (content.kind === "bytes") return content.bytes;
  if (content.kind === "path" && content.size <= WHOLE_BYTES_MAX) return readFileSync(content.path);
  return undefined;
}

function chunksOf(content: Content): AsyncIterable<Uint8Array> {
  if (content.kind === "path") return createReadStream(content.path, { highWaterMark: 1024 * 1024 });
  return content.kind === "chunks" ? content.chunks : piecesOf(content.bytes);
}

async function* piecesOf(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

async function checkInPieces(chunks: AsyncIterable<Uint8Array>, claim: LogClaim): Promise<Problem | undefined> {
  const hashed = createHash("sha256");
  const found = await inflateChunks(chunks, (bytes) => hashed.update(bytes), LOG_BYTES_MAX);
  if (found !== undefined && found !== "cut") return found;
  if (hashed.digest("hex") !== claim.hashValue.toLowerCase()) return problem("hash-differs");
  // All of the content is there, but not all of the file.
  return found === "cut" ? problem("invalid-format") : undefined;
}
