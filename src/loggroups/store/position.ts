/** Where an event stands in its group: events are ordered by time, then by when they came. */
export interface Position {
  /** Milliseconds since 1970. */
  readonly timestamp: number;
  /** Given to events in the order in which they became durable; never given twice. */
  readonly sequence: number;
}

/** Below and above every sequence that is given. */
export const FIRST = 0;
export const LAST: number = Number.MAX_SAFE_INTEGER;

/** Less than zero when `one` is earlier. */
export function byPosition(one: Position, other: Position): number {
  return one.timestamp - other.timestamp || one.sequence - other.sequence;
}

/** As many digits as the ids of CloudWatch Logs have, which bear the time in front as well. */
const DIGITS = 56;
const TIME_SHIFT = 144n;
const SEQUENCE_SHIFT = 80n;
const SEQUENCE_MASK = (1n << (TIME_SHIFT - SEQUENCE_SHIFT)) - 1n;

/** The latest time that an id can bear, in the year 2112. */
export const TIMESTAMP_MAX: number = Number((10n ** BigInt(DIGITS) - 1n) >> TIME_SHIFT) - 1;

/** 56 decimal digits that sort, as text, as the positions do. */
export function eventIdOf({ timestamp, sequence }: Position): string {
  const id = (BigInt(timestamp) << TIME_SHIFT) | (BigInt(sequence) << SEQUENCE_SHIFT);
  return id.toString().padStart(DIGITS, "0");
}

/** The position that an id was made of, or undefined when the text is no id. */
export function positionOf(eventId: string): Position | undefined {
  if (!/^\d{56}$/.test(eventId)) return undefined;
  const id = BigInt(eventId);
  const sequence = (id >> SEQUENCE_SHIFT) & SEQUENCE_MASK;
  if (sequence > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  return { timestamp: Number(id >> TIME_SHIFT), sequence: Number(sequence) };
}
