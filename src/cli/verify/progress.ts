import type { Clock } from "../../core/index.ts";
import { barOf, durationText } from "../bar.ts";
import type { Output } from "../io.ts";
import { cutText } from "../text-width.ts";

const DRAWN_EVERY_MS = 100;
/** Before that much has been seen, nothing can be said of the time left. */
const GUESS_AFTER_MS = 500;

/** A bar on the terminal with the time left; nothing at all when stderr is none. Only compressed bytes count. */
export class Progress {
  readonly #output: Output | undefined;
  readonly #clock: Clock;
  readonly #startedMs: number;
  /** Sizes of files that were found and not checked yet. */
  readonly #sizes = new Map<string, number>();
  #files = 0;
  #bytes = 0;
  #filesDone = 0;
  #bytesDone = 0;
  #drawnMs = Number.NEGATIVE_INFINITY;
  #shown = false;

  constructor(output: Output, clock: Clock) {
    this.#output = output.isTTY === true ? output : undefined;
    this.#clock = clock;
    this.#startedMs = clock.elapsed();
  }

  found(key: string, bytes: number): void {
    if (this.#output === undefined) return;
    this.#sizes.set(key, bytes);
    this.#files++;
    this.#bytes += bytes;
    this.#draw();
  }

  checked(key: string): void {
    const bytes = this.#sizes.get(key);
    // A file that is not there, or lies elsewhere, was never found.
    if (bytes === undefined) return;
    this.#sizes.delete(key);
    this.#filesDone++;
    this.#bytesDone += bytes;
    this.#draw();
  }

  /** Makes room for other lines; the bar comes back by itself. */
  clear(): void {
    if (!this.#shown) return;
    this.#output?.write("\r\u001b[K");
    this.#shown = false;
    this.#drawnMs = Number.NEGATIVE_INFINITY;
  }

  #draw(): void {
    const nowMs = this.#clock.elapsed();
    if (this.#output === undefined || nowMs - this.#drawnMs < DRAWN_EVERY_MS) return;
    this.#drawnMs = nowMs;
    this.#shown = true;
    const columns = (this.#output.columns || 80) - 1;
    this.#output.write(`\r${cutText(this.#line(nowMs - this.#startedMs), columns, "end")}\u001b[K`);
  }

  #line(elapsedMs: number): string {
    const share = this.#bytes === 0 ? 0 : this.#bytesDone / this.#bytes;
    const left =
      elapsedMs < GUESS_AFTER_MS || share === 0 ? "" : `  ${durationText((elapsedMs * (1 - share)) / share)} left`;
    return `${barOf(share)}  ${this.#filesDone} of ${this.#files} log files${left}`;
  }
}
