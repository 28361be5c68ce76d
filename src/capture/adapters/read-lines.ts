import type { FileHandle } from "node:fs/promises";
import { type Line, LineSplitter } from "./line-splitter.ts";

/** No entry of a log is longer: what is, is counted and passed over. */
const LINE_BYTES_MAX: number = 1024 * 1024;

const CHUNK_BYTES = 256 * 1024;
/** Lines delivered at once. */
const BATCH_LINES = 500;

/**
 * Brings lines to where they become records; resolves once they are durable.
 * @throws {Failure} when they cannot be: the same lines are brought again later.
 */
export type DeliverLines = (lines: readonly Line[]) => Promise<void>;

/** Cuts pieces into lines and hands them on in batches; `onDelivered` hears how many bytes are done with. */
export async function deliverPieces(
  pieces: AsyncIterable<Uint8Array>,
  deliver: DeliverLines,
  { onDelivered, last }: { readonly onDelivered: (bytes: number) => Promise<void>; readonly last: boolean },
): Promise<void> {
  const splitter = new LineSplitter(LINE_BYTES_MAX);
  const hand = async (lines: readonly Line[]): Promise<void> => {
    for (let start = 0; start < lines.length; start += BATCH_LINES) {
      const batch = lines.slice(start, start + BATCH_LINES);
      await deliver(batch);
      await onDelivered(batch.reduce((sum, { bytes }) => sum + bytes, 0));
    }
  };
  for await (const piece of pieces) await hand(splitter.push(piece));
  const rest = last ? splitter.rest() : undefined;
  if (rest !== undefined) await hand([rest]);
}

/** What a file holds from `position` on, up to where it ends now. */
export async function* readPieces(file: FileHandle, position: number): AsyncGenerator<Uint8Array, void, undefined> {
  const buffer = Buffer.allocUnsafe(CHUNK_BYTES);
  let at = position;
  for (;;) {
    const { bytesRead } = await file.read(buffer, 0, CHUNK_BYTES, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
