/** Ids per generation: old ones go a generation at a time, which costs nothing, instead of one by one. */
const GENERATION_IDS = 65_536;

/** The sequences of at least the last `window` eventIDs. */
export class RecentIds {
  readonly #generationsMax: number;
  /** Newest first. */
  #generations: Map<string, number>[] = [new Map()];

  constructor(window: number) {
    this.#generationsMax = Math.ceil(window / GENERATION_IDS) + 1;
  }

  add(eventID: string, sequence: number): void {
    const [newest] = this.#generations;
    if (newest !== undefined && newest.size < GENERATION_IDS) newest.set(eventID, sequence);
    else this.#generations = [new Map([[eventID, sequence]]), ...this.#generations.slice(0, this.#generationsMax - 1)];
  }

  get(eventID: string): number | undefined {
    for (const generation of this.#generations) {
      const sequence = generation.get(eventID);
      if (sequence !== undefined) return sequence;
    }
    return undefined;
  }
}
