/** Where a write to the disk can be made to fail. */
export type WriteStep = "range salt" | "records" | "cursor" | "segment" | "catalogue";

/** A failure that a test asks for; plain data, for it travels to the threads. */
export interface Fault {
  readonly step: WriteStep;
  readonly loss: "not written" | "written, reply lost";
  /** SQLite's result code; 10 (SQLITE_IOERR) when absent. */
  readonly errcode?: number;
  /** How often, from the first time on; for ever when absent. */
  readonly times?: number;
}

/** Carries out the faults that a test asked for, in one thread. */
export class Faults {
  readonly #faults: { readonly fault: Fault; left: number }[];

  constructor(faults: readonly Fault[] = []) {
    this.#faults = faults.map((fault) => ({ fault, left: fault.times ?? Infinity }));
  }

  /** Throws when the step is to fail in this way, in the shape of an error of SQLite. */
  strike(step: WriteStep, loss: Fault["loss"]): void {
    const struck = this.#faults.find((each) => each.fault.step === step && each.fault.loss === loss && each.left > 0);
    if (struck === undefined) return;
    struck.left -= 1;
    throw Object.assign(new Error(`${step} ${loss}`), { errcode: struck.fault.errcode ?? 10 });
  }
}
