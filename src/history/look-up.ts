import { assert, type Clock, type PageTokens, Refusal } from "../core/index.ts";
import { type Journal, parseRecord, type Place, type SegmentQuery } from "../journal/index.ts";
import { type AuditRecord, type LookupEntry, lookupEntry, lookupScope } from "../record/index.ts";
import { type HistoryEvent, historyEvent } from "./history-event.ts";
import { checkLookup, type LookupQuery } from "./lookup-query.ts";
import { type HistoryQuery, mergePlaces, type PlaceSource } from "./merge-places.ts";
import type { Tail } from "./tail.ts";

export interface HistoryPage {
  readonly events: readonly HistoryEvent[];
  readonly nextToken?: string;
}

export interface HistoryNeeds {
  readonly journal: Pick<Journal, "head" | "read" | "subscribe" | "segments" | "onSeal">;
  readonly clock: Clock;
  readonly tokens: PageTokens;
}

/** Where a page ends, as its token tells the next one. */
interface PagePosition {
  /** The sequence that no event of the answer reaches: `visible` when the first page was asked. */
  readonly snapshot: number;
  /** The last place of the page before. */
  readonly after: Place;
}

/** The page that the query asks for. */
export async function lookUp(
  { journal, clock, tokens }: HistoryNeeds,
  tail: Tail,
  retentionMs: number,
  query: LookupQuery,
): Promise<HistoryPage> {
  checkLookup(query);
  const { snapshot, after } = openToken(tokens, query) ?? { snapshot: tail.end, after: undefined };
  const scopes = CATEGORIES[query.category].map((category) => lookupScope(query.account, query.region, category));
  const asked: HistoryQuery = {
    attributes: query.attributes.map(({ key, value }) => [key, value] as const),
    ...(after !== undefined && { after }),
    untilMs: query.endTime ?? Infinity,
    sinceMs: Math.max(query.startTime ?? 0, clock.now() - retentionMs),
  };
  const sources = sourcesOf(journal, tail, snapshot, query.maxResults + 1);
  const places = mergePlaces(
    scopes.flatMap((scope) => sources.map((source) => ofScope(source, scope))),
    asked,
  );
  const events: HistoryEvent[] = [];
  // One place more than the page holds tells whether another page follows.
  let candidates = await take(places, query.maxResults + 1);
  for (;;) {
    const batch = candidates.slice(0, query.maxResults - events.length);
    const found = await Promise.all(batch.map((place) => readEvent(journal, place, scopes, asked)));
    events.push(...found.filter((event) => event !== undefined));
    candidates = candidates.slice(batch.length);
    if (candidates.length === 0) return { events };
    const last = batch.at(-1);
    if (events.length === query.maxResults && last !== undefined) {
      return { events, nextToken: sealToken(tokens, query, { snapshot, after: last }) };
    }
    candidates.push(...(await take(places, query.maxResults - events.length)));
  }
}

const CATEGORIES: Readonly<Record<LookupQuery["category"], readonly Parameters<typeof lookupScope>[2][]>> = {
  management: ["Management"],
  data: ["Data"],
  all: ["Management", "Data"],
  insight: ["Insight"],
};

/** A source as one category sees it. A record has one category, so no place comes twice. */
function ofScope(source: PlaceSource<SegmentQuery>, scope: string): PlaceSource {
  return {
    minTimeMs: source.minTimeMs,
    maxTimeMs: source.maxTimeMs,
    mayHold: (query) => source.mayHold({ ...query, scope }),
    places: (query) => source.places({ ...query, scope }),
  };
}

/** All that may hold an event below `snapshot`, each sequence in exactly one source. */
function sourcesOf(
  journal: HistoryNeeds["journal"],
  tail: Tail,
  snapshot: number,
  limit: number,
): PlaceSource<SegmentQuery>[] {
  // Read in one go, without a pause: a range that is sealed right after is still in the parts, and in nothing else here.
  const from = sealedEndOf(journal);
  const sealed = journal.segments
    .filter(({ first, indexed }) => first < snapshot && indexed > 0)
    .map((segment) => ({
      minTimeMs: segment.minTimeMs,
      maxTimeMs: segment.maxTimeMs,
      mayHold: (query: SegmentQuery) => segment.mayHold(query),
      places: (query: SegmentQuery) => below(segment.lookup(query), snapshot),
    }));
  const unsealed = tail.parts.map((part) => ({
    minTimeMs: part.minTimeMs,
    maxTimeMs: part.maxTimeMs,
    mayHold: () => true,
    places: (query: SegmentQuery) => part.take(query, { from, end: snapshot }, limit),
  }));
  return [...sealed, ...unsealed];
}

async function* below(places: AsyncIterable<Place>, end: number): AsyncGenerator<Place> {
  for await (const place of places) if (place.sequence < end) yield place;
}

async function take(places: AsyncGenerator<Place>, count: number): Promise<Place[]> {
  const taken: Place[] = [];
  while (taken.length < count) {
    const next = await places.next();
    if (next.done === true) break;
    taken.push(next.value);
  }
  return taken;
}

/** The event at a place, or undefined when only its fingerprint matched. */
async function readEvent(
  journal: HistoryNeeds["journal"],
  { sequence, timeMs }: Place,
  scopes: readonly string[],
  { attributes }: HistoryQuery,
): Promise<HistoryEvent | undefined> {
  const [entry] = await journal.read(sequence, 1);
  assert(entry?.sequence === sequence, `the journal holds sequence ${sequence}`);
  const record = parseRecord(entry.bytes);
  return record !== undefined && matches(record, scopes, attributes)
    ? historyEvent(record, timeMs, entry.bytes)
    : undefined;
}

function matches(record: AuditRecord, scopes: readonly string[], attributes: HistoryQuery["attributes"]): boolean {
  const entry = lookupEntry(record);
  const has = ([name, value]: LookupEntry["attributes"][number]): boolean =>
    entry?.attributes.some((attribute) => attribute[0] === name && attribute[1] === value) === true;
  return entry !== undefined && scopes.includes(entry.scope) && attributes.every(has);
}

/** Everything below is in segments. */
export function sealedEndOf({ segments }: HistoryNeeds["journal"]): number {
  const last = segments.at(-1);
  return last === undefined ? 0 : last.first + last.count;
}

function sealToken(tokens: PageTokens, query: LookupQuery, { snapshot, after }: PagePosition): string {
  return tokens.seal(identityOf(query), [snapshot, after.timeMs, after.sequence]);
}

function openToken(tokens: PageTokens, query: LookupQuery): PagePosition | undefined {
  if (query.nextToken === undefined) return undefined;
  const position = tokens.open(identityOf(query), query.nextToken);
  if (Array.isArray(position) && position.every(Number.isSafeInteger)) {
    const [snapshot, timeMs, sequence] = position as number[];
    if (snapshot !== undefined && timeMs !== undefined && sequence !== undefined) {
      return { snapshot, after: { timeMs, sequence } };
    }
  }
  throw new Refusal(
    "InvalidNextTokenException",
    "The token is not valid, or it was given together with other parameters than those it came from.",
  );
}

/** All that must be the same on every page. The size of a page may change. */
function identityOf({ account, region, category, attributes, startTime, endTime }: LookupQuery): unknown {
  const pairs = attributes.map(({ key, value }) => [key, value]);
  return ["LookupEvents", account, region, category, pairs, startTime ?? null, endTime ?? null];
}
