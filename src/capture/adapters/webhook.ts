import { createHash, timingSafeEqual } from "node:crypto";
import { reason } from "../../core/index.ts";
import { DELIVERY_MARK_HEADER } from "../../record/index.ts";
import type { SourceIntake } from "./source-intake.ts";
import { isObject } from "./values.ts";

/** What a webhook answers: plain text for whoever reads the sender's log. */
export interface WebhookAnswer {
  readonly status: number;
  readonly text: string;
}

/** Header names in lower case, as Node gives them. */
export type WebhookHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

/** Room in memory that all bodies under way share. */
export interface BodyRoom {
  /** False when there is no more room; what was taken is given back by a negative number. */
  take(bytes: number): boolean;
}

interface WebhookNeeds {
  readonly intake: SourceIntake;
  readonly token: string;
  readonly room: BodyRoom;
}

/** One request's body; Kubernetes sends at most a batch of its own choosing, 10 MiB unless told. */
const BODY_BYTES_MAX = 10 * 1024 * 1024;

/** Takes what a server posts of its audit log: one JSON value, a list of them, one a line, or Kubernetes' `EventList`. */
export class Webhook {
  readonly #intake: SourceIntake;
  readonly #token: Uint8Array;
  readonly #room: BodyRoom;

  constructor({ intake, token, room }: WebhookNeeds) {
    this.#intake = intake;
    this.#token = digest(token);
    this.#room = room;
  }

  /**
   * Answers 200 only once every record would survive a power cut, and otherwise so that a sender which can tries again:
   * 503 when the records cannot be made durable, or too much is under way; 401 for a wrong token; 403 for what rules and
   * topics send; 413 and 400 for a body that is too large, that broke off, or that is no JSON. Never throws.
   */
  async handle(body: AsyncIterable<Uint8Array>, headers: WebhookHeaders): Promise<WebhookAnswer> {
    // Before the body is read: strangers get no memory of ours.
    if (!this.#knows(headers["authorization"])) return { status: 401, text: "the bearer token is not this source's" };
    // A rule that matches what its own target brings here would call it for ever.
    if (headers[DELIVERY_MARK_HEADER] !== undefined)
      return { status: 403, text: "a delivery is no server's audit log" };
    const read = await readBody(body, this.#room);
    try {
      if ("refused" in read) return read.refused;
      return await this.#takeText(read.text);
    } finally {
      this.#room.take(-read.taken);
    }
  }

  async #takeText(text: string): Promise<WebhookAnswer> {
    const { entries, broken } = entriesOf(text);
    if (entries.length === 0 && broken > 0) return { status: 400, text: "the body is not JSON" };
    try {
      const recorded = await this.#intake.take(entries);
      for (let line = 0; line < broken; line++) this.#intake.skip("not JSON");
      this.#intake.problem = undefined;
      return { status: 200, text: `recorded ${recorded}, skipped ${entries.length + broken - recorded}` };
    } catch (thrown) {
      this.#intake.problem = reason(thrown);
      return { status: 503, text: "the records could not be made durable; send them again" };
    }
  }

  /** MinIO sends its token as it was given, with or without the scheme. */
  #knows(authorization: string | readonly string[] | undefined): boolean {
    if (typeof authorization !== "string") return false;
    // Digests have one length, so that the comparison tells nothing of the token's.
    return timingSafeEqual(digest(authorization.replace(/^Bearer +/i, "")), this.#token);
  }
}

type Read =
  | { readonly text: string; readonly taken: number }
  | { readonly refused: WebhookAnswer; readonly taken: number };

async function readBody(body: AsyncIterable<Uint8Array>, room: BodyRoom): Promise<Read> {
  const chunks: Uint8Array[] = [];
  let taken = 0;
  try {
    for await (const chunk of body) {
      if (taken + chunk.length > BODY_BYTES_MAX) {
        return { refused: { status: 413, text: `a body has at most ${BODY_BYTES_MAX} bytes` }, taken };
      }
      if (!room.take(chunk.length)) {
        return { refused: { status: 503, text: "too much arrives at once; send it again" }, taken };
      }
      taken += chunk.length;
      chunks.push(chunk);
    }
  } catch {
    // The sender broke off: nobody hears the answer, and nothing of the body is used.
    return { refused: { status: 400, text: "the body broke off" }, taken };
  }
  return { text: Buffer.concat(chunks).toString("utf8"), taken };
}

/** The entries of a body, and how many of its lines are no JSON. */
function entriesOf(text: string): { readonly entries: readonly unknown[]; readonly broken: number } {
  if (text.trim() === "") return { entries: [], broken: 0 };
  const whole = parseJson(text);
  if (whole !== undefined) return { entries: listed(whole.value), broken: 0 };
  const lines = text.split("\n").filter((line) => line.trim() !== "");
  const parsed = lines.map(parseJson);
  const entries = parsed.flatMap((one) => (one === undefined ? [] : listed(one.value)));
  return { entries, broken: parsed.filter((one) => one === undefined).length };
}

function listed(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as readonly unknown[];
  if (isObject(value) && value["kind"] === "EventList" && Array.isArray(value["items"])) {
    return value["items"] as readonly unknown[];
  }
  return [value];
}

function parseJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: JSON.parse(text) as unknown };
  } catch {
    // The caller counts it.
    return undefined;
  }
}

function digest(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}
