import { createReadStream } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { pipeline } from "node:stream";
import { createGunzip } from "node:zlib";
import { type AccessLogEntry, accessLogEventName, parseAccessLogLine } from "../../aws/index.ts";
import { Failure } from "../../core/index.ts";
import { UsageError } from "../usage-error.ts";
import type { LoggedCall } from "./calls.ts";

/** What an access log tells of. */
export interface Log {
  readonly calls: readonly LoggedCall[];
  /** Lines that could not be read. */
  readonly unreadable: number;
  /** Lines about what a bucket did by itself (lifecycle), and what browsers asked before a call. */
  readonly others: number;
}

/** Lines that tell of no call of S3's: `S3.EXPIRE.OBJECT`, `REST.OPTIONS.PREFLIGHT`. */
const NO_CALL = /^S3\.|\.PREFLIGHT$|^REST\.OPTIONS\./;
/** Lines that tell of a part of a call. */
const PART = /^BATCH\.|^REST\.COPY\..*_GET$/;

/**
 * Reads access logs: files, and directories with all files below, `.gz` or not.
 * @throws {UsageError} when there is no such file.
 * @throws {Failure} when one cannot be read to its end.
 */
export async function readLog(
  paths: readonly string[],
  cwd: string,
  wanted: (entry: AccessLogEntry) => boolean,
): Promise<Log> {
  const calls: LoggedCall[] = [];
  let [unreadable, others] = [0, 0];
  for (const path of paths) {
    for (const file of await filesOf(resolve(cwd, path), path)) {
      for await (const line of linesOf(file)) {
        if (line.trim() === "") continue;
        const entry = parseAccessLogLine(line);
        if (entry === undefined) unreadable += 1;
        else if (!wanted(entry)) continue;
        else if (NO_CALL.test(entry.operation)) others += 1;
        else calls.push(callOf(entry));
      }
    }
  }
  return { calls, unreadable, others };
}

function callOf(entry: AccessLogEntry): LoggedCall {
  const { timeMs, requestId, bucket, key, operation, method, status, errorCode, remoteIp, requester } = entry;
  return {
    timeMs,
    requestId,
    bucket,
    key,
    operation,
    eventName: accessLogEventName(entry),
    method,
    status,
    errorCode,
    remoteIp,
    requester,
    part: PART.test(operation),
  };
}

async function filesOf(path: string, asGiven: string): Promise<readonly string[]> {
  const found = await stat(path).catch(() => undefined);
  if (found === undefined) throw new UsageError(`there is no ${asGiven}`);
  if (!found.isDirectory()) return [path];
  const entries = await readdir(path, { withFileTypes: true, recursive: true });
  return entries
    .filter((entry) => entry.isFile() && !entry.name.startsWith("."))
    .map((entry) => join(entry.parentPath, entry.name))
    .sort();
}

/** No line of an access log is longer; what is, is none. */
const LINE_LENGTH_MAX = 1024 * 1024;
const NO_LINE = "\0";

async function* linesOf(file: string): AsyncGenerator<string, void, undefined> {
  try {
    const bytes = createReadStream(file);
    // Whatever fails on the way reaches the reader of the last stream.
    const input = file.endsWith(".gz") ? pipeline(bytes, createGunzip(), () => undefined) : bytes;
    let rest = "";
    for await (const chunk of input.setEncoding("utf8") as AsyncIterable<string>) {
      const lines = (rest + chunk).split("\n");
      rest = lines.pop() ?? "";
      if (rest.length > LINE_LENGTH_MAX) rest = NO_LINE;
      yield* lines;
    }
    yield rest;
  } catch (cause) {
    throw new Failure(`read ${file}`, cause);
  }
}
