import type { Kysely } from "kysely";
import type { UserIdentity } from "../../record/index.ts";
import { KeptKeys } from "./kept-keys.ts";
import { type LearnedSchema, LearnedTables } from "./learned-tables.ts";
import { lessonsOf } from "./lessons.ts";
import { heldKey, Pupil } from "./pupil.ts";
import type { Lesson, SeenCall } from "./seen-call.ts";
import type { ShownKey } from "./shown-key.ts";

export interface LearnedNeeds {
  readonly tables: Kysely<LearnedSchema>;
  /** Whether OpenTrail's own IAM has given out these credentials: then no upstream has a say in whose they are. */
  readonly isOwn: (accessKeyId: string, sessionToken: string | undefined) => Promise<boolean>;
  /** What is kept in memory; the standard bound when absent. */
  readonly kept?: KeptKeys;
}

/**
 * Who holds the access keys that upstreams give out, learned by watching them do so. An identity is what the upstream
 * itself said of a key; what it did not say is absent. It is that of the moment when the key was given out, but for
 * users who were renamed since.
 */
export class LearnedIdentities {
  readonly #needs: LearnedNeeds;
  readonly #kept: KeptKeys;
  readonly #learned: LearnedTables;

  constructor(needs: LearnedNeeds) {
    this.#needs = needs;
    this.#kept = needs.kept ?? new KeptKeys();
    this.#learned = new LearnedTables(needs.tables, this.#kept);
  }

  /** The identity behind what a request shows; undefined when nothing is known or its time is over. */
  async find(realm: string, shown: ShownKey, now: number): Promise<UserIdentity | undefined> {
    return (await heldKey(this.#learned, realm, shown, now))?.[1].identity;
  }

  /**
   * Takes from a call what it says about keys and users. To be awaited before the client can use what it got.
   * @throws {Failure} when it cannot be written; what it says of keys is known until the next start all the same.
   */
  async learn(call: SeenCall): Promise<void> {
    const lessons = lessonsOf(call);
    const foreign: Lesson[] = [];
    // Before the transaction, which has the tables' connection for itself.
    for (const lesson of lessons) if (!(await this.#isOwn(lesson, call))) foreign.push(lesson);
    if (foreign.length === 0) return;
    await this.#needs.tables.transaction().execute(async (tables) => {
      const pupil = new Pupil(new LearnedTables(tables, this.#kept), call);
      for (const lesson of foreign) await pupil.take(lesson);
    });
  }

  /** Forgets sessions that ended before `now`. */
  sweep(now: number): Promise<void> {
    return this.#learned.sweep(now);
  }

  async #isOwn(lesson: Lesson, { shown, proven }: SeenCall): Promise<boolean> {
    switch (lesson.kind) {
      case "session":
        return await this.#needs.isOwn(lesson.accessKeyId, lesson.sessionToken);
      case "key":
        return await this.#needs.isOwn(lesson.accessKeyId, undefined);
      case "caller":
        // Whoever has signed with a key of ours is known there by another name.
        return shown === undefined || proven || (await this.#needs.isOwn(shown.accessKeyId, shown.sessionToken));
      case "lost key":
      case "user":
      case "moved user":
      case "lost user":
        return false;
    }
  }
}
