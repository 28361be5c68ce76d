import { statSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { type Clock, reason } from "../../core/index.ts";
import type { AuditRecord } from "../../record/index.ts";
import { StateFile } from "../state-file.ts";
import type { Adapter } from "./adapter.ts";
import type { AuditSource, SourceKind } from "./audit-source.ts";
import { cephOpsLog } from "./ceph-ops-log.ts";
import { DirectoryFollower } from "./follow-directory.ts";
import { FileFollower } from "./follow-file.ts";
import { kubernetes } from "./kubernetes.ts";
import type { Line } from "./line-splitter.ts";
import { minio } from "./minio.ts";
import { s3AccessLog } from "./s3-access-log.ts";
import { SourceIntake, type SourceStats } from "./source-intake.ts";
import { vault } from "./vault.ts";
import { Webhook, type WebhookAnswer, type WebhookHeaders } from "./webhook.ts";

export interface SourcesNeeds {
  /** Of sources that name none. */
  readonly account: string;
  readonly region: string;
  /** Where the places in followed files are kept, one file a source. */
  readonly directory: string;
  /** Resolves once the records are durable. @throws {Failure} when they cannot be. */
  readonly record: (records: readonly AuditRecord[]) => Promise<void>;
  readonly clock: Clock;
  readonly log: SourcesLog;
  /** An entry of a source came. */
  readonly heard?: (source: string) => void;
}

export interface SourcesLog {
  info(facts: Readonly<Record<string, unknown>>, message: string): void;
  warn(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** The audit logs of other servers, being taken in. */
export interface Sources {
  /**
   * What `POST /webhooks/<source>` answers; `body` is read only as far as it is wanted.
   * @see Webhook.handle for what an answer means. 404 when no such source has a webhook.
   */
  handleWebhook(source: string, body: AsyncIterable<Uint8Array>, headers: WebhookHeaders): Promise<WebhookAnswer>;
  /** By the sources' names. */
  stats(): Readonly<Record<string, SourceStats>>;
  /** Resolves when what was under way is durable and nothing more is read. */
  close(): Promise<void>;
}

const ADAPTERS: Readonly<Record<SourceKind, Adapter>> = {
  "ceph-ops-log": cephOpsLog,
  kubernetes,
  minio,
  "s3-access-log": s3AccessLog,
  vault,
};

/** How often followed files are looked at, and how much rarer after failures, at most. */
const POLL_MS = 500;
const POLL_FAILED_MS_MAX = 30_000;
/** Bodies of all webhooks that are being taken. */
const ROOM_BYTES = 64 * 1024 * 1024;

/** Opens all sources; followed files are read from now on. */
export function openSources(sources: readonly AuditSource[], needs: SourcesNeeds): Sources {
  return new OpenSources(sources, needs);
}

class OpenSources implements Sources {
  readonly #intakes = new Map<string, SourceIntake>();
  readonly #webhooks = new Map<string, Webhook>();
  readonly #closing = new AbortController();
  readonly #following: readonly Promise<void>[];
  readonly #answering = new Set<Promise<WebhookAnswer>>();
  #room = ROOM_BYTES;

  constructor(sources: readonly AuditSource[], needs: SourcesNeeds) {
    this.#following = sources.flatMap((source) => {
      const intake = this.#intake(source, needs);
      this.#intakes.set(source.name, intake);
      if (source.transport.kind === "file") return [this.#follow(source, source.transport.path, intake, needs)];
      const room = { take: (bytes: number) => this.#take(bytes) };
      this.#webhooks.set(source.name, new Webhook({ intake, token: source.transport.token, room }));
      return [];
    });
  }

  async handleWebhook(
    source: string,
    body: AsyncIterable<Uint8Array>,
    headers: WebhookHeaders,
  ): Promise<WebhookAnswer> {
    const webhook = this.#webhooks.get(source);
    if (webhook === undefined) return { status: 404, text: "no source of this name has a webhook" };
    if (this.#closing.signal.aborted) return { status: 503, text: "the server is stopping; send it again" };
    const answer = webhook.handle(body, headers);
    this.#answering.add(answer);
    try {
      return await answer;
    } finally {
      this.#answering.delete(answer);
    }
  }

  stats(): Readonly<Record<string, SourceStats>> {
    return Object.fromEntries([...this.#intakes].map(([name, intake]) => [name, intake.stats()]));
  }

  async close(): Promise<void> {
    this.#closing.abort();
    await Promise.all([...this.#following, ...this.#answering]);
  }

  #intake({ name, kind, account, region }: AuditSource, needs: SourcesNeeds): SourceIntake {
    const { heard } = needs;
    return new SourceIntake({
      adapter: ADAPTERS[kind],
      place: { account: account ?? needs.account, region: region ?? needs.region, source: name },
      clock: needs.clock,
      record: needs.record,
      ...(heard === undefined ? {} : { heard: () => heard(name) }),
    });
  }

  #take(bytes: number): boolean {
    if (bytes > this.#room) return false;
    this.#room -= bytes;
    return true;
  }

  async #follow(source: AuditSource, path: string, intake: SourceIntake, needs: SourcesNeeds): Promise<void> {
    const { signal } = this.#closing;
    const followNeeds = {
      path,
      deliver: deliverTo(intake, source.kind),
      state: new StateFile(join(needs.directory, `${source.name}.json`)),
      clock: needs.clock,
      warn: (facts: Readonly<Record<string, unknown>>, message: string) =>
        needs.log.warn({ source: source.name, ...facts }, message),
      broken: (file: string, err: unknown) => {
        intake.skip("broken file");
        needs.log.warn({ source: source.name, file, err }, "a file of the source cannot be unpacked to its end");
      },
    };
    const follower = isDirectory(path) ? new DirectoryFollower(followNeeds) : new FileFollower(followNeeds);
    let wait = POLL_MS;
    while (!signal.aborted) {
      try {
        await follower.poll();
        if (intake.problem !== undefined) needs.log.info({ source: source.name }, "the source is followed again");
        intake.problem = undefined;
        wait = POLL_MS;
      } catch (thrown) {
        if (intake.problem === undefined) {
          needs.log.warn({ source: source.name, err: thrown }, "the source cannot be followed now; it is tried again");
        }
        intake.problem = reason(thrown);
        wait = Math.min(wait * 2, POLL_FAILED_MS_MAX);
      }
      await pause(wait, signal);
    }
    await follower.close();
  }
}

/** Lines as the adapter of this kind takes them; empty ones are no entries. */
function deliverTo(intake: SourceIntake, kind: SourceKind): (lines: readonly Line[]) => Promise<void> {
  return async (lines) => {
    const entries: unknown[] = [];
    const skipped: string[] = [];
    for (const { text } of lines) {
      if (text === undefined) skipped.push("line too long");
      else if (kind === "s3-access-log") {
        if (text !== "") entries.push(text);
      } else {
        // radosgw's socket writes one endless list: a bracket first, a comma behind each entry.
        const json = kind === "ceph-ops-log" ? text.replace(/^\s*\[/, "").replace(/}[,\]\s]*$/, "}") : text;
        if (json.trim() === "") continue;
        try {
          entries.push(JSON.parse(json));
        } catch {
          // Counted below, once its neighbours are durable: it comes again if they are not.
          skipped.push("not JSON");
        }
      }
    }
    await intake.take(entries);
    for (const reason of skipped) intake.skip(reason);
  };
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false;
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  try {
    await sleep(ms, undefined, { signal });
  } catch (thrown) {
    if (!signal.aborted) throw thrown;
  }
}
