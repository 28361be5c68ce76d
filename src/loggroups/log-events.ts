/** One line of a log stream. Times are milliseconds since 1970. */
export interface NewLogEvent {
  readonly timestamp: number;
  readonly message: string;
}

export interface LogEvent extends NewLogEvent {
  readonly stream: string;
  readonly ingestionTime: number;
  /** Sorts and finds it: unique in its group. */
  readonly eventId: string;
}

/** Which events of a group to read. */
export interface LogRange {
  readonly group: string;
  /** All streams when absent. */
  readonly streams?: readonly string[];
  readonly streamPrefix?: string;
  /** Milliseconds since 1970; from included, to excluded. */
  readonly from: number;
  readonly to: number;
  /** Oldest first, unless said otherwise. */
  readonly descending?: boolean;
  /** Only what comes after this event in the direction of reading. */
  readonly after?: { readonly timestamp: number; readonly eventId: string };
}

/** Where log events lie. `group` is a log group's ARN without `:*`. */
export interface LogStore {
  /** Resolves once the events would survive a power cut; in the order given. Chooses their event ids. */
  append(
    group: string,
    stream: string,
    events: readonly NewLogEvent[],
    ingestionTime: number,
  ): Promise<readonly LogEvent[]>;
  /** In order of time, then event id; reads lazily and may be left early. */
  read(range: LogRange): AsyncIterable<readonly LogEvent[]>;
  find(group: string, eventId: string): Promise<LogEvent | undefined>;
  /** What a description tells: bytes, first and last times, by stream. */
  stats(group: string): Promise<ReadonlyMap<string, StreamStats>>;
  /** Drops what is older than `before`, whole segments at a time. */
  expire(group: string, before: number): Promise<void>;
  /** All of a group, or of one of its streams: gone for every reader when the call returns, before its promise resolves. */
  remove(group: string, stream?: string): Promise<void>;
  /** Groups and streams that have, or had, events here. */
  held(): ReadonlyMap<string, readonly string[]>;
  close(): Promise<void>;
}

export interface StreamStats {
  readonly storedBytes: number;
  readonly firstTimestamp?: number;
  readonly lastTimestamp?: number;
  readonly lastIngestionTime?: number;
}

/** What an accepted batch of a stream is told to: metric filters and subscription filters. */
export type OnLogEvents = (group: string, stream: string, events: readonly LogEvent[]) => Promise<void>;

/** What others of OpenTrail do with log groups. */
export interface LogGroups {
  /**
   * Appends as PutLogEvents does, in a stream that is made when it is not there. Resolves once durable.
   * @throws {Refusal} `ResourceNotFoundException` when the group is not there.
   */
  put(groupArn: string, stream: string, events: readonly NewLogEvent[]): Promise<void>;
  /** Whether the group is there. */
  has(groupArn: string): Promise<boolean>;
}
