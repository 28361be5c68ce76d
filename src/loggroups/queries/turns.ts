import { setImmediate } from "node:timers/promises";
import type { Row } from "./row.ts";

/** Work between two pauses that others may use: characters of messages. */
const CHARS_AT_ONCE = 200_000;
/** What a row costs beside its characters. */
const ROW_COST = 300;
/** What a character of a message costs, in the work that rows pay for. */
const WORK_OF_CHAR = 5;

/** The pauses of a running query. */
export class Turns {
  readonly #signal: AbortSignal;
  readonly #onTurn: () => void;
  #cost = 0;

  /** `onTurn` is called before each pause. */
  constructor(signal: AbortSignal, onTurn: () => void) {
    this.#signal = signal;
    this.#onTurn = onTurn;
  }

  /** Whether nobody wants the rest. */
  get aborted(): boolean {
    return this.#signal.aborted;
  }

  /** Whether a pause is due after a row, of whose work some had been done `before`. */
  isDue(row: Row, before = 0): boolean {
    this.#cost += (row.event?.message.length ?? 0) + ROW_COST + (row.work - before) / WORK_OF_CHAR;
    return this.#cost >= CHARS_AT_ONCE;
  }

  async pause(): Promise<void> {
    this.#cost = 0;
    this.#onTurn();
    await setImmediate();
  }
}
