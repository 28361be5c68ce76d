import { parseGroupArn } from "../group-arn.ts";
import type { LogEvent, LogStore } from "../log-events.ts";
import { recordPointer } from "../record-pointer.ts";
import type { QueryEvent } from "./row.ts";

/** A log group whose events a query reads, from `from` on: milliseconds since 1970. */
export interface QueriedGroup {
  readonly arn: string;
  readonly from: number;
}

const BATCH = 500;

/** The events of several groups in one order of time, up to `to` (excluded). Lazy: it may be left early. */
export async function* readGroups(
  store: Pick<LogStore, "read">,
  groups: readonly QueriedGroup[],
  to: number,
  order: "ascending" | "descending",
): AsyncGenerator<readonly QueryEvent[]> {
  const descending = order === "descending";
  const sources = groups.map(({ arn, from }) => new Source(arn, store.read({ group: arn, from, to, descending })));
  try {
    for (const source of sources) await source.fill();
    let batch: QueryEvent[] = [];
    for (;;) {
      const source = foremost(sources, descending);
      const event = source?.take();
      if (source === undefined || event === undefined) break;
      batch.push(event);
      if (!source.empty && batch.length < BATCH) continue;
      // Reading on may take a while: what is here already goes first.
      yield batch;
      batch = [];
      await source.fill();
    }
  } finally {
    await Promise.all(sources.map((source) => source.close()));
  }
}

/** The source whose next event is due; groups that come first in the query win among equals. */
function foremost(sources: readonly Source[], descending: boolean): Source | undefined {
  let best: Source | undefined;
  for (const source of sources) {
    const time = source.time;
    const bestTime = best?.time;
    if (time === undefined) continue;
    if (bestTime === undefined || (descending ? time > bestTime : time < bestTime)) best = source;
  }
  return best;
}

class Source {
  readonly #arn: string;
  readonly #log: string;
  readonly #batches: AsyncIterator<readonly LogEvent[]>;
  #batch: readonly LogEvent[] = [];
  #at = 0;

  constructor(arn: string, batches: AsyncIterable<readonly LogEvent[]>) {
    const { account = "", name = "" } = parseGroupArn(arn) ?? {};
    this.#arn = arn;
    this.#log = `${account}:${name}`;
    this.#batches = batches[Symbol.asyncIterator]();
  }

  get empty(): boolean {
    return this.#at >= this.#batch.length;
  }

  get time(): number | undefined {
    return this.#batch[this.#at]?.timestamp;
  }

  take(): QueryEvent | undefined {
    const event = this.#batch[this.#at];
    if (event === undefined) return undefined;
    this.#at++;
    const { timestamp, message, ingestionTime, stream, eventId } = event;
    return { timestamp, message, ingestionTime, stream, log: this.#log, ptr: recordPointer(this.#arn, eventId) };
  }

  /** Fetches until there is an event, or the group has no more. */
  async fill(): Promise<void> {
    while (this.empty) {
      const { done, value } = await this.#batches.next();
      if (done === true) return;
      this.#batch = value;
      this.#at = 0;
    }
  }

  async close(): Promise<void> {
    await this.#batches.return?.();
  }
}
