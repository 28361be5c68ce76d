import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { AnswerReader } from "./upstream-answer.ts";
import { NotHttp } from "./upstream-fields.ts";

/** What a reader told, the pieces of a body joined; `broken` says why it gave up. */
interface Told {
  events: string[];
  body: string;
  broken?: string;
}

interface Reading {
  readonly method?: string;
  readonly upgrade?: boolean;
  /** Whether the connection ends behind the bytes. */
  readonly ends?: boolean;
}

function read(pieces: readonly Buffer[], { method = "GET", upgrade = false, ends = false }: Reading = {}): Told {
  const told: Told = { events: [], body: "" };
  const reader = new AnswerReader({
    continued: () => told.events.push("100"),
    switched: (head, headBytes, rest) =>
      told.events.push(
        `switched ${head.statusMessage} ${headBytes.toString("latin1")}`,
        `rest ${rest.toString("latin1")}`,
      ),
    head: (status, message, rawHeaders) => told.events.push(`${status} ${message}`, JSON.stringify(rawHeaders)),
    data: (chunk) => (told.body += chunk.toString("latin1")),
    end: (rawTrailers, reusable) =>
      told.events.push(`end ${JSON.stringify(rawTrailers)}${reusable ? " reusable" : ""}`),
  });
  reader.start(method, upgrade);
  try {
    for (const piece of pieces) if (reader.busy) reader.read(piece);
    if (ends && reader.busy) reader.ended();
  } catch (cause) {
    if (!(cause instanceof NotHttp)) throw cause;
    told.broken = cause.message;
  }
  return told;
}

function readText(text: string, reading?: Reading): Told {
  return read([Buffer.from(text, "latin1")], reading);
}

/** Cuts into pieces of the sizes given, again and again. */
function cut(bytes: Buffer, sizes: readonly number[]): Buffer[] {
  const pieces: Buffer[] = [];
  for (let at = 0, turn = 0; at < bytes.length; turn++) {
    const size = sizes[turn % sizes.length] ?? 1;
    pieces.push(bytes.subarray(at, at + size));
    at += size;
  }
  return pieces;
}

const CHUNKED = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

const GOOD: readonly [what: string, text: string, told: Told, reading?: Reading][] = [
  [
    "a length",
    "HTTP/1.1 200 OK\r\nX-B: 1\r\nx-a:\t 2 3\t \r\nX-B:\r\nContent-Length: 3\r\n\r\nabc",
    { events: ["200 OK", '["X-B","1","x-a","2 3","X-B","","Content-Length","3"]', "end [] reusable"], body: "abc" },
  ],
  [
    "no reason",
    "HTTP/1.1 404\r\nContent-Length: 0\r\n\r\n",
    { events: ["404 ", '["Content-Length","0"]', "end [] reusable"], body: "" },
  ],
  [
    "a reason in another alphabet",
    "HTTP/1.1 499 \xe9 t\xe9\r\ncontent-length: 0\r\n\r\n",
    { events: ["499 \xe9 t\xe9", '["content-length","0"]', "end [] reusable"], body: "" },
  ],
  [
    "Connection: close",
    "HTTP/1.1 200 OK\r\nConnection: Close\r\nContent-Length: 1\r\n\r\na",
    { events: ["200 OK", '["Content-Length","1"]', "end []"], body: "a" },
  ],
  [
    "more behind its end",
    "HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nab",
    { events: ["200 OK", '["Content-Length","1"]', "end []"], body: "a" },
  ],
  [
    "HTTP/1.0",
    "HTTP/1.0 200 OK\r\nContent-Length: 1\r\n\r\na",
    { events: ["200 OK", '["Content-Length","1"]', "end []"], body: "a" },
  ],
  [
    "HTTP/1.0 that is kept",
    "HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 1\r\n\r\na",
    { events: ["200 OK", '["Content-Length","1"]', "end [] reusable"], body: "a" },
  ],
  ["no length", "HTTP/1.1 200 OK\r\n\r\nabc", { events: ["200 OK", "[]", "end []"], body: "abc" }, { ends: true }],
  ["no body at all", "HTTP/1.1 200 OK\r\n\r\n", { events: ["200 OK", "[]", "end []"], body: "" }, { ends: true }],
  [
    "the answer to HEAD",
    "HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n",
    { events: ["200 OK", '["Content-Length","7"]', "end [] reusable"], body: "" },
    { method: "HEAD" },
  ],
  ["a chunked answer to HEAD", CHUNKED, { events: ["200 OK", "[]", "end [] reusable"], body: "" }, { method: "HEAD" }],
  [
    "304 with the length of what was not sent",
    "HTTP/1.1 304 N\r\nContent-Length: 7\r\n\r\n",
    { events: ["304 N", '["Content-Length","7"]', "end [] reusable"], body: "" },
  ],
  ["204", "HTTP/1.1 204 N\r\n\r\n", { events: ["204 N", "[]", "end [] reusable"], body: "" }],
  [
    "interim answers",
    "HTTP/1.1 102 P\r\n\r\nHTTP/1.1 103 E\r\nLink: a\r\n\r\nHTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\na",
    { events: ["100", "200 OK", '["Content-Length","1"]', "end [] reusable"], body: "a" },
  ],
  [
    "chunks",
    `${CHUNKED}1\r\na\r\n00000A;name="v;x"\r\n0123456789\r\n2 \t;\r\n\r\n\r\n0\r\n\r\n`,
    { events: ["200 OK", "[]", "end [] reusable"], body: "a0123456789\r\n" },
  ],
  [
    "trailers",
    `${CHUNKED}1\r\na\r\n0;last\r\nX-T:  1 \r\nContent-Length: 9\r\nx-t: 2\r\n\r\n`,
    { events: ["200 OK", "[]", 'end ["X-T","1","x-t","2"] reusable'], body: "a" },
  ],
  [
    "an upgrade",
    "HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n\0\r\n\r\nHTTP",
    { events: ["switched Go HTTP/1.1 101 Go\r\nUpgrade: x\r\n\r\n", "rest \0\r\n\r\nHTTP"], body: "" },
    { upgrade: true },
  ],
];

const HEAD = "HTTP/1.1 200 OK\r\n";

const BAD: readonly [what: string, text: string, reading?: Reading][] = [
  ["another protocol", "SSH-2.0-OpenSSH_9.2\r\n"],
  ["an empty line first", "\r\nHTTP/1.1 200 OK\r\n\r\n"],
  ["HTTP/2", "HTTP/2.0 200 OK\r\n\r\n"],
  ["HTTP/0.9", "<html>"],
  ["two digits of status", "HTTP/1.1 20 OK\r\n\r\n"],
  ["four digits of status", "HTTP/1.1 2000 OK\r\n\r\n"],
  ["status 099", "HTTP/1.1 099 OK\r\n\r\n"],
  ["two blanks", "HTTP/1.1  200 OK\r\n\r\n"],
  ["a bare CR in the reason", "HTTP/1.1 200 O\rK\r\n\r\n"],
  ["a bare LF as line end", "HTTP/1.1 200 OK\nContent-Length: 0\n\n"],
  ["a bare LF in a value", `${HEAD}A: b\nC: d\r\n\r\n`],
  ["a bare CR in a value", `${HEAD}A: b\rC: d\r\n\r\n`],
  ["a NUL in a value", `${HEAD}A: \0\r\n\r\n`],
  ["a folded line", `${HEAD}A: b\r\n c\r\n\r\n`],
  ["a blank before the colon", `${HEAD}Content-Length : 0\r\n\r\n`],
  ["no colon", `${HEAD}abc\r\n\r\n`],
  ["no name", `${HEAD}: b\r\n\r\n`],
  ["a head that is too long", `${HEAD}A: ${"b".repeat(65_536)}\r\n\r\n`],
  ["a head that does not end", `${HEAD}${"A: b\r\n".repeat(11_000)}`],
  ["two lengths", `${HEAD}Content-Length: 1\r\nContent-Length: 1\r\n\r\na`],
  ["two lengths in one", `${HEAD}Content-Length: 1, 1\r\n\r\na`],
  ["a signed length", `${HEAD}Content-Length: +1\r\n\r\na`],
  ["a length in hex", `${HEAD}Content-Length: 0x1\r\n\r\na`],
  ["an empty length", `${HEAD}Content-Length:\r\n\r\na`],
  ["a length beyond numbers", `${HEAD}Content-Length: 9999999999999999\r\n\r\na`],
  ["a length and chunks", `${HEAD}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["another transfer coding", `${HEAD}Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n`],
  ["a coding that only looks chunked", `${HEAD}Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n`],
  ["two codings", `${HEAD}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n`],
  ["chunks in HTTP/1.0", "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["chunks in 204", "HTTP/1.1 204 N\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n"],
  ["an upgrade that nobody wanted", "HTTP/1.1 101 S\r\nUpgrade: x\r\n\r\n"],
  ["no chunk size", `${CHUNKED}\r\n`],
  ["a signed chunk size", `${CHUNKED}+1\r\na\r\n0\r\n\r\n`],
  ["a negative chunk size", `${CHUNKED}-1\r\na\r\n0\r\n\r\n`],
  ["a chunk size with a prefix", `${CHUNKED}0x1\r\na\r\n0\r\n\r\n`],
  ["a chunk size beyond numbers", `${CHUNKED}FFFFFFFFFFFFF\r\n`],
  ["a chunk size with a bare LF", `${CHUNKED}1\na\r\n0\r\n\r\n`],
  ["a chunk extension with a bare CR", `${CHUNKED}1;a\rb\r\na\r\n0\r\n\r\n`],
  ["a chunk extension without end", `${CHUNKED}1;${"a".repeat(2_000)}`],
  ["a chunk longer than it says", `${CHUNKED}1\r\nab\r\n0\r\n\r\n`],
  ["a chunk without its end", `${CHUNKED}1\r\na0\r\n\r\n`],
  ["a trailer without a colon", `${CHUNKED}0\r\nabc\r\n\r\n`],
  ["a folded trailer", `${CHUNKED}0\r\na: b\r\n c\r\n\r\n`],
  ["trailers that are too long", `${CHUNKED}0\r\n${"A: b\r\n".repeat(11_000)}`],
  ["an end before the head", "HTTP/1.1 200 O", { ends: true }],
  ["an end without an answer", "", { ends: true }],
  ["an end behind an interim answer", "HTTP/1.1 100 C\r\n\r\n", { ends: true }],
  ["an end within a length", `${HEAD}Content-Length: 5\r\n\r\nabc`, { ends: true }],
  ["an end within a chunk", `${CHUNKED}5\r\nabc`, { ends: true }],
  ["an end between chunks", `${CHUNKED}1\r\na\r\n`, { ends: true }],
  ["an end before the trailers' end", `${CHUNKED}0\r\nA: b\r\n`, { ends: true }],
];

describe("AnswerReader", () => {
  test.each(GOOD)("reads %s", (_, text, told, reading) => expect(readText(text, reading)).toEqual(told));

  test.each(GOOD)("reads %s the same in pieces of any size", (_, text, told, reading) => {
    const bytes = Buffer.from(text, "latin1");
    const pieces = fc.array(fc.integer({ min: 1, max: 20 }), { minLength: 1, maxLength: 5 });
    fc.assert(
      fc.property(pieces, (sizes) => {
        const found = read(cut(bytes, sizes), reading);
        // What comes behind the end is seen only when it comes together with it, and belongs to nobody otherwise.
        const events = found.events.map((event, at) => (told.events[at]?.startsWith("rest") ? told.events[at] : event));
        if (text.endsWith("\r\n\r\nab")) events.splice(-1, 1, told.events.at(-1) as string);
        expect({ ...found, events }).toEqual(told);
      }),
      { numRuns: 50, examples: [[[1]], [[2]]] },
    );
  });

  test.each(BAD)("gives up on %s", (_, text, reading) => {
    const bytes = Buffer.from(text, "latin1");
    expect(read([bytes], reading).broken).toBeDefined();
    expect(read(cut(bytes, [1]), reading).broken).toBeDefined();
  });

  test("never tells a header with a control character, a second head, or anything after the end, whatever comes", () => {
    const alphabet = [
      "HTTP/1.1 200 OK\r\n",
      "\r\n",
      "\n",
      "\r",
      "Content-Length: 3",
      "Transfer-Encoding: chunked",
      ":",
      " ",
      "3",
      "0",
      "abc",
      "\0",
    ];
    const bytes = fc.oneof(
      fc
        .array(fc.constantFrom(...alphabet), { maxLength: 30 })
        .map((parts) => Buffer.from(`HTTP/1.1 200 OK\r\n${parts.join("")}`, "latin1")),
      fc
        .array(fc.constantFrom(...alphabet), { maxLength: 30 })
        .map((parts) => Buffer.from(CHUNKED + parts.join(""), "latin1")),
      fc.uint8Array({ maxLength: 100 }).map((random) => Buffer.from(random)),
    );
    fc.assert(
      fc.property(bytes, fc.integer({ min: 1, max: 100 }), fc.boolean(), (all, size, ends) => {
        const { events } = read(cut(all, [size]), { ends });
        expect(events.filter((event) => event.startsWith("end")).length).toBeLessThan(2);
        expect(events.filter((event) => /^\d+ /.test(event)).length).toBeLessThan(2);
        expect(events.findIndex((event) => event.startsWith("end"))).toBeOneOf([-1, events.length - 1]);
        expect(Buffer.from(events.join("").replaceAll("\t", "")).every((byte) => byte >= 0x20)).toBe(true);
      }),
      { numRuns: 2_000 },
    );
  });

  test("reads every good answer with one byte changed as an answer or not at all", () => {
    for (const [, text, , reading] of GOOD) {
      const bytes = Buffer.from(text, "latin1");
      for (let at = 0; at < bytes.length; at++) {
        for (const byte of [0x00, 0x0a, 0x0d, 0x20, 0x3a, 0x39, 0xff]) {
          const changed = Buffer.from(bytes);
          changed[at] = byte;
          const told = read([changed], { ...reading, ends: true });
          const ended = told.events.some((event) => /^(end|switched)/.test(event));
          expect(ended).toBe(told.broken === undefined);
        }
      }
    }
  });

  test("holds a body back no longer than it takes to come", () => {
    const chunks: string[] = [];
    const reader = new AnswerReader({
      continued: () => undefined,
      switched: () => undefined,
      head: () => chunks.push("head"),
      data: (chunk) => chunks.push(chunk.toString()),
      end: () => chunks.push("end"),
    });
    reader.start("GET", false);
    const after: number[] = [];
    for (const piece of [CHUNKED, "5\r\nab", "cde", "\r\n1\r", "\nf\r\n", "0\r\n", "\r\n"]) {
      reader.read(Buffer.from(piece));
      after.push(chunks.length);
    }
    expect(chunks).toEqual(["head", "ab", "cde", "f", "end"]);
    expect(after).toEqual([1, 2, 3, 3, 4, 4, 5]);
  });

  test("tells nothing more once it was stopped", () => {
    const told: string[] = [];
    const reader: AnswerReader = new AnswerReader({
      continued: () => undefined,
      switched: () => undefined,
      head: () => told.push("head"),
      data: () => {
        told.push("data");
        reader.stop();
      },
      end: () => told.push("end"),
    });
    reader.start("GET", false);
    reader.read(Buffer.from(`${CHUNKED}1\r\na\r\n1\r\nb\r\n0\r\n\r\n`));
    expect(told).toEqual(["head", "data"]);
  });
});
