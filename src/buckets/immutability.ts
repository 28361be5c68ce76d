import { spawn } from "node:child_process";
import { open, rm, stat, writeFile } from "node:fs/promises";
import { Failure } from "../core/index.ts";
import { isAbsent } from "./files.ts";

/** Of e2fsprogs; it is there on every Linux. */
const TOOL = "chattr";
/** Paths handed to it at once. */
const BATCH = 200;

export interface ImmutabilityStats {
  /** Files that were made immutable, and files that could not be, since the start. */
  readonly protectedFiles: number;
  readonly unprotectedFiles: number;
}

/**
 * Makes files of locked versions immutable for everybody, root included, with the file system's own attribute
 * (`chattr +i`: Linux, ext4 XFS Btrfs and others, needs CAP_LINUX_IMMUTABLE). A second lock behind the one in the rows:
 * it is set in the background, and that it cannot be set is told once and counted.
 */
export class Immutability {
  readonly #wanted: boolean;
  readonly #onFailure: (cause: unknown) => void;
  #waiting: string[] = [];
  #work: Promise<void> | undefined;
  #protected = 0;
  #unprotected = 0;
  #told = false;

  /** `onFailure` is called once, with the first failure. */
  constructor(wanted: boolean, onFailure: (cause: unknown) => void) {
    this.#wanted = wanted;
    this.#onFailure = onFailure;
  }

  stats(): ImmutabilityStats {
    return { protectedFiles: this.#protected, unprotectedFiles: this.#unprotected };
  }

  /** Soon, when it is wanted at all. */
  protect(path: string): void {
    if (!this.#wanted) return;
    this.#waiting.push(path);
    this.#work ??= this.#workOff();
  }

  /**
   * The file may be changed and removed again.
   * @throws {Failure} when that cannot be done.
   */
  async release(path: string): Promise<void> {
    this.#waiting = this.#waiting.filter((waiting) => waiting !== path);
    // It may be among those that are being protected at this moment.
    await this.#work;
    await chattr("-i", [path]);
  }

  /** Everything that waits has been tried. */
  async settled(): Promise<void> {
    await this.#work;
  }

  async #workOff(): Promise<void> {
    // Others of the same moment join the batch.
    await Promise.resolve();
    while (this.#waiting.length > 0) {
      const batch = this.#waiting.splice(0, BATCH);
      try {
        await chattr("+i", batch);
        this.#protected += batch.length;
      } catch {
        // One of them spoils the result of all: which one is found out by trying each.
        for (const path of batch) await this.#protectOne(path);
      }
    }
    this.#work = undefined;
  }

  async #protectOne(path: string): Promise<void> {
    try {
      await chattr("+i", [path]);
      this.#protected += 1;
    } catch (cause) {
      if (!(await exists(path))) return;
      this.#unprotected += 1;
      if (!this.#told) this.#onFailure(cause);
      this.#told = true;
    }
  }
}

/** Tries it on a file `probe`, which is gone afterwards. */
export async function immutableSupported(probe: string): Promise<boolean> {
  await writeFile(probe, "");
  try {
    await chattr("+i", [probe]);
    const refused = await isRefused(probe);
    await chattr("-i", [probe]);
    return refused;
  } catch (cause) {
    if (cause instanceof Failure) return false;
    throw cause;
  } finally {
    await rm(probe, { force: true });
  }
}

async function isRefused(path: string): Promise<boolean> {
  try {
    await (await open(path, "a")).close();
    return false;
  } catch {
    return true;
  }
}

async function chattr(flag: "+i" | "-i", paths: readonly string[]): Promise<void> {
  const doing = `${TOOL} ${flag} ${paths[0]}`;
  await new Promise<void>((resolve, reject) => {
    const child = spawn(TOOL, [flag, "--", ...paths], { stdio: ["ignore", "ignore", "pipe"] });
    let complaint = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      complaint = (complaint + text).slice(0, 1000);
    });
    child.once("error", (cause) => reject(new Failure(doing, cause)));
    child.once("close", (code) => {
      if (code === 0) resolve();
      else reject(new Failure(doing, new Error(complaint.trim())));
    });
  });
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (cause) {
    return !isAbsent(cause);
  }
}
