/** `20150830T123600Z`, the ISO 8601 basic form that signatures use. */
export function formatTimestamp(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19).replace(/[-:]/g, "")}Z`;
}

/** Reads `20150830T123600Z`; undefined for anything else, impossible dates such as February 30 included. */
export function parseTimestamp(text: string): number | undefined {
  const parts = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/.exec(text);
  if (parts === null) return undefined;
  const [, year, month, day, hour, minute, second] = parts;
  const ms = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(ms) || formatTimestamp(ms) !== text ? undefined : ms;
}

/** Reads a `Date` header: the basic form above, or an HTTP date (RFC 9110 section 5.6.7). */
export function parseDateHeader(text: string): number | undefined {
  const basic = parseTimestamp(text);
  if (basic !== undefined) return basic;
  if (!/^[A-Z][a-z]{2}, \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return Number.isNaN(ms) ? undefined : ms;
}
