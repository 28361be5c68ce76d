import { mkdir, open, readFile, rename } from "node:fs/promises";
import { dirname } from "node:path";
import { Failure } from "../core/index.ts";

/** A small state that outlives the process: how far a file was read, what is usual for a source. */
export interface State {
  /** What was saved last, undefined before the first time. @throws {Failure} when it cannot be read. */
  load(): Promise<unknown>;
  /** Resolves once `value` would survive a power cut; a crash on the way leaves what was there before. @throws {Failure} */
  save(value: unknown): Promise<void>;
}

/** A state as JSON in a file of its own; its directory is made when it is first saved. One writer at a time. */
export class StateFile implements State {
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async load(): Promise<unknown> {
    try {
      return JSON.parse(await readFile(this.#path, "utf8")) as unknown;
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw new Failure(`read ${this.#path}`, cause);
    }
  }

  async save(value: unknown): Promise<void> {
    try {
      await mkdir(dirname(this.#path), { recursive: true, mode: 0o700 });
      const unfinished = `${this.#path}.new`;
      await using file = await open(unfinished, "w", 0o600);
      await file.writeFile(JSON.stringify(value));
      await file.sync();
      await rename(unfinished, this.#path);
      // Without this the new name may be lost in a power cut, and the old state would come back.
      await using directory = await open(dirname(this.#path), "r");
      await directory.sync();
    } catch (cause) {
      throw new Failure(`write ${this.#path}`, cause);
    }
  }
}
