import { link, mkdir, open, readFile, stat, unlink } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure, type Random } from "../core/index.ts";

/**
 * Writes a file that only its owner may read, whole or not at all: it and its name are durable when this resolves.
 *
 * A file that is there already is left as it is, and the answer is false.
 * @throws {Failure} when the disk refuses.
 */
export async function createSecretFile(path: string, content: Uint8Array | string, random: Random): Promise<boolean> {
  const draft = `${path}.${random.uuid()}.tmp`;
  try {
    await mkdir(dirname(path), { recursive: true });
    await writeDurably(draft, content);
    // Unlike a rename, a link does not replace the file of somebody who was faster.
    const created = await link(draft, path).then(
      () => true,
      (cause: unknown) => (hasCode(cause, "EEXIST") ? false : Promise.reject(cause)),
    );
    await unlink(draft);
    await syncDirectory(dirname(path));
    return created;
  } catch (cause) {
    throw new Failure(`write ${path}`, cause);
  }
}

/**
 * The content of a file that only its owner may read; undefined when there is none.
 * @throws {Failure} when others may read it, or the disk refuses.
 */
export async function readSecretFile(path: string): Promise<Uint8Array | undefined> {
  try {
    const { mode } = await stat(path);
    if ((mode & 0o077) !== 0) {
      throw new Failure(`others may use it (mode ${(mode & 0o777).toString(8)}), make it 600`);
    }
    return await readFile(path);
  } catch (cause) {
    if (hasCode(cause, "ENOENT")) return undefined;
    throw new Failure(`read ${path}`, cause);
  }
}

async function writeDurably(path: string, content: Uint8Array | string): Promise<void> {
  const file = await open(path, "wx", 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

async function syncDirectory(path: string): Promise<void> {
  const directory = await open(path, "r");
  try {
    await directory.sync();
  } finally {
    await directory.close();
  }
}

function hasCode(thrown: unknown, code: string): boolean {
  return thrown instanceof Error && "code" in thrown && thrown.code === code;
}
