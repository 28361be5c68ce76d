/**
 * One line of a log in the S3 server access log format. What the line has as `-` is undefined.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/userguide/LogFormat.html
 * @see https://docs.ceph.com/en/latest/radosgw/bucket_logging/ for radosgw's version of it.
 */
export interface AccessLogEntry {
  readonly bucketOwner: string | undefined;
  readonly bucket: string | undefined;
  /** When the request was received, milliseconds since 1970; the log knows whole seconds. */
  readonly timeMs: number;
  readonly remoteIp: string | undefined;
  /** A canonical user id, an ARN, a user of radosgw; undefined: nobody signed. */
  readonly requester: string | undefined;
  readonly requestId: string | undefined;
  /** `REST.PUT.OBJECT` */
  readonly operation: string;
  readonly key: string | undefined;
  readonly method: string | undefined;
  /** Path and query as they were sent. */
  readonly target: string | undefined;
  readonly status: number | undefined;
  readonly errorCode: string | undefined;
  readonly bytesSent: number | undefined;
  readonly objectSize: number | undefined;
  readonly referrer: string | undefined;
  readonly userAgent: string | undefined;
  readonly versionId: string | undefined;
  readonly hostId: string | undefined;
  readonly signatureVersion: string | undefined;
  readonly cipherSuite: string | undefined;
  readonly authenticationType: string | undefined;
  readonly hostHeader: string | undefined;
  readonly tlsVersion: string | undefined;
  /** Written before the call was made, by radosgw's journal mode: no caller, no status, no request id. */
  readonly journal: boolean;
}

const HEAD = /^(\S+) (\S+) \[(\d{2})\/([A-Z][a-z]{2})\/(\d{4}):(\d{2}:\d{2}:\d{2}) ([+-]\d{2})(\d{2})\] (.*)$/s;
const MONTHS = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
const OPERATION = "(?:REST|SOAP|WEBSITE|BATCH|S3)\\.\\S+";
/** Remote address, requester, request id, operation. */
const CALLER = new RegExp(`^(\\S+) (\\S+) (\\S+) (${OPERATION}) (.*)$`, "s");
const JOURNAL = new RegExp(`^(${OPERATION}) (.*) (\\S+) (\\S+) (\\S+)$`, "s");
/**
 * What ends a request line: status, error, bytes, size, two times. Keys of radosgw stand as they are, with their spaces,
 * and quotes inside a request line, a referrer or a user agent are nobody's to escape: these numbers hold the line
 * together. The first such place counts, for what comes behind it is a client's free choice of text.
 */
const OUTCOME = "(\\d{3}|-) (\\S+) (\\d+|-) (\\d+|-) (?:\\d+|-) (?:\\d+(?:ms)?|-) (.*)$";
const QUOTED_OUTCOME = new RegExp(`" ${OUTCOME}`, "s");
/** No request was made: the bucket's own lifecycle did it. */
const BARE_OUTCOME = new RegExp(`^(\\S+) - ${OUTCOME}`, "s");
const REQUEST_LINE = /^([A-Z]{1,20}) (.*?)(?: HTTP\/[\d.]+)?$/s;

/** Takes a line apart, or answers undefined when it is none of this format. Never throws, in linear time. */
export function parseAccessLogLine(line: string): AccessLogEntry | undefined {
  const head = HEAD.exec(line.trimEnd());
  if (head === null || line.length > LINE_LENGTH_MAX) return undefined;
  const [, owner, bucket, day, month = "", year, time, hours, minutes, rest = ""] = head;
  const monthNumber = String(MONTHS.indexOf(month) + 1).padStart(2, "0");
  const timeMs = Date.parse(`${year}-${monthNumber}-${day}T${time}${hours}:${minutes}`);
  if (!(timeMs >= 0)) return undefined;
  const common = { bucketOwner: said(owner), bucket: bucketName(bucket), timeMs };
  return callEntry(common, rest) ?? journalEntry(common, rest);
}

/** A line holds one request; S3 cuts what is longer long before. */
const LINE_LENGTH_MAX = 1024 * 1024;

type Common = Pick<AccessLogEntry, "bucketOwner" | "bucket" | "timeMs">;

function callEntry(common: Common, rest: string): AccessLogEntry | undefined {
  const caller = CALLER.exec(rest);
  const request = requestOf(caller?.[5] ?? "");
  if (caller === null || request === undefined) return undefined;
  const [, remoteIp, requester, requestId, operation = ""] = caller;
  const [status, errorCode, bytesSent, objectSize, tail = ""] = request.outcome;
  const [, method, target] = REQUEST_LINE.exec(request.line) ?? [];
  return {
    ...common,
    remoteIp: said(remoteIp),
    requester: said(requester),
    requestId: said(requestId),
    operation,
    key: keyName(request.key, target),
    method,
    target,
    status: count(status),
    errorCode: said(errorCode),
    bytesSent: count(bytesSent),
    objectSize: count(objectSize),
    ...tailMembers(tail),
    journal: false,
  };
}

interface Request {
  readonly key: string;
  readonly line: string;
  readonly outcome: readonly (string | undefined)[];
}

function requestOf(text: string): Request | undefined {
  const match = QUOTED_OUTCOME.exec(text);
  if (match !== null) {
    const before = text.slice(0, match.index);
    // A request line has no quote after a space: a target cannot hold a space.
    const start = before.lastIndexOf(' "');
    if (start > 0) return { key: before.slice(0, start), line: before.slice(start + 2), outcome: match.slice(1) };
  }
  const bare = BARE_OUTCOME.exec(text);
  return bare === null ? undefined : { key: bare[1] ?? "", line: "", outcome: bare.slice(2) };
}

/** radosgw's journal mode: operation, key, size, version id, ETag. */
function journalEntry(common: Common, rest: string): AccessLogEntry | undefined {
  const match = JOURNAL.exec(rest);
  if (match === null) return undefined;
  const [, operation = "", key, size, versionId] = match;
  return {
    ...common,
    remoteIp: undefined,
    requester: undefined,
    requestId: undefined,
    operation,
    key: keyName(key, undefined),
    method: undefined,
    target: undefined,
    status: undefined,
    errorCode: undefined,
    bytesSent: undefined,
    objectSize: count(size),
    ...tailMembers(""),
    versionId: versionId === "?" ? undefined : said(versionId),
    journal: true,
  };
}

type Tail = Pick<
  AccessLogEntry,
  | "referrer"
  | "userAgent"
  | "versionId"
  | "hostId"
  | "signatureVersion"
  | "cipherSuite"
  | "authenticationType"
  | "hostHeader"
  | "tlsVersion"
>;

function tailMembers(tail: string): Tail {
  const [referrer, agent, rest] = agentOf(tail);
  const [versionId, hostId, signatureVersion, cipherSuite, authenticationType, hostHeader, tlsVersion] = rest.map(said);
  return {
    referrer: said(referrer),
    userAgent: said(agent),
    versionId,
    hostId,
    signatureVersion,
    cipherSuite,
    authenticationType,
    hostHeader,
    tlsVersion,
  };
}

/** radosgw writes the user agent without quotes, spaces and all, and always nine members behind it. */
const AFTER_BARE_AGENT = 9;

function agentOf(tail: string): readonly [referrer: string, agent: string, rest: readonly string[]] {
  const [referrer, rest] = referrerOf(tail);
  const quote = rest.lastIndexOf('"');
  if (rest.startsWith('"') && quote > 0) return [referrer, rest.slice(1, quote), rest.slice(quote + 2).split(" ")];
  const words = rest.split(" ");
  const agentWords = rest.startsWith("- ") ? 1 : Math.max(1, words.length - AFTER_BARE_AGENT);
  return [referrer, words.slice(0, agentWords).join(" "), words.slice(agentWords)];
}

function referrerOf(tail: string): readonly [referrer: string, rest: string] {
  const end = tail.startsWith('"') ? tail.indexOf('" ', 1) : tail.indexOf(" ");
  if (end < 0) return [tail.replaceAll('"', ""), ""];
  return tail.startsWith('"') ? [tail.slice(1, end), tail.slice(end + 2)] : [tail.slice(0, end), tail.slice(end + 1)];
}

function said(value: string | undefined): string | undefined {
  return value === undefined || value === "-" || value === "" ? undefined : value;
}

function count(value: string | undefined): number | undefined {
  return value === undefined || value === "-" ? undefined : Number(value);
}

/** radosgw writes the buckets of a tenant `tenant:bucket`. */
function bucketName(value: string | undefined): string | undefined {
  return said(value)?.replace(/^[^:]*:/, "");
}

/**
 * radosgw writes keys as they are, AWS encodes them as in a URL, and often twice. What the target says decides; without
 * one, a key is taken to be encoded once.
 */
function keyName(value: string | undefined, target: string | undefined): string | undefined {
  const key = said(value);
  if (key === undefined || !key.includes("%")) return key;
  const path = decoded(target?.split("?", 1)[0] ?? "");
  const once = decoded(key);
  return [key, once, decoded(once)].find((candidate) => path.endsWith(`/${candidate}`)) ?? once;
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A per cent sign that starts no escape: it stands for itself.
    return text;
  }
}
