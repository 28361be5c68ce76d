import { createReadStream } from "node:fs";
import { open, readdir, stat } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { createGunzip } from "node:zlib";
import { type Clock, Failure } from "../../core/index.ts";
import type { State } from "../state-file.ts";
import { type DeliverLines, deliverPieces, readPieces } from "./read-lines.ts";
import { isObject } from "./values.ts";

export interface FollowDirectoryNeeds {
  readonly path: string;
  readonly deliver: DeliverLines;
  readonly state: State;
  readonly clock: Clock;
  /** Hears of a packed file that cannot be unpacked to its end; what could be was delivered, and it is left alone. */
  readonly broken: (path: string, thrown: unknown) => void;
}

/** How far one file was read. */
interface FilePlace {
  readonly size: number;
  readonly mtimeMs: number;
  readonly offset: number;
  /** Nothing of what it holds is left to be read. */
  readonly done: boolean;
}

type Places = Readonly<Record<string, FilePlace>>;

/** A file that nobody has written to for so long is whole. */
const SETTLED_MS = 60_000;
const LEVELS_MAX = 12;

/**
 * Reads all files below a directory, `.gz` too, in the order of their names, and those that come: how access logs are
 * brought out of a bucket. Every line is delivered at least once. Names that begin with a dot are left alone.
 *
 * The places of all files are kept as one state, so a directory should not hold more than some ten thousand.
 */
export class DirectoryFollower {
  readonly #needs: FollowDirectoryNeeds;
  #places: Map<string, FilePlace> | undefined;

  constructor(needs: FollowDirectoryNeeds) {
    this.#needs = needs;
  }

  /**
   * Delivers what is there to be read now. Not to be called while an earlier call is under way.
   * @throws {Failure} as `FileFollower.poll()`.
   */
  async poll(): Promise<void> {
    try {
      const places = (this.#places ??= parsePlaces(await this.#needs.state.load()));
      const files = await filesBelow(this.#needs.path);
      for (const file of files) await this.#pollFile(places, file);
      const gone = [...places.keys()].filter((file) => !files.includes(file));
      for (const file of gone) places.delete(file);
      if (gone.length > 0) await this.#save(places);
    } catch (thrown) {
      this.#places = undefined;
      throw thrown instanceof Failure ? thrown : new Failure(`follow ${this.#needs.path}`, thrown);
    }
  }

  async close(): Promise<void> {
    this.#places = undefined;
  }

  async #pollFile(places: Map<string, FilePlace>, file: string): Promise<void> {
    const path = join(this.#needs.path, file);
    const { size, mtimeMs } = await stat(path);
    const known = places.get(file);
    const changed = known === undefined || known.size !== size || known.mtimeMs !== mtimeMs;
    if (!changed && known.done) return;
    const settled = this.#needs.clock.now() - mtimeMs >= SETTLED_MS;
    if (file.endsWith(".gz")) {
      // Half a packed file cannot be read on from its middle.
      if (!settled) return;
      await this.#readPacked(path);
      places.set(file, { size, mtimeMs, offset: size, done: true });
    } else {
      // Shorter than what was read of it: another file of the same name.
      const start = known === undefined || size < known.offset ? 0 : known.offset;
      if (!changed && !settled) return;
      const offset = await this.#readPlain(path, start, settled);
      places.set(file, { size, mtimeMs, offset, done: settled });
    }
    await this.#save(places);
  }

  async #readPlain(path: string, start: number, last: boolean): Promise<number> {
    await using file = await open(path, "r");
    let offset = start;
    const onDelivered = async (bytes: number): Promise<void> => {
      offset += bytes;
    };
    await deliverPieces(readPieces(file, start), this.#needs.deliver, { onDelivered, last });
    return offset;
  }

  async #readPacked(path: string): Promise<void> {
    const onDelivered = async (): Promise<void> => undefined;
    try {
      await pipeline(createReadStream(path), createGunzip(), (pieces: AsyncIterable<Uint8Array>) =>
        deliverPieces(pieces, this.#needs.deliver, { onDelivered, last: true }),
      );
    } catch (thrown) {
      // One bad file must not keep all behind it from being read.
      if (!String((thrown as NodeJS.ErrnoException).code).startsWith("Z_")) throw thrown;
      this.#needs.broken(path, thrown);
    }
  }

  async #save(places: Map<string, FilePlace>): Promise<void> {
    await this.#needs.state.save(Object.fromEntries(places) satisfies Places);
  }
}

/** Paths of all files below, relative to `root`, in the order of their names. */
async function filesBelow(root: string, within = "", levels = LEVELS_MAX): Promise<readonly string[]> {
  if (levels === 0) return [];
  const entries = await readdir(join(root, within), { withFileTypes: true });
  const found: string[] = [];
  for (const entry of entries.sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const path = join(within, entry.name);
    if (entry.name.startsWith(".")) continue;
    if (entry.isDirectory()) found.push(...(await filesBelow(root, path, levels - 1)));
    else if (entry.isFile()) found.push(path);
  }
  return found;
}

function parsePlaces(value: unknown): Map<string, FilePlace> {
  const places = new Map<string, FilePlace>();
  for (const [file, place] of Object.entries(isObject(value) ? value : {})) {
    if (!isObject(place)) continue;
    const { size, mtimeMs, offset, done } = place;
    if (typeof size !== "number" || typeof mtimeMs !== "number" || typeof offset !== "number") continue;
    places.set(file, { size, mtimeMs, offset, done: done === true });
  }
  return places;
}
