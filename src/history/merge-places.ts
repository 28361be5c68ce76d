import { comparePlaces, type Place, type SegmentQuery } from "../journal/index.ts";

/** What is asked of every source, whatever categories it is asked about. */
export type HistoryQuery = Omit<SegmentQuery, "scope">;

/** Something that holds events in the one order: a segment or a part of the tail. */
export interface PlaceSource<Query = HistoryQuery> {
  /** eventTime of its oldest and newest event, milliseconds since 1970. */
  readonly minTimeMs: number;
  readonly maxTimeMs: number;
  /** False when it has nothing for the query, if that can be told without reading. */
  mayHold(query: Query): boolean;
  places(query: Query): AsyncIterable<Place> | Iterable<Place>;
}

/**
 * The places of all sources in one order, newest first. Sources overlap in time, so each is begun as soon as its newest
 * event could be next, and not earlier: an answer from the newest hour touches nothing older.
 */
export async function* mergePlaces(sources: readonly PlaceSource[], query: HistoryQuery): AsyncGenerator<Place> {
  const newestMs = Math.min(query.untilMs, query.after?.timeMs ?? Infinity);
  const waiting = sources
    .filter(({ minTimeMs, maxTimeMs }) => maxTimeMs >= query.sinceMs && minTimeMs <= newestMs)
    .sort((left, right) => left.maxTimeMs - right.maxTimeMs);
  const begun: { place: Place; readonly rest: Places }[] = [];
  for (;;) {
    let next = newest(begun);
    for (let source = waiting.at(-1); source !== undefined; source = waiting.at(-1)) {
      if (next !== undefined && Math.min(source.maxTimeMs, newestMs) < next.place.timeMs) break;
      waiting.pop();
      if (!source.mayHold(query)) continue;
      const rest = iterate(source.places(query));
      const first = await rest.next();
      if (first.done === true) continue;
      begun.push({ place: first.value, rest });
      next = newest(begun);
    }
    if (next === undefined) return;
    yield next.place;
    const following = await next.rest.next();
    if (following.done === true) begun.splice(begun.indexOf(next), 1);
    else next.place = following.value;
  }
}

type Places = AsyncIterator<Place> | Iterator<Place>;

function iterate(places: AsyncIterable<Place> | Iterable<Place>): Places {
  return Symbol.asyncIterator in places ? places[Symbol.asyncIterator]() : places[Symbol.iterator]();
}

function newest<Begun extends { readonly place: Place }>(begun: readonly Begun[]): Begun | undefined {
  let best = begun[0];
  for (const candidate of begun) {
    if (best !== undefined && comparePlaces(candidate.place, best.place) < 0) best = candidate;
  }
  return best;
}
