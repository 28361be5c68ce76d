import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { Failure } from "./core/index.ts";

/** Everything that can be set, read once at the start. */
export interface Config {
  readonly dataDirectory: string;
  readonly api: Address;
  readonly console: Address;
  /** The first one owns the root credentials that the first start writes, and what nobody could be blamed for. */
  readonly accounts: readonly [string, ...string[]];
  readonly region: string;
  readonly historyRetentionDays: number;
  readonly journalSegmentRecords: number;
  /** Per account; 0 means no limit. */
  readonly callsPerSecondMax: number;
  readonly logLevel: string;
  /** Where everything goes that OpenTrail does not serve itself and no route names. */
  readonly upstream: string | undefined;
  /** `routes` and `sources` as they stand in the file; whoever they are for reads them. */
  readonly routes: unknown;
  readonly sources: unknown;
  /** PEM files; without them the API speaks plain HTTP. */
  readonly tls: { readonly certificate: string; readonly key: string } | undefined;
  /** Addresses and ranges (`10.0.0.0/8`) of proxies whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[];
  /** Names under which buckets are hosts: `s3.example.org` for `photos.s3.example.org`. */
  readonly bucketHosts: readonly string[];
  readonly spoolBytesMax: number;
  /** Names of buckets (`*` stands for anything) that are OpenTrail's own even where a route takes S3. */
  readonly ownBuckets: readonly string[];
  /** Whether files of locked objects are made immutable where the file system can. */
  readonly bucketsImmutable: boolean;
  /** The S3 server on which the buckets of trails lie; without it they are OpenTrail's own. */
  readonly bucketServer: BucketServer | undefined;
  readonly kmsKeys: readonly string[];
  /** `o-…`; the first of `accounts` is its management account, all are its members. */
  readonly organizationId: string | undefined;
  readonly deliveryIntervalMs: number;
  readonly digestIntervalMs: number;
  /** How often delivered files are compared with what lies in their buckets; 0 for never. */
  readonly fileCheckIntervalMs: number;
  /** Where others reach the API, without a slash at the end; undefined for where it listens. */
  readonly publicUrl: string | undefined;
  readonly targets: TargetSettings;
  /** `smtp://user:password@host:587`; without it no mail can be sent. */
  readonly smtpUrl: string | undefined;
  readonly smtpFrom: string;
  /** Whether OpenTrail's own rules watch for what blinds it. */
  readonly blindnessRules: boolean;
}

/** What rules, subscriptions and filters may reach. */
export interface TargetSettings {
  /** CIDRs in loopback and private ranges that may be reached all the same. */
  readonly allow: readonly string[];
  readonly sqsEndpoint: string | undefined;
  readonly lambdaEndpoint: string | undefined;
  readonly firehoseEndpoint: string | undefined;
  /** A file of AWS's shared-credentials format; without it credentials come as AWS's tools find them. */
  readonly credentialsFile: string | undefined;
  readonly profile: string;
  /** `targets.commands` as it stands in the file: a program and its arguments, by name. */
  readonly commands: unknown;
}

export interface BucketServer {
  readonly endpoint: string;
  readonly region: string;
  readonly pathStyle: boolean;
  /** A file of AWS's shared-credentials format; without it credentials come as AWS's tools find them. */
  readonly credentialsFile: string | undefined;
  readonly profile: string;
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

type Source = Readonly<Record<string, unknown>>;

interface Setting<Value> {
  /** Path in opentrail.yaml; the flag and the variable are derived from it (`history.retentionDays`: `--history-retention-days`, `OPENTRAIL_HISTORY_RETENTION_DAYS`). */
  readonly key: string;
  /** Without one the setting may stay unset. */
  readonly standard: string | undefined;
  readonly help: string;
  readonly parse: (text: string) => Value;
}

const SETTINGS = {
  dataDirectory: setting("data", "./opentrail-data", "directory that holds everything OpenTrail keeps", (text) => text),
  api: setting("api", "127.0.0.1:4580", "address of the AWS API", parseAddress),
  console: setting("console", "127.0.0.1:4581", "address of the console, /healthz and /metrics", parseAddress),
  accounts: setting(
    "accounts",
    "123456789012",
    "account ids, separated by commas; the first is the default",
    parseAccounts,
  ),
  region: setting("region", "us-east-1", "Region of calls that name none", parseRegion),
  historyRetentionDays: setting(
    "history.retentionDays",
    "90",
    "days that LookupEvents looks back",
    wholeNumber(1, 36_500),
  ),
  journalSegmentRecords: setting(
    "journal.segmentRecords",
    "65536",
    "records per sealed segment; fixed by the first start",
    wholeNumber(64, 1_048_576),
  ),
  callsPerSecondMax: setting(
    "limits.callsPerSecond",
    "2000",
    "API calls per second and account; 0 for no limit",
    wholeNumber(0, 1_000_000),
  ),
  upstream: optionalSetting(
    "upstream",
    "URL of the server that gets every call OpenTrail does not serve itself",
    (text) => text,
  ),
  tlsCertificate: optionalSetting("tls.certificate", "PEM file: the API speaks TLS with it", (text) => text),
  tlsKey: optionalSetting("tls.key", "PEM file: the certificate's private key", (text) => text),
  trustedProxies: setting(
    "proxies.trusted",
    "",
    "addresses and ranges, separated by commas, whose X-Forwarded-For is believed",
    parseList(/^[0-9A-Fa-f.:]+(\/\d{1,3})?$/, "an address such as 10.0.0.1 or a range such as 10.0.0.0/8"),
  ),
  bucketHosts: setting(
    "buckets.hosts",
    "",
    "host names, separated by commas, below which buckets are hosts of their own",
    parseList(/^[a-z0-9.-]+$/, "a host name in lower case"),
  ),
  spoolBytesMax: setting(
    "spool.bytes",
    String(1024 ** 3),
    "bytes that records of routes with `audit: spool` may take while the journal refuses them",
    wholeNumber(1024 ** 2, Number.MAX_SAFE_INTEGER),
  ),
  ownBuckets: setting(
    "buckets.own",
    "",
    "names of buckets, separated by commas, that are OpenTrail's own even where a route takes S3; * stands for anything",
    parseList(/^[a-z0-9.*-]+$/, "a bucket's name, in which * stands for anything"),
  ),
  bucketsImmutable: setting(
    "buckets.immutable",
    "true",
    "make files of locked objects immutable where the file system can: true or false",
    parseBoolean,
  ),
  bucketsEndpoint: optionalSetting(
    "buckets.endpoint",
    "URL of the S3 server on which the buckets of trails lie; without it they lie in the data directory",
    (text) => text,
  ),
  bucketsRegion: setting("buckets.region", "us-east-1", "Region of that server", parseRegion),
  bucketsPathStyle: setting(
    "buckets.pathStyle",
    "true",
    "whether that server gets the bucket in the path: true or false",
    parseBoolean,
  ),
  bucketsCredentialsFile: optionalSetting(
    "buckets.credentialsFile",
    "shared-credentials file for that server; without it credentials come as AWS's tools find them",
    (text) => text,
  ),
  bucketsProfile: setting("buckets.profile", "default", "profile in that file", (text) => text),
  kmsKeys: setting(
    "kms.keys",
    "alias/opentrail",
    "ids of the keys, separated by commas, that objects of OpenTrail's own buckets may be encrypted with",
    parseList(/^[A-Za-z0-9/_-]+$/, "a key id such as alias/audit"),
  ),
  organizationId: optionalSetting(
    "organization.id",
    "id of the organization that the accounts form; the first is its management account",
    parseOrganization,
  ),
  deliveryIntervalMs: setting(
    "trails.deliveryInterval",
    "5m",
    "how often trails deliver log files: 1s to 1h",
    duration(1_000, 3_600_000),
  ),
  digestIntervalMs: setting(
    "trails.digestInterval",
    "1h",
    "how often trails deliver digest files: 1s to 24h",
    duration(1_000, 86_400_000),
  ),
  fileCheckIntervalMs: setting(
    "trails.checkInterval",
    "10m",
    "how often delivered files are compared with what lies in their buckets: 1s to 24h, 0 for never",
    duration(0, 86_400_000),
  ),
  publicUrl: optionalSetting(
    "api.publicUrl",
    "URL at which others reach the API, for the links in notifications; without it where it listens",
    parseUrl,
  ),
  targetsAllow: setting(
    "targets.allow",
    "",
    "ranges such as 10.0.0.0/8, separated by commas, inside which targets and subscriptions may be reached although they are loopback or private",
    parseList(/^[0-9A-Fa-f.:]+\/\d{1,3}$/, "a range such as 10.0.0.0/8"),
  ),
  targetsSqsEndpoint: optionalSetting(
    "targets.sqsEndpoint",
    "URL of the SQS-compatible server that has the queues",
    parseUrl,
  ),
  targetsLambdaEndpoint: optionalSetting(
    "targets.lambdaEndpoint",
    "URL of the Lambda-compatible server that has the functions",
    parseUrl,
  ),
  targetsFirehoseEndpoint: optionalSetting(
    "targets.firehoseEndpoint",
    "URL of the Firehose-compatible server that has the delivery streams",
    parseUrl,
  ),
  targetsCredentialsFile: optionalSetting(
    "targets.credentialsFile",
    "shared-credentials file for those servers; without it credentials come as AWS's tools find them",
    (text) => text,
  ),
  targetsProfile: setting("targets.profile", "default", "profile in that file", (text) => text),
  smtpUrl: optionalSetting(
    "smtp.url",
    "server that takes mail: smtp://user:password@host:587, or smtps://",
    parseSmtpUrl,
  ),
  smtpFrom: setting("smtp.from", "opentrail@localhost", "who mails come from", (text) => text),
  blindnessRules: setting(
    "rules.blindness",
    "true",
    "whether OpenTrail's own rules tell the topic opentrail-alarms of whatever blinds the log: true or false",
    parseBoolean,
  ),
  logLevel: setting("log.level", "info", "trace, debug, info, warn, error or silent", parseLevel),
} as const;

/** The flags of `opentrail up`, one a setting, for the command line to declare. */
export const CONFIG_FLAGS: readonly {
  readonly flag: string;
  readonly variable: string;
  readonly help: string;
  readonly standard: string;
}[] = Object.values(SETTINGS).map(({ key, help, standard }) => ({
  flag: flagOf(key),
  variable: variableOf(key),
  help,
  standard: standard === undefined ? "none" : standard === "" ? "empty" : standard,
}));

/** What only the file can say, for it is more than a line. */
const FILE_ONLY = ["routes", "sources", "targets.commands"];

/**
 * Reads the configuration: a flag wins over an environment variable, that over the file, that over the default.
 *
 * `flags` are by setting path or flag name without dashes as commander gives them (camel case); `file` is the path of
 * opentrail.yaml, which may be absent when it was not asked for by name.
 * @throws {Failure} that names the setting, where it came from, and what it may be.
 */
export function readConfig(flags: Source, environment: Source, file: string | undefined): Config {
  const fromFile = readFile(file);
  const read = <Value>(setting: Setting<Value>): Value => {
    const { key } = setting;
    const candidates: readonly (readonly [where: string, value: unknown])[] = [
      [`--${flagOf(key)}`, flags[camelCase(flagOf(key))]],
      [variableOf(key), environment[variableOf(key)]],
      [`${key} in ${file}`, fromFile.get(key)],
    ];
    const [where, value] = candidates.find(([, candidate]) => candidate !== undefined) ?? [
      "the default",
      setting.standard,
    ];
    if (value === undefined) return undefined as Value;
    try {
      return setting.parse(textOf(value));
    } catch (cause) {
      throw new Failure(`read ${where}`, cause);
    }
  };
  const certificate = read(SETTINGS.tlsCertificate);
  const key = read(SETTINGS.tlsKey);
  if ((certificate === undefined) !== (key === undefined)) {
    throw new Failure("read tls.certificate and tls.key: one is of no use without the other");
  }
  const endpoint = read(SETTINGS.bucketsEndpoint);
  const server = {
    region: read(SETTINGS.bucketsRegion),
    pathStyle: read(SETTINGS.bucketsPathStyle),
    credentialsFile: read(SETTINGS.bucketsCredentialsFile),
    profile: read(SETTINGS.bucketsProfile),
  };
  return Object.freeze({
    dataDirectory: read(SETTINGS.dataDirectory),
    api: read(SETTINGS.api),
    console: read(SETTINGS.console),
    accounts: read(SETTINGS.accounts),
    region: read(SETTINGS.region),
    historyRetentionDays: read(SETTINGS.historyRetentionDays),
    journalSegmentRecords: read(SETTINGS.journalSegmentRecords),
    callsPerSecondMax: read(SETTINGS.callsPerSecondMax),
    logLevel: read(SETTINGS.logLevel),
    upstream: read(SETTINGS.upstream),
    routes: fromFile.get("routes"),
    sources: fromFile.get("sources"),
    tls: certificate === undefined || key === undefined ? undefined : { certificate, key },
    trustedProxies: read(SETTINGS.trustedProxies),
    bucketHosts: read(SETTINGS.bucketHosts),
    spoolBytesMax: read(SETTINGS.spoolBytesMax),
    ownBuckets: read(SETTINGS.ownBuckets),
    bucketsImmutable: read(SETTINGS.bucketsImmutable),
    bucketServer: endpoint === undefined ? undefined : { endpoint, ...server },
    kmsKeys: read(SETTINGS.kmsKeys),
    organizationId: read(SETTINGS.organizationId),
    deliveryIntervalMs: read(SETTINGS.deliveryIntervalMs),
    digestIntervalMs: read(SETTINGS.digestIntervalMs),
    fileCheckIntervalMs: read(SETTINGS.fileCheckIntervalMs),
    publicUrl: read(SETTINGS.publicUrl),
    targets: {
      allow: read(SETTINGS.targetsAllow),
      sqsEndpoint: read(SETTINGS.targetsSqsEndpoint),
      lambdaEndpoint: read(SETTINGS.targetsLambdaEndpoint),
      firehoseEndpoint: read(SETTINGS.targetsFirehoseEndpoint),
      credentialsFile: read(SETTINGS.targetsCredentialsFile),
      profile: read(SETTINGS.targetsProfile),
      commands: fromFile.get("targets.commands"),
    },
    smtpUrl: read(SETTINGS.smtpUrl),
    smtpFrom: read(SETTINGS.smtpFrom),
    blindnessRules: read(SETTINGS.blindnessRules),
  });
}

/** The file's values by dotted path; what we do not know is refused, since a misspelt limit is no limit. */
function readFile(file: string | undefined): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  if (file === undefined) return values;
  const known = new Set<string>([...Object.values(SETTINGS).map(({ key }) => key), ...FILE_ONLY]);
  const collect = (node: unknown, path: string): void => {
    if (known.has(path)) {
      values.set(path, node);
    } else if (typeof node === "object" && node !== null && !Array.isArray(node)) {
      for (const [key, value] of Object.entries(node)) collect(value, path === "" ? key : `${path}.${key}`);
    } else if (node !== null && node !== undefined) {
      throw new Error(`there is no setting ${path}; known are ${[...known].join(", ")}`);
    }
  };
  try {
    collect(parse(readFileSync(file, "utf8")), "");
  } catch (cause) {
    throw new Failure(`read ${file}`, cause);
  }
  return values;
}

/** A list says the same as its items between commas. */
function textOf(value: unknown): string {
  if (typeof value === "string") return value;
  if (typeof value === "number" || typeof value === "boolean") return String(value);
  if (Array.isArray(value)) return value.map(textOf).join(",");
  throw new Error("it is a map, not a value");
}

function setting<Value>(key: string, standard: string, help: string, parse: (text: string) => Value): Setting<Value> {
  return { key, standard, help, parse };
}

function optionalSetting<Value>(key: string, help: string, parse: (text: string) => Value): Setting<Value | undefined> {
  return { key, standard: undefined, help, parse };
}

function flagOf(key: string): string {
  return key.replaceAll(".", "-").replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
}

function variableOf(key: string): string {
  return `OPENTRAIL_${flagOf(key).replaceAll("-", "_").toUpperCase()}`;
}

function camelCase(flag: string): string {
  return flag.replace(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function parseAddress(text: string): Address {
  const match = /^(?:\[([^\]]+)\]|([^:]*)):(\d{1,5})$/.exec(text);
  const port = Number(match?.[3]);
  if (match === null || port > 65_535) throw new Error(`${text} is not HOST:PORT`);
  return { host: match[1] ?? (match[2] || "127.0.0.1"), port };
}

function parseAccounts(text: string): readonly [string, ...string[]] {
  const [first, ...rest] = text.split(",").map((account) => account.trim());
  for (const account of [first, ...rest]) {
    if (!/^\d{12}$/.test(account ?? "")) throw new Error(`${account} is not an account id of 12 digits`);
  }
  return [first as string, ...rest];
}

function parseRegion(text: string): string {
  if (!/^[a-z]{2}(-[a-z]+)+-\d{1,2}$/.test(text)) throw new Error(`${text} is not a Region such as us-east-1`);
  return text;
}

/** Items between commas; YAML's lists come here as such text too. */
function parseList(rule: RegExp, what: string): (text: string) => readonly string[] {
  return (text) => {
    const items = text.split(",").flatMap((item) => item.trim() || []);
    const odd = items.find((item) => !rule.test(item));
    if (odd !== undefined) throw new Error(`${odd} is not ${what}`);
    return items;
  };
}

function parseLevel(text: string): string {
  if (!["trace", "debug", "info", "warn", "error", "silent"].includes(text))
    throw new Error(`${text} is not a log level`);
  return text;
}

function wholeNumber(from: number, to: number): (text: string) => number {
  return (text) => {
    const number = Number(text);
    if (!Number.isInteger(number) || number < from || number > to) {
      throw new Error(`${text} is not a whole number from ${from} to ${to}`);
    }
    return number;
  };
}

function parseBoolean(text: string): boolean {
  if (text !== "true" && text !== "false") throw new Error(`${text} is neither true nor false`);
  return text === "true";
}

/** Without its slash at the end. */
function parseUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:$/.test(new URL(text).protocol)) {
    throw new Error(`${text} is not a URL such as http://127.0.0.1:9324`);
  }
  return text.replace(/\/+$/, "");
}

function parseSmtpUrl(text: string): string {
  if (!URL.canParse(text) || !/^smtps?:$/.test(new URL(text).protocol)) {
    // It may hold a password: it is not repeated.
    throw new Error("it is not a URL such as smtp://mail.example.org:587");
  }
  return text;
}

function parseOrganization(text: string): string {
  if (!/^o-[a-z0-9]{10,32}$/.test(text)) throw new Error(`${text} is not an organization's id such as o-exampleorgid`);
  return text;
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000 };

/** `90s`, `5m`, `1h`; a number alone is seconds. Answers milliseconds. */
function duration(fromMs: number, toMs: number): (text: string) => number {
  return (text) => {
    const [, number = "", unit = "s"] = /^(\d{1,9})(ms|s|m|h)?$/.exec(text) ?? [];
    const ms = Number(number) * (UNIT_MS[unit] ?? Number.NaN);
    if (number === "" || ms < fromMs || ms > toMs) {
      throw new Error(`${text} is not a duration such as 90s, 5m or 1h, from ${fromMs / 1000}s to ${toMs / 1000}s`);
    }
    return ms;
  };
}
