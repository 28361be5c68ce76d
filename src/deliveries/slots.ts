/** How much may be under way at once, in one class of attempts. */
interface Room {
  readonly countMax: number;
  readonly bytesMax: number;
}

/**
 * Who may start an attempt. Attempts that just began and those that let us wait have rooms of their own, so that endpoints
 * that hang fill theirs and never that of the others.
 */
export class Slots {
  readonly #young: Held;
  readonly #old: Held;
  readonly #onAged: () => void;

  /** `onAged`: an attempt let us wait, and has made room among the young. */
  constructor(young: Room, old: Room, onAged: () => void) {
    this.#onAged = onAged;
    this.#young = new Held(young);
    this.#old = new Held(old);
  }

  get count(): number {
    return this.#young.count + this.#old.count;
  }

  /** An endpoint that answered soon the last time needs room among the young alone; an unknown one may turn out to hang. */
  mayStart(standing: { readonly slow: boolean; readonly proven: boolean }, bytes: number): boolean {
    if (standing.slow) return this.#old.hasRoom(bytes);
    return this.#young.hasRoom(bytes) && (standing.proven || this.#old.hasRoom(bytes));
  }

  /** Takes a slot, whose attempt counts as young for `youngMs` unless it is known to be slow. */
  start(slow: boolean, bytes: number, youngMs: number): Slot {
    const slot = new Slot(slow ? this.#old : this.#young, bytes);
    slot.ageAfter(youngMs, this.#old, this.#onAged);
    return slot;
  }
}

class Held {
  readonly #room: Room;
  #bytes = 0;
  count = 0;

  constructor(room: Room) {
    this.#room = room;
  }

  hasRoom(bytes: number): boolean {
    // What is larger than all the room goes alone.
    return this.count === 0 || (this.count < this.#room.countMax && this.#bytes + bytes <= this.#room.bytesMax);
  }

  add(sign: 1 | -1, bytes: number): void {
    this.count += sign;
    this.#bytes += sign * bytes;
  }
}

export class Slot {
  readonly #bytes: number;
  #in: Held;
  #aging: NodeJS.Timeout | undefined;
  #aged = false;

  constructor(held: Held, bytes: number) {
    this.#in = held;
    this.#bytes = bytes;
    held.add(1, bytes);
  }

  ageAfter(ms: number, to: Held, onAged: () => void): void {
    this.#aging = setTimeout(() => {
      this.#aged = true;
      this.#in.add(-1, this.#bytes);
      this.#in = to;
      this.#in.add(1, this.#bytes);
      onAged();
    }, ms).unref();
  }

  /** Gives the slot back; answers whether it was held for longer than the young may. */
  end(): boolean {
    clearTimeout(this.#aging);
    this.#in.add(-1, this.#bytes);
    return this.#aged;
  }
}
