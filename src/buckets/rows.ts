import { type Kysely, sql, type Transaction } from "kysely";
import { Failure, Refusal } from "../core/index.ts";
import { TablesFailure } from "../store/index.ts";
import type { StrikeFault } from "./faults.ts";
import type { Files, Leftovers, Mark } from "./files.ts";
import type { BucketsSchema } from "./schema.ts";

/** A file that a commit makes known, or that is garbage when it does not. */
export interface NewFile {
  readonly file: string;
  readonly mark: Mark;
  /** Asks the rows. */
  readonly isKnown: () => Promise<boolean>;
}

/** Told of a file that is garbage once the transaction is committed. */
export type Forget = (file: string) => void;

/** Changes that are committed together, so that one write to the disk serves them all. */
const TURNS_MAX = 64;

interface Turn {
  /** Does its part of the transaction; answers with how to tell, once that is committed. */
  readonly work: (transaction: Transaction<BucketsSchema>) => Promise<() => void>;
  readonly reject: (cause: unknown) => void;
}

/**
 * Changes rows together with the files they speak of. New files are whole and durable before; files that no row speaks of
 * any more go after; and whatever happens in between, marks lead to the files that nobody needs.
 */
export class Rows {
  readonly #tables: Kysely<BucketsSchema>;
  readonly #files: Files;
  readonly #strike: StrikeFault;
  readonly #onError: (cause: unknown, file: string) => void;
  /** Files whose commit failed in a way that tells nothing: the next commit that succeeds tells. */
  #undecided: NewFile[] = [];
  #waiting: Turn[] = [];
  #working = false;
  readonly #background = new Set<Promise<void>>();

  constructor(
    tables: Kysely<BucketsSchema>,
    files: Files,
    strike: StrikeFault,
    onError: (cause: unknown, file: string) => void,
  ) {
    this.#tables = tables;
    this.#files = files;
    this.#strike = strike;
    this.#onError = onError;
  }

  /** @throws what `work` throws; {Failure} when the tables fail: then the change may or may not have been made. */
  async commit<Result>(
    work: (transaction: Transaction<BucketsSchema>, forget: Forget) => Promise<Result>,
    added?: NewFile,
  ): Promise<Result> {
    const forgotten: { readonly file: string; readonly mark: Mark | undefined }[] = [];
    try {
      const result = await this.#inTurn(
        async (transaction) =>
          await work(transaction, (file) => forgotten.push({ file, mark: this.#files.mark(file) })),
      );
      this.#unmark(added?.mark);
      for (const { file, mark } of forgotten) this.#remove(file, mark);
      this.#decide();
      return result;
    } catch (cause) {
      if (added !== undefined) this.#abandon(added, cause);
      if (cause instanceof Refusal) for (const { mark } of forgotten) this.#unmark(mark);
      throw cause instanceof Refusal || cause instanceof Failure
        ? cause
        : new Failure("commit a change of buckets", cause);
    }
  }

  /** After a crash: files that no row knows are removed. */
  async settle({ unfinished, marked }: Leftovers): Promise<void> {
    for (const file of unfinished) this.#remove(file, undefined);
    if (marked.length > 0) {
      const known = await this.#knownAmong(new Set(marked.map(({ file }) => file)));
      for (const { file, mark } of marked) {
        if (known.has(file)) this.#unmark(mark);
        else this.#remove(file, mark);
      }
    }
    await this.settled();
  }

  /** What happens in the background now has happened. */
  async settled(): Promise<void> {
    await Promise.all(this.#background);
  }

  async #inTurn<Result>(work: (transaction: Transaction<BucketsSchema>) => Promise<Result>): Promise<Result> {
    const turn = Promise.withResolvers<Result>();
    this.#waiting.push({
      work: async (transaction) => {
        const result = await work(transaction);
        return () => turn.resolve(result);
      },
      reject: turn.reject,
    });
    if (!this.#working) void this.#workOff();
    return await turn.promise;
  }

  /** Never rejects. */
  async #workOff(): Promise<void> {
    this.#working = true;
    while (this.#waiting.length > 0) {
      const turns = this.#waiting.splice(0, TURNS_MAX);
      try {
        for (const tell of await this.#commitTogether(turns)) tell();
      } catch (cause) {
        for (const { reject } of turns) reject(cause);
      }
    }
    this.#working = false;
  }

  /** One transaction for all: who is refused leaves nothing in it, any other failure is everybody's. */
  async #commitTogether(turns: readonly Turn[]): Promise<readonly (() => void)[]> {
    const outcomes = await this.#tables.transaction().execute(async (transaction) => {
      const told: (() => void)[] = [];
      for (const { work, reject } of turns) {
        await sql`savepoint turn`.execute(transaction);
        try {
          told.push(await work(transaction));
        } catch (cause) {
          if (!(cause instanceof Refusal)) throw cause;
          await sql`rollback to turn`.execute(transaction);
          told.push(() => reject(cause));
        }
        await sql`release turn`.execute(transaction);
      }
      this.#strike("row", "not written");
      return told;
    });
    this.#strike("row", "written, reply lost");
    return outcomes;
  }

  #abandon(added: NewFile, cause: unknown): void {
    if (cause instanceof Refusal || isDiskFull(cause)) this.#remove(added.file, added.mark);
    else this.#undecided.push(added);
  }

  /** Now that a commit has succeeded, what the rows say of earlier ones is final. */
  #decide(): void {
    const undecided = this.#undecided;
    this.#undecided = [];
    for (const { file, mark, isKnown } of undecided) {
      this.#inBackground(file, async () => {
        if (!(await isKnown())) await this.#files.remove(file);
        this.#unmark(mark);
      });
    }
  }

  #remove(file: string, mark: Mark | undefined): void {
    this.#inBackground(file, async () => {
      await this.#files.remove(file);
      this.#unmark(mark);
    });
  }

  #unmark(mark: Mark | undefined): void {
    if (mark !== undefined) this.#files.unmark(mark);
  }

  #inBackground(file: string, work: () => Promise<void>): void {
    // The mark stays when this fails: the file goes when the directory is opened again.
    const task = work()
      .catch((cause: unknown) => this.#onError(cause, file))
      .finally(() => this.#background.delete(task));
    this.#background.add(task);
  }

  /** Reads all rows: there is no index for what only a crash asks. */
  async #knownAmong(files: ReadonlySet<string>): Promise<ReadonlySet<string>> {
    const known = new Set<string>();
    for (const table of ["versions", "parts"] as const) {
      for await (const { file } of this.#tables
        .selectFrom(table)
        .select("file")
        .where("file", "is not", null)
        .stream()) {
        if (file !== null && files.has(file)) known.add(file);
      }
    }
    return known;
  }
}

/** The one failure of a commit that certainly left nothing behind, and the one in which space must be given back. */
function isDiskFull(thrown: unknown): boolean {
  if (!(thrown instanceof TablesFailure)) return false;
  const code = thrown.cause instanceof Error && "errcode" in thrown.cause ? thrown.cause.errcode : undefined;
  return typeof code === "number" && (code & 0xff) === 13;
}
