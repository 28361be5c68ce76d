import { hash } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { assert, Failure, reason } from "../core/index.ts";
import { DirectoryObjectStore } from "../store/index.ts";
import { Faults } from "./faults.ts";
import type { CatalogueRow, SealAnswer, SealedRange, SealRequest, SealWorkerData } from "./messages.ts";
import { buildSegment, type SegmentInput } from "./segment/index.ts";
import { openForReading } from "./tail-database.ts";
import { blob, loadRow, ROW_COLUMNS, rowRecords } from "./tail-row.ts";

/** The sealing thread: makes the object of a full range, or reads one again, so that neither keeps a commit waiting. */
function run(port: NonNullable<typeof parentPort>, data: SealWorkerData): void {
  const objects = new DirectoryObjectStore(data.objectsDirectory);
  const faults = new Faults(data.faults);
  const answer = async (request: SealRequest): Promise<SealAnswer> => {
    try {
      if (request.kind === "seal") return { kind: "sealed", range: await seal(data.path, objects, faults, request) };
      await verify(objects, request.row);
      return { kind: "verified" };
    } catch (cause) {
      return { kind: "failed", message: reason(cause) };
    }
  };
  port.on("message", (request: SealRequest) => {
    void answer(request).then((found) => port.postMessage(found));
  });
}

/** Redone after a crash it puts the same bytes under the same key: everything comes from the rows of the range. */
async function seal(
  path: string,
  objects: DirectoryObjectStore,
  faults: Faults,
  { first, count }: { readonly first: number; readonly count: number },
): Promise<SealedRange> {
  const { ids, ...input } = readRange(path, first, count);
  const bytes = buildSegment(input);
  const key = `segments/${String(first).padStart(20, "0")}.seg`;
  faults.strike("segment", "not written");
  await objects.put(key, bytes);
  faults.strike("segment", "written, reply lost");
  return { first, count, key, bytes: bytes.length, sha256: hash("sha256", bytes), ids };
}

function readRange(path: string, first: number, count: number): SegmentInput & { readonly ids: Uint8Array } {
  const database = openForReading(path);
  try {
    const salt = database.prepare("select salt from range_salts where first = ?").get(first)?.salt;
    const rows = database.prepare(`select ${ROW_COLUMNS} from groups where first >= ? and first < ? order by first`);
    const records: Uint8Array[] = [];
    const leaves: Buffer[] = [];
    const ids: Buffer[] = [];
    for (const found of rows.iterate(first, first + count)) {
      const row = loadRow(found);
      assert(row.first === first + records.length, "a tail has no holes");
      for (const record of rowRecords(row)) records.push(record);
      leaves.push(row.leaves);
      ids.push(row.ids);
    }
    assert(records.length === count, "a range is sealed once it is full");
    return { first, salt: blob(salt), records, leaves: Buffer.concat(leaves), ids: Buffer.concat(ids) };
  } catch (cause) {
    throw new Failure(`read journal tail ${path}`, cause);
  } finally {
    database.close();
  }
}

async function verify(objects: DirectoryObjectStore, { key, sha256 }: CatalogueRow): Promise<void> {
  if (hash("sha256", await objects.read(key)) !== sha256) throw new Failure(`object ${key} is damaged: checksum`);
}

assert(parentPort !== null, "seal-worker runs as a thread");
run(parentPort, workerData as SealWorkerData);
