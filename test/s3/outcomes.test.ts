import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "vitest";
import { settled } from "../gateway.ts";
import { type OwnS3, requestOf, type Sent, signedAs, startOwnS3 } from "../own-s3.ts";
import { RawSocket } from "../raw-socket.ts";

let s3: OwnS3;

beforeAll(async () => {
  s3 = await startOwnS3();
  await s3.ask("root", "PUT", "/logs");
});
afterAll(async () => await s3.close());
beforeEach(() => {
  s3.wants = () => true;
  s3.audit.records.length = s3.audit.intents.length = s3.errors.length = 0;
});

const KB = 1024;
const SMALL = 100;
/** Too large to be gathered before it is forwarded. */
const LARGE = 600 * KB;

interface Odd {
  readonly method?: string;
  readonly target?: string;
  readonly sent?: Sent;
  /** The headers as they are sent, changed after they were signed. */
  readonly tampered?: Readonly<Record<string, string>>;
  /** What is sent of the body before the client leaves. */
  readonly leavesAfter?: number;
  /** What it sends in the place of the rest. */
  readonly instead?: string;
}

/** Sends a request that goes wrong; resolves with the answer's status, or 0 when there is none. */
async function send({ method = "PUT", target = "/logs/odd", sent = {}, ...odd }: Odd): Promise<number> {
  const request = requestOf(s3.endpoint, method, target, sent);
  const signed = signedAs("root", request, "us-east-1", s3.clock.now);
  const headers = { "content-length": [String(request.body.length)], ...signed.headers, ...lists(odd.tampered ?? {}) };
  const pairs = Object.entries<readonly string[] | undefined>(headers);
  const lines = pairs.flatMap(([name, values = []]) => values.map((text) => `${name}: ${text}`));
  const socket = await RawSocket.open(s3.endpoint);
  await socket.write([`${method} ${target} HTTP/1.1`, ...lines, "", ""].join("\r\n"));
  await socket.write(request.body.subarray(0, odd.leavesAfter ?? request.body.length));
  if (odd.instead !== undefined) await socket.write(odd.instead);
  if (odd.leavesAfter !== undefined) socket.destroy();
  const answer = await socket.answer();
  socket.destroy();
  return answer?.status ?? 0;
}

function lists(headers: Readonly<Record<string, string>>): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, [value]]));
}

const ODD: readonly (readonly [what: string, odd: Odd, status: number])[] = [
  ["leaves in the middle of a small body", { sent: body(SMALL), leavesAfter: 50 }, 0],
  ["leaves in the middle of a large body", { sent: body(LARGE), leavesAfter: 400 * KB }, 0],
  ["leaves before a large body", { sent: body(LARGE), leavesAfter: 0 }, 0],
  ["sends another small body than it signed", { sent: body(SMALL), tampered: sha("0") }, 403],
  ["sends another large body than it declared", { sent: { ...body(LARGE), headers: sha("0") } }, 400],
  ["sends another checksum", { sent: { ...body(LARGE), headers: { "x-amz-checksum-crc32": "AAAAAA==" } } }, 400],
  ["sends another MD5", { sent: { ...body(SMALL), headers: { "content-md5": "AAAAAAAAAAAAAAAAAAAAAA==" } } }, 400],
  ["announces too much", { sent: { headers: { "content-length": String(6 * 1024 ** 3) } } }, 400],
  ["sends chunks that are none", { sent: chunked("zz\r\n") }, 400],
  [
    "sends chunks that are not signed",
    { sent: chunked(`5;chunk-signature=${"0".repeat(64)}\r\nhello\r\n0\r\n\r\n`) },
    403,
  ],
  ["asks for a bucket that is not there", { target: "/none/odd", sent: body(LARGE) }, 404],
  ["asks for what is not served", { target: "/logs/odd?torrent", method: "GET" }, 501],
  ["is denied", { target: "/logs/odd", sent: body(LARGE), tampered: { authorization: "none" } }, 400],
  ["sends XML that is none", { method: "POST", target: "/logs?delete", sent: { body: "<Delete>" } }, 400],
  ["leaves in the middle of XML", { method: "POST", target: "/logs?delete", sent: body(SMALL), leavesAfter: 10 }, 0],
  [
    "sends what is no HTTP in the middle of a body",
    { sent: stream(), tampered: te(), leavesAfter: 0, instead: "zz\r\n" },
    0,
  ],
];

function body(bytes: number): Sent {
  return { body: Buffer.alloc(bytes, 7) };
}

function sha(digit: string): Readonly<Record<string, string>> {
  return { "x-amz-content-sha256": digit.repeat(64) };
}

function chunked(text: string): Sent {
  const word = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
  return { body: text, headers: { "x-amz-content-sha256": word, "x-amz-decoded-content-length": "5" } };
}

function stream(): Sent {
  return { headers: { "x-amz-content-sha256": "UNSIGNED-PAYLOAD" } };
}

function te(): Readonly<Record<string, string>> {
  return { "transfer-encoding": "chunked", "content-length": "" };
}

/** Trails change while calls are under way: what is wanted is asked of the caller's trails, then of the owner's. */
const WANTS: readonly (readonly [when: string, wants: (asked: number) => boolean])[] = [
  ["is wanted", () => true],
  ["is not wanted", () => false],
  ["is wanted at first", (asked) => asked === 0],
  ["is wanted later", (asked) => asked > 1],
];

describe.each(WANTS)("a data event that %s", (_, wants) => {
  test.each(ODD)(
    "of a client that %s has its record or none, and leaves nothing behind",
    async (_what, odd, status) => {
      let asked = 0;
      s3.wants = () => wants(asked++);
      expect(await send(odd)).toBe(status);
      await settled();
      expect(s3.audit.untold).toEqual([]);
      expect((await s3.ask("root", "GET", "/logs?list-type=2")).text).not.toContain("<Key>");
      expect((await s3.ask("root", "GET", "/logs?versions")).text).not.toContain("<Key>");
      await expect.poll(unfinished).toEqual([]);
    },
  );
});

test("a client that leaves once all of it is sent has its record", async () => {
  expect(await send({ target: "/logs/whole", sent: body(LARGE), leavesAfter: LARGE })).toBe(0);
  await settled();
  await expect.poll(() => s3.audit.untold).toEqual([]);
  await expect.poll(unfinished).toEqual([]);
});

async function unfinished(): Promise<readonly string[]> {
  return await readdir(join(s3.dataDirectory, "buckets", ".unfinished"));
}
