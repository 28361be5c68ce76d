/** What every AWS client of this suite can be asked, whatever it is written in. */
export interface AwsClient {
  readonly name: string;
  /** Sends one call as that client sends it; an answer with an error does not throw. */
  call(service: ServiceName, operation: string, parameters: Parameters, options: CallOptions): Promise<Answer>;
  close(): void;
}

export type ServiceName = "iam" | "sts" | "s3" | "sns" | "logs" | "cloudtrail" | "cloudtrail-data" | "events";

/** Members as the operation's model names them; times as `Date`, bytes as `Uint8Array`. */
export type Parameters = Readonly<Record<string, unknown>>;

export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
}

export interface CallOptions {
  readonly credentials: Credentials;
  /** `us-east-1` when absent. */
  readonly region?: string;
  /** How far the client's clock is off; only `clockCanBeWrong` clients take it. */
  readonly skewSeconds?: number;
}

/** What came back, and what the client is known to have sent. */
export interface Answer {
  /** Absent when the call was refused. Times are ISO 8601 texts, policy documents what the client makes of them. */
  readonly output?: Output;
  readonly error?: AwsError;
  /** As the response told it. */
  readonly requestId: string;
  readonly userAgent: string;
  /** Of the `Authorization` headers sent: no record may hold one. */
  readonly signatures: readonly string[];
}

/** Each client has types of its own for what it parsed; tests look inside with `at`, `text` and `list`. */
export type Output = Readonly<Record<string, unknown>>;

export interface AwsError {
  readonly code: string;
  readonly message: string;
  /** HTTP status; the command lines do not tell it. */
  readonly status?: number;
  /** Name of the exception class that the client throws; the command lines have none. */
  readonly thrownAs?: string;
}

export function signatureOf(authorization: string): string {
  const signature = /Signature=([0-9a-f]{64})/.exec(authorization)?.[1];
  if (signature === undefined) throw new Error(`no signature in ${authorization}`);
  return signature;
}

/** The value at a path of members and indexes; undefined when there is none. */
export function at(value: unknown, ...path: readonly (string | number)[]): unknown {
  return path.reduce<unknown>(
    (inner, step) => (inner as Readonly<Record<string | number, unknown>> | undefined)?.[step],
    value,
  );
}

export function text(value: unknown, ...path: readonly (string | number)[]): string {
  const found = at(value, ...path);
  if (typeof found !== "string") throw new Error(`${path.join(".")} is not a text in ${JSON.stringify(value)}`);
  return found;
}

export function list(value: unknown, ...path: readonly (string | number)[]): readonly Output[] {
  const found = at(value, ...path);
  if (!Array.isArray(found)) throw new Error(`${path.join(".")} is not a list in ${JSON.stringify(value)}`);
  return found as readonly Output[];
}
