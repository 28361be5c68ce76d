import { type HistoryNeeds, type HistoryPage, lookUp, sealedEndOf } from "./look-up.ts";
import type { LookupQuery } from "./lookup-query.ts";
import { Tail } from "./tail.ts";

export interface History {
  /**
   * One page, newest first by eventTime, then by sequence. Pages that follow a `nextToken` belong to the moment of the
   * first page: what arrives in between, however old its eventTime, neither repeats an event nor pushes one out. A page
   * may be shorter than asked, even empty, while there is a `nextToken`.
   * @throws {Refusal} `InvalidNextTokenException` when the token is not ours or came from a different query, and the
   * refusals of `parseLookup`.
   */
  lookup(query: LookupQuery): Promise<HistoryPage>;
  /** Records with sequences below are visible. */
  readonly visible: number;
  /** Ends the subscription to the journal. */
  close(): void;
}

export interface HistoryOptions {
  /** Events with an older eventTime are not answered. */
  readonly retentionDays?: number;
}

const RETENTION_DAYS = 90;
const DAY_MS = 86_400_000;
/** Entries that are read at a time when the tail is indexed at start. */
const READ_ENTRIES = 1000;

/**
 * Event history over the journal: sealed segments through their own index, everything after them through one in memory,
 * which is rebuilt here and then follows the journal, so that an event is visible before its `append` is answered.
 */
export async function openHistory(needs: HistoryNeeds, options: HistoryOptions = {}): Promise<History> {
  const { journal } = needs;
  const tail = new Tail(sealedEndOf(journal));
  // What is appended while the tail is being read comes here too early: `add` passes over what it has, so it is read.
  const unsubscribe = journal.subscribe((entries) => {
    if ((entries[0]?.sequence ?? 0) <= tail.end) tail.add(entries);
  });
  const unseal = journal.onSeal(({ first, count }) => tail.dropBelow(first + count));
  while (tail.end < journal.head) tail.add(await journal.read(tail.end, READ_ENTRIES));
  const retentionMs = (options.retentionDays ?? RETENTION_DAYS) * DAY_MS;
  return {
    lookup: (query) => lookUp(needs, tail, retentionMs, query),
    get visible() {
      return tail.end;
    },
    close() {
      unsubscribe();
      unseal();
    },
  };
}
