/** Operations by service, as the tables of this folder write them: `{ kms: "Decrypt Encrypt" }`. */
export type OperationRows = Readonly<Record<string, string>>;

const DOMAIN = ".amazonaws.com";

/** By eventSource; a name that ends in `*` stands for all that begin so. */
export class OperationTable {
  readonly #names = new Map<string, ReadonlySet<string>>();
  readonly #beginnings = new Map<string, readonly string[]>();

  constructor(rows: OperationRows) {
    for (const [service, operations] of Object.entries(rows)) {
      const names = operations.split(/\s+/).filter((name) => name !== "");
      this.#names.set(service + DOMAIN, new Set(names));
      const beginnings = names.filter((name) => name.endsWith("*")).map((name) => name.slice(0, -1));
      if (beginnings.length > 0) this.#beginnings.set(service + DOMAIN, beginnings);
    }
  }

  has(eventSource: string, eventName: string): boolean {
    if (this.#names.get(eventSource)?.has(eventName) === true) return true;
    return this.#beginnings.get(eventSource)?.some((beginning) => eventName.startsWith(beginning)) === true;
  }
}

/** So many different pairs are remembered; the names that clients make up must not fill the memory. */
const REMEMBERED_MAX = 32_768;

/** The same decision, taken once for each pair of eventSource and eventName. */
export function remembered(
  decide: (eventSource: string, eventName: string) => boolean,
): (eventSource: string, eventName: string) => boolean {
  const bySource = new Map<string, Map<string, boolean>>();
  let count = 0;
  return (eventSource, eventName) => {
    const known = bySource.get(eventSource)?.get(eventName);
    if (known !== undefined) return known;
    const decided = decide(eventSource, eventName);
    if (count >= REMEMBERED_MAX) {
      bySource.clear();
      count = 0;
    }
    const byName = bySource.get(eventSource) ?? new Map<string, boolean>();
    bySource.set(eventSource, byName.set(eventName, decided));
    count += 1;
    return decided;
  };
}
