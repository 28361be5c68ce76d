import { DIGEST_METADATA, sha256Hex } from "../digest-file.ts";
import { inflateChunks, inflateWhole } from "./inflate.ts";
import { type Content, type LogSource, readContent } from "./log-source.ts";
import { type Problem, problem } from "./problems.ts";
import { parseBody, type ReadDigest, readDigest } from "./read-digest.ts";

/** A digest file that could be read; nothing of it is proven yet. */
export interface LoadedDigest {
  readonly digest: ReadDigest;
  /** Hex, of its uncompressed bytes. */
  readonly sha256: string;
  readonly metadata: Readonly<Record<string, string>> | undefined;
}

/** An hour's list of some hundred thousand log files is not larger. */
const DIGEST_BYTES_MAX = 64 * 1024 * 1024;

/** The digest file under the key, or why it cannot be read. */
export async function loadDigest(source: LogSource | undefined, key: string): Promise<LoadedDigest | Problem> {
  const found = await source?.get(key);
  if (found === undefined) return problem("not-found");
  const bytes = await readInflated(found.content);
  if ("code" in bytes) return bytes;
  const body = parseBody(bytes);
  if (body === undefined) return problem("invalid-format");
  const { metadata } = found;
  // In the order of the AWS CLI: whatever JSON it is, it asks for the signature first.
  if (metadata !== undefined && !isSigned(metadata)) return problem("bad-signature");
  const digest = readDigest(body);
  if (digest === undefined) return problem("invalid-format");
  return { digest, sha256: sha256Hex(bytes), metadata };
}

function isSigned(metadata: Readonly<Record<string, string>>): boolean {
  const { signature, algorithm } = DIGEST_METADATA;
  return metadata[signature] !== undefined && metadata[algorithm] !== undefined;
}

/** The uncompressed bytes of a small gzip file. */
export async function readInflated(content: Content): Promise<Uint8Array | Problem> {
  const bytes = await readContent(content, DIGEST_BYTES_MAX);
  if (bytes === undefined) return problem("too-large");
  return inflateWhole(bytes, DIGEST_BYTES_MAX) ?? (await inflatePieces(bytes));
}

async function inflatePieces(bytes: Uint8Array): Promise<Uint8Array | Problem> {
  const pieces: Uint8Array[] = [];
  const all = (async function* () {
    yield bytes;
  })();
  const found = await inflateChunks(all, (piece) => pieces.push(piece), DIGEST_BYTES_MAX);
  return found === undefined ? Buffer.concat(pieces) : found === "cut" ? problem("invalid-format") : found;
}
