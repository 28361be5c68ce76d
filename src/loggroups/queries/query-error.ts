import { Refusal } from "../../core/index.ts";

/** A query that cannot be understood, and where: characters from the start of its text. */
export function malformedQuery(text: string, message: string, start: number, end: number): Refusal {
  const before = text.slice(0, start).split("\n");
  const place = `line ${before.length} and position ${before.at(-1)?.length ?? 0}`;
  return new Refusal("MalformedQueryException", `${message} at ${place}`, 400, {
    queryCompileError: { location: { startCharOffset: start, endCharOffset: Math.max(start, end) }, message },
  });
}

/** A query that was understood and cannot be carried on: what it keeps has grown past a bound. */
export class QueryFailure extends Error {
  constructor(message: string) {
    super(message);
    this.name = "QueryFailure";
  }
}
