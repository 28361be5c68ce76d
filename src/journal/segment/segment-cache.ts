/**
 * Parts of segments that were read and verified, the least recently used dropped first. One cache serves all segments
 * of a process, so the bound holds however many there are.
 */
export class SegmentCache {
  readonly #bytesMax: number;
  /** A Map remembers insertion order: what was used goes to the end, what is dropped is taken from the front. */
  readonly #parts = new Map<string, Uint8Array>();
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  get(name: string): Uint8Array | undefined {
    const part = this.#parts.get(name);
    if (part !== undefined) {
      this.#parts.delete(name);
      this.#parts.set(name, part);
    }
    return part;
  }

  set(name: string, part: Uint8Array): void {
    this.#remove(name);
    this.#parts.set(name, part);
    this.#bytes += part.length;
    for (const oldest of this.#parts.keys()) {
      if (this.#bytes <= this.#bytesMax) return;
      this.#remove(oldest);
    }
  }

  #remove(name: string): void {
    this.#bytes -= this.#parts.get(name)?.length ?? 0;
    this.#parts.delete(name);
  }
}
