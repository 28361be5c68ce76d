import { hash } from "node:crypto";
import { assert, Failure, reason } from "../core/index.ts";
import { DirectoryObjectStore } from "../store/index.ts";
import type { BuiltRange, SealAnswer, SealRequest } from "./messages.ts";
import { rangeSalt } from "./range-rules.ts";
import { buildSegment, type SegmentInput } from "./segment/index.ts";
import { openForReading } from "./tail-database.ts";
import { blob, loadRow, ROW_COLUMNS, rowRecords } from "./tail-row.ts";

/**
 * The sealing process: makes the object of a full range, which takes long and much memory, and puts it where it belongs, so
 * that nobody else waits or grows.
 */
async function build(request: SealRequest): Promise<SealAnswer> {
  try {
    const { ids, ...input } = readRange(request);
    const object = buildSegment(input);
    if (!process.connected) throw new Error("nobody waits for the range any more");
    await new DirectoryObjectStore(request.objects).put(request.key, object);
    return { kind: "built", range: { bytes: object.length, sha256: hash("sha256", object), ids } };
  } catch (cause) {
    return { kind: "failed", message: reason(cause) };
  }
}

/** Everything comes from the rows of the range: built again, after a crash, the object has the same bytes. */
function readRange({ path, stretch, first, count }: SealRequest): SegmentInput & Pick<BuiltRange, "ids"> {
  const database = openForReading(path);
  try {
    const stretchSalt = database.prepare("select salt from range_salts where first = ?").get(stretch)?.salt;
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
    const salt = rangeSalt(blob(stretchSalt), stretch, first);
    return { first, salt, records, leaves: Buffer.concat(leaves), ids: Buffer.concat(ids) };
  } catch (cause) {
    throw new Failure(`read journal tail ${path}`, cause);
  } finally {
    database.close();
  }
}

// The process ends by itself when its parent does: the channel was all that kept it.
process.on("message", (request) => {
  void build(request as SealRequest).then((answer) => {
    // A parent that was killed meanwhile takes no answer, and needs none: the range is sealed again.
    process.send?.(answer, () => undefined);
  });
});
