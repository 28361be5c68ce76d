/**
 * The caller's mistake, told in AWS's own words.
 *
 * `code` is the exact AWS error name that belongs on the wire (`NoSuchEntity`, `ValidationException`).
 * `status` is the HTTP status; `details` are further members of the modelled error shape.
 */
export class Refusal extends Error {
  readonly code: string;
  readonly status: number;
  readonly details: Readonly<Record<string, unknown>>;

  constructor(code: string, message: string, status = 400, details: Readonly<Record<string, unknown>> = {}) {
    super(message);
    this.name = "Refusal";
    this.code = code;
    this.status = status;
    this.details = details;
  }
}

/** The world failed while we were doing `doing`; the reason is kept as `cause`. */
export class Failure extends Error {
  constructor(doing: string, cause?: unknown) {
    super(cause === undefined ? doing : `${doing}: ${reason(cause)}`, { cause });
    this.name = "Failure";
  }
}

/** Our own mistake: nobody catches it below main.ts. */
export function assert(condition: unknown, message: string): asserts condition {
  if (!condition) throw new Error(`assertion failed: ${message}`);
}

/** The text of anything that was thrown. */
export function reason(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
