/** Header names in lower case, each with its values in the order they came. */
export type Headers = Readonly<Record<string, readonly string[] | undefined>>;

/** A whole request as it stood on the wire: path and query raw, still percent-encoded; the query without its `?`. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  readonly body: Uint8Array;
}

/** A whole response. Header names are in lower case. */
export interface WireResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The header's values joined as one list (RFC 9110 section 5.3), or undefined when it was not sent. */
export function headerValue(headers: Headers, name: string): string | undefined {
  const values = headers[name];
  if (values === undefined || values.length === 0) return undefined;
  return values.length === 1 ? values[0] : values.join(", ");
}
