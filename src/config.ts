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
}

export interface Address {
  readonly host: string;
  readonly port: number;
}

type Source = Readonly<Record<string, unknown>>;

interface Setting<Value> {
  /** Path in opentrail.yaml; the flag and the variable are derived from it (`history.retentionDays`: `--history-retention-days`, `OPENTRAIL_HISTORY_RETENTION_DAYS`). */
  readonly key: string;
  readonly standard: string;
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
  standard,
}));

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
    try {
      return setting.parse(String(value));
    } catch (cause) {
      throw new Failure(`read ${where}`, cause);
    }
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
  });
}

/** The file's values by dotted path; what we do not know is refused, since a misspelt limit is no limit. */
function readFile(file: string | undefined): ReadonlyMap<string, unknown> {
  const values = new Map<string, unknown>();
  if (file === undefined) return values;
  const known = new Set<string>(Object.values(SETTINGS).map(({ key }) => key));
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

function setting<Value>(key: string, standard: string, help: string, parse: (text: string) => Value): Setting<Value> {
  return { key, standard, help, parse };
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
