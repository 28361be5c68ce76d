/** One line of a file. */
export interface Line {
  /** Without its line break; undefined when it was too long to be kept. */
  readonly text: string | undefined;
  /** How many bytes of the file it is, its line break included. */
  readonly bytes: number;
}

const NEWLINE = 0x0a;

/** Cuts what comes in pieces into lines, holding no more than one line that is not complete. */
export class LineSplitter {
  readonly #lineBytesMax: number;
  #pieces: Uint8Array[] = [];
  #kept = 0;
  /** All bytes of the line that is not complete, those of a line too long to be kept included. */
  #bytes = 0;

  constructor(lineBytesMax: number) {
    this.#lineBytesMax = lineBytesMax;
  }

  /** The lines that `chunk` completes. */
  push(chunk: Uint8Array): readonly Line[] {
    const lines: Line[] = [];
    let start = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, start)) {
      this.#keep(chunk.subarray(start, end));
      this.#bytes += 1;
      lines.push(this.#take());
      start = end + 1;
    }
    this.#keep(chunk.subarray(start));
    return lines;
  }

  /** The line that was never ended, if there is one: nothing will follow it. */
  rest(): Line | undefined {
    return this.#bytes === 0 ? undefined : this.#take();
  }

  #keep(piece: Uint8Array): void {
    this.#bytes += piece.length;
    if (this.#bytes > this.#lineBytesMax) {
      this.#pieces = [];
      this.#kept = 0;
    } else if (piece.length > 0) {
      // A copy: the reader fills its buffer anew.
      this.#pieces.push(Uint8Array.from(piece));
      this.#kept += piece.length;
    }
  }

  #take(): Line {
    const bytes = this.#bytes;
    const whole = this.#kept + 1 >= bytes;
    const text = whole ? Buffer.concat(this.#pieces).toString("utf8").replace(/\r$/, "") : undefined;
    this.#pieces = [];
    this.#kept = 0;
    this.#bytes = 0;
    return { text, bytes };
  }
}
