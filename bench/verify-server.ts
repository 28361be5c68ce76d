import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { startBucketServer } from "../test/bucket-server.ts";

/** Serves what `makeDay` wrote as S3 and ListPublicKeys, in a process of its own; prints its address. */
const [directory = "", bucket = ""] = process.argv.slice(2);
const root = join(directory, bucket);
const files = readdirSync(root, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
const keys = files.map((entry) => {
  const path = join(entry.parentPath, entry.name);
  return { key: path.slice(root.length + 1), size: statSync(path).size };
});
const known = new Set(keys.map(({ key }) => key));
const objects = JSON.parse(readFileSync(join(directory, "objects.json"), "utf8")) as readonly {
  readonly key: string;
  readonly metadata: Readonly<Record<string, string>>;
}[];
const metadata = new Map(objects.map((object) => [object.key, object.metadata]));
const { endpoint } = await startBucketServer({
  bucket,
  keys: () => keys,
  get: (key) =>
    known.has(key) ? { bytes: readFileSync(join(root, key)), metadata: metadata.get(key) ?? {} } : undefined,
  publicKeys: JSON.parse(readFileSync(join(directory, "list-public-keys.json"), "utf8")),
});
process.stdout.write(`${endpoint}\n`);
