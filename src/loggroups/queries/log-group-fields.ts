import type { LogStore } from "../log-events.ts";
import { parseObject, SYSTEM_FIELDS } from "./row.ts";

/** Events that are looked at. */
const EVENTS_MAX = 5_000;
const FIELDS_MAX = 200;
const NAMES_MAX = 10_000;

/** A field and how many of the events have it, in percent. */
export interface FoundField {
  readonly name: string;
  readonly percent: number;
}

/** The fields of a group's newest events in a time, most frequent first. Milliseconds since 1970; `to` is excluded. */
export async function findFields(
  store: Pick<LogStore, "read">,
  range: { readonly group: string; readonly from: number; readonly to: number },
): Promise<readonly FoundField[]> {
  const counts = new Map<string, number>();
  let events = 0;
  for await (const batch of store.read({ ...range, descending: true })) {
    for (const { message } of batch.slice(0, EVENTS_MAX - events)) {
      events++;
      for (const name of fieldsOf(message)) {
        if (counts.has(name) || counts.size < NAMES_MAX) counts.set(name, (counts.get(name) ?? 0) + 1);
      }
    }
    if (events >= EVENTS_MAX) break;
  }
  if (events === 0) return [];
  return [...counts]
    .map(([name, count]) => ({ name, percent: Math.round((100 * count) / events) }))
    .sort((left, right) => right.percent - left.percent || (left.name < right.name ? -1 : 1));
}

/** Names as a query writes them: `resources.0.type`. */
function fieldsOf(message: string): ReadonlySet<string> {
  const names = new Set(SYSTEM_FIELDS.filter((name) => name !== "@ptr"));
  const waiting: (readonly [path: string, value: unknown])[] = [["", parseObject(message)]];
  for (let next = waiting.pop(); next !== undefined && names.size < FIELDS_MAX; next = waiting.pop()) {
    const [path, value] = next;
    if (value === undefined || value === null) continue;
    if (typeof value !== "object") names.add(path);
    else for (const [key, part] of Object.entries(value)) waiting.push([path === "" ? key : `${path}.${key}`, part]);
  }
  return names;
}
