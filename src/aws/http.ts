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

/** Name, value, name, value … as they stood on the wire, as pairs. */
export function headerPairs(raw: readonly string[]): [name: string, value: string][] {
  return Array.from({ length: raw.length / 2 }, (_, index) => [raw[2 * index] ?? "", raw[2 * index + 1] ?? ""]);
}

/** Name, value, name, value … as they stood on the wire: by name in lower case, each with its values in order. */
export function headersOf(raw: readonly string[]): Headers {
  const headers: Record<string, string[]> = Object.create(null);
  for (let index = 0; index + 1 < raw.length; index += 2) {
    const name = (raw[index] as string).toLowerCase();
    const known = headers[name];
    if (known === undefined) headers[name] = [raw[index + 1] as string];
    else known.push(raw[index + 1] as string);
  }
  return headers;
}
