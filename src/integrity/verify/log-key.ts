/** Where the log files of an account and Region lie, beside their digests; ends in `/`. */
export function logFolder(digestsFolder: string): string {
  return digestsFolder.replace("/CloudTrail-Digest/", "/CloudTrail/");
}

/** `YYYY/MM/DD/` of a time: the folder of its day. */
export function dayFolder(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 10).replaceAll("-", "/")}/`;
}

/**
 * The minute in a log file's name, milliseconds since 1970: the file was closed then, and delivered soon after.
 * Undefined when it is no name of a log file.
 */
export function logStampMs(key: string): number | undefined {
  const [, date, hour, minute] = /_CloudTrail_[a-z0-9-]+_(\d{8})T(\d\d)(\d\d)Z_\w+\.json\.gz$/.exec(key) ?? [];
  if (date === undefined) return undefined;
  const ms = Date.parse(`${date.slice(0, 4)}-${date.slice(4, 6)}-${date.slice(6)}T${hour}:${minute}:00Z`);
  return Number.isNaN(ms) ? undefined : ms;
}
