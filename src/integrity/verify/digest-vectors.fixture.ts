import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gunzipSync, gzipSync } from "node:zlib";

/** Digest files made and checked with AWS's own validator, and what that says of thirteen states of their bucket. */
export const VECTORS = "../shared/data/digest-vectors";
export const VECTORS_ABSENT: string | undefined = existsSync(VECTORS) ? undefined : `${VECTORS} is not there`;
export const VECTORS_BUCKET = "example-trail-bucket";
export const VECTORS_ARN = "arn:aws:cloudtrail:us-east-1:123456789012:trail/example-trail";
export const VECTORS_RANGE = { start: "2025-03-01T10:00:00Z", end: "2025-03-01T19:30:00Z" } as const;

export interface StoredObject {
  bytes: Uint8Array;
  metadata: Record<string, string>;
}

type Objects = Map<string, StoredObject>;

const ROOT = "AWSLogs/123456789012";
const digest = (stamp: string): string =>
  `${ROOT}/CloudTrail-Digest/us-east-1/2025/03/01/123456789012_CloudTrail-Digest_us-east-1_example-trail_us-east-1_20250301T${stamp}Z.json.gz`;
const LOG = `${ROOT}/CloudTrail/us-east-1/2025/03/01/123456789012_CloudTrail_us-east-1_20250301T1130Z_Vec0000000000002.json.gz`;

/** What makes each of the thirteen states out of the sound bucket; `verbose` is how the validator was asked. */
export const VECTOR_CASES: readonly { readonly name: string; readonly change: (objects: Objects) => void }[] = [
  { name: "01-all-valid-verbose", change: () => undefined },
  { name: "02-all-valid-quiet", change: () => undefined },
  { name: "03-log-modified", change: rewritten(LOG, (text) => text.replace("Records", "records")) },
  { name: "04-log-missing", change: (objects) => void objects.delete(LOG) },
  { name: "05-log-not-gzip", change: changed(LOG, () => Buffer.from("this is no gzip")) },
  { name: "06-log-trailing-data", change: changed(LOG, (bytes) => Buffer.concat([bytes, Buffer.from("more")])) },
  { name: "07-digest-missing", change: (objects) => void objects.delete(digest("120131")) },
  {
    name: "08-digest-bad-signature",
    change: (objects) => {
      const { metadata } = at(objects, digest("130131"));
      metadata["signature"] = `${metadata["signature"]?.slice(0, -2)}00`;
    },
  },
  {
    name: "09-digest-moved",
    change: (objects) => void objects.set(digest("140131"), at(objects, digest("130131"))),
  },
  { name: "10-digest-not-json", change: changed(digest("140131"), () => gzipSync("this is no JSON")) },
  {
    name: "11-digest-no-metadata",
    change: (objects) => {
      at(objects, digest("140131")).metadata = {};
    },
  },
  {
    name: "12-digest-unknown-key",
    change: rewritten(digest("140131"), (text) =>
      text.replace(/("digestPublicKeyFingerprint":\s*")[0-9a-f]+/, `$1${"f".repeat(32)}`),
    ),
  },
  { name: "13-empty-bucket", change: (objects) => objects.clear() },
];

function at(objects: Objects, key: string): StoredObject {
  const object = objects.get(key);
  if (object === undefined) throw new Error(`the vectors have no ${key}`);
  return object;
}

function changed(key: string, change: (bytes: Uint8Array) => Uint8Array): (objects: Objects) => void {
  return (objects) => {
    const object = at(objects, key);
    object.bytes = change(object.bytes);
  };
}

function rewritten(key: string, change: (text: string) => string): (objects: Objects) => void {
  return changed(key, (bytes) => {
    const text = gunzipSync(bytes).toString();
    const other = change(text);
    if (other === text) throw new Error(`nothing to change in ${key}`);
    return gzipSync(other);
  });
}

/** The bucket of the vectors, sound. */
export function vectorObjects(): Objects {
  const list = JSON.parse(readFileSync(join(VECTORS, "objects.json"), "utf8")) as readonly {
    readonly key: string;
    readonly metadata: Readonly<Record<string, string>>;
  }[];
  const metadata = new Map(list.map((entry) => [entry.key, entry.metadata]));
  const root = join(VECTORS, "bucket", VECTORS_BUCKET);
  const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  return new Map(
    files.map((entry) => {
      const path = join(entry.parentPath, entry.name);
      const key = path.slice(root.length + 1);
      return [key, { bytes: readFileSync(path), metadata: { ...metadata.get(key) } }];
    }),
  );
}

/** Exit code and output that AWS's validator gave. */
export function expectedOutput(name: string): { readonly code: number; readonly out: string; readonly err: string } {
  const text = readFileSync(join(VECTORS, "expected-validate-logs-output", `${name}.txt`), "utf8");
  const [, code, out, err] =
    /^# exit code (\d)\n# --- stdout ---\n([\s\S]*)\n# --- stderr ---\n([\s\S]*)$/.exec(text) ?? [];
  return { code: Number(code), out: out ?? "", err: err ?? "" };
}

/** Writes objects as a folder that is named like the bucket, with `objects.json` beside it; answers the folder. */
export function writeFolder(objects: Objects, directory: string): string {
  const root = join(directory, VECTORS_BUCKET);
  mkdirSync(root, { recursive: true });
  for (const [key, { bytes }] of objects) {
    mkdirSync(dirname(join(root, key)), { recursive: true });
    writeFileSync(join(root, key), bytes);
  }
  const list = [...objects].map(([key, { metadata }]) => ({ bucket: VECTORS_BUCKET, key, metadata }));
  writeFileSync(join(directory, "objects.json"), JSON.stringify(list));
  return root;
}
