/** An archive of a bus: it keeps the events that its pattern matches. */
export interface Archive {
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  readonly name: string;
  readonly busArn: string;
  readonly description?: string;
  /** Without it every event is kept. */
  readonly eventPattern?: string;
  /** 0 keeps events for ever. */
  readonly retentionDays: number;
  /** Kept as it was given. */
  readonly kmsKeyIdentifier?: string;
  /** Milliseconds since 1970. */
  readonly createdAt: number;
}

/** What an archive holds. */
export interface ArchiveSize {
  readonly events: number;
  /** Of their envelopes, wherever they are kept. */
  readonly bytes: number;
}
