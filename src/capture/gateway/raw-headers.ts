import type { Headers } from "../../aws/index.ts";

/** By name in lower case, each with its values in order. */
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
