import { Readable } from "node:stream";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { outgoing } from "../../../test/heard-answer.ts";
import type { OutgoingRequest } from "./upstream.ts";
import { answerFields, NotHttp, requestHead, trailerFields } from "./upstream-fields.ts";

const whole = { kind: "whole", bytes: Buffer.from("12345") } as const;
const stream = { kind: "stream", readable: Readable.from([]), trailers: () => [] } as const;

/** The lines of a head after the first, without the empty one. */
function linesOf(rawHeaders: readonly string[], over: Partial<OutgoingRequest> = {}, upgrade = false): string[] {
  const head = requestHead(outgoing({ rawHeaders, ...over }), upgrade);
  expect(head.endsWith("\r\n\r\n")).toBe(true);
  return head.slice(0, -4).split("\r\n").slice(1);
}

describe("requestHead()", () => {
  test("keeps the target, and names and values in order, case and number", () => {
    const rawHeaders = ["hOST", "a.example:80", "X-A", "1", "x-b", "", "X-a", "2", "X-Amz-Meta-|", "\xe9\t\xff"];
    expect(requestHead(outgoing({ method: "LIST", target: "/a%2f..//b?x=%zz&;=\xe9", rawHeaders }), false)).toBe(
      "LIST /a%2f..//b?x=%zz&;=\xe9 HTTP/1.1\r\nhOST: a.example:80\r\nX-A: 1\r\nx-b: \r\nX-a: 2\r\nX-Amz-Meta-|: \xe9\t\xff\r\n\r\n",
    );
  });

  test.each<[what: string, rawHeaders: string[], over: Partial<OutgoingRequest>, lines: string[]]>([
    [
      "a length of ours where the client's stood",
      ["CONTENT-length", "9", "A", "b"],
      { body: whole },
      ["CONTENT-length: 5", "A: b"],
    ],
    ["one length for two", ["Content-Length", "5", "content-length", "6"], { body: whole }, ["Content-Length: 5"]],
    ["a length last when the client gave none", ["A", "b"], { body: whole }, ["A: b", "Content-Length: 5"]],
    [
      "a length instead of the client's coding",
      ["Transfer-Encoding", "chunked"],
      { body: whole },
      ["Content-Length: 5"],
    ],
    ["no length without a body", ["A", "b"], {}, ["A: b"]],
    ["the client's length of 0", ["content-length", "0", "A", "b"], {}, ["content-length: 0", "A: b"]],
    ["a length of 0 when there is no body after all", ["Content-Length", "7"], {}, ["Content-Length: 0"]],
    ["a length of 0 for an empty body", [], { body: { kind: "whole", bytes: Buffer.alloc(0) } }, ["Content-Length: 0"]],
    ["the length of a stream", ["Content-Length", "7"], { body: { ...stream, length: 7 } }, ["Content-Length: 7"]],
    [
      "chunks where the client's coding stood",
      ["transfer-encoding", "gzip, chunked", "A", "b"],
      { body: stream },
      ["transfer-encoding: chunked", "A: b"],
    ],
    ["chunks instead of a length", ["Content-Length", "7"], { body: stream }, ["Transfer-Encoding: chunked"]],
  ])("writes %s", (_, rawHeaders, over, lines) => expect(linesOf(rawHeaders, over)).toEqual(lines));

  test("leaves out what belongs to the client's connection, and what that names", () => {
    const kept = ["Host", "h", "Trailer", "X-T", "Via", "1.1 a"];
    const own = [
      "Connection",
      "close, X-Hop ,x-other",
      "CONNECTION",
      "x-third,",
      "X-HOP",
      "1",
      "x-Other",
      "2",
      "X-Third",
      "3",
    ];
    const known = [
      "Keep-Alive",
      "timeout=5",
      "Proxy-Connection",
      "keep-alive",
      "Proxy-Authorization",
      "Basic a",
      "Upgrade",
      "h2c",
      "TE",
      "gzip",
    ];
    expect(linesOf([...own, ...kept, ...known])).toEqual(["Host: h", "Trailer: X-T", "Via: 1.1 a"]);
  });

  test.each([
    "Host",
    "Authorization",
    "X-Amz-Target",
    "X-Amz-Security-Token",
    "Content-Type",
    "Content-MD5",
    "Date",
    "Cookie",
  ])("sends %s even when Connection names it: the record says that it was sent", (name) =>
    expect(linesOf(["Connection", name, name, "v"])).toEqual([`${name}: v`]),
  );

  test("says that trailers are welcome when the client does", () => {
    expect(linesOf(["te", "deflate, Trailers", "A", "b"])).toEqual(["te: trailers", "A: b", "Connection: TE"]);
  });

  test("passes an upgrade on only when one is made", () => {
    const rawHeaders = ["Connection", "Upgrade", "Upgrade", "websocket", "Sec-WebSocket-Key", "k"];
    expect(linesOf(rawHeaders)).toEqual(["Sec-WebSocket-Key: k"]);
    expect(linesOf(rawHeaders, {}, true)).toEqual([
      "Upgrade: websocket",
      "Sec-WebSocket-Key: k",
      "Connection: Upgrade",
    ]);
  });

  test.each<[what: string, over: Partial<OutgoingRequest>, lines: string[]]>([
    [
      "asks for leave where the client did",
      { expectContinue: true, body: { ...stream, length: 3 } },
      ["EXPECT: 100-continue", "A: b", "Content-Length: 3"],
    ],
    ["does not ask for a body that it has", { expectContinue: true, body: whole }, ["A: b", "Content-Length: 5"]],
    [
      "does not ask for an empty one",
      { expectContinue: true, body: { ...stream, length: 0 } },
      ["A: b", "Content-Length: 0"],
    ],
    ["does not ask when the gateway does not", { body: { ...stream, length: 3 } }, ["A: b", "Content-Length: 3"]],
  ])("%s", (_, over, lines) => expect(linesOf(["EXPECT", "100-Continue", "A", "b"], over)).toEqual(lines));

  test.each<[what: string, over: Partial<OutgoingRequest>]>([
    ["a line end in a value", { rawHeaders: ["A", "b\r\nX: y"] }],
    ["a bare line feed in a value", { rawHeaders: ["A", "b\nX: y"] }],
    ["a character whose low byte is a line feed", { rawHeaders: ["A", "b\u010aX: y"] }],
    ["a NUL in a value", { rawHeaders: ["A", "\0"] }],
    ["a line end in a name", { rawHeaders: ["A\r\nX", "b"] }],
    ["a colon in a name", { rawHeaders: ["A:", "b"] }],
    ["an empty name", { rawHeaders: ["", "b"] }],
    ["a blank in the target", { target: "/ HTTP/1.1" }],
    ["a line end in the target", { target: "/\r\nX: y" }],
    ["an empty target", { target: "" }],
    ["a blank in the method", { method: "GET /" }],
    ["a tunnel", { method: "CONNECT", target: "a:443" }],
  ])("refuses %s", (_, over) => expect(() => requestHead(outgoing(over), false)).toThrow(NotHttp));

  test("writes as many lines as there are headers, whatever they hold, or nothing", () => {
    const text = fc.string({
      unit: fc.oneof(
        fc.constantFrom("\r", "\n", ":", " ", "\0", "\u010d", "a"),
        fc.string({ minLength: 1, maxLength: 1 }),
      ),
    });
    fc.assert(
      fc.property(fc.array(fc.tuple(text, text)), text, (headers, target) => {
        const head = headOrNone(outgoing({ rawHeaders: headers.flat(), target }));
        if (head === undefined) return;
        const written = Buffer.from(head, "latin1").toString("latin1");
        expect(written.split(/[\r\n]+/).length - 2).toBeLessThanOrEqual(headers.length + 1);
        expect(written.split(/[\r\n]+/)[0]?.split(" ").length).toBe(3);
      }),
    );
  });
});

/** Undefined when the request is refused. */
function headOrNone(request: OutgoingRequest): string | undefined {
  try {
    return requestHead(request, false);
  } catch (refused) {
    if (refused instanceof NotHttp) return undefined;
    throw refused;
  }
}

describe("answerFields()", () => {
  test("keeps what is for the client as it came", () => {
    const kept = ["content-LENGTH", "3", "Set-Cookie", "a", "set-cookie", "b", "Trailer", "X-T", "ETag", '"x"'];
    const hops = [
      "Connection",
      "x-hop, content-length, etag2",
      "X-Hop",
      "1",
      "Keep-Alive",
      "timeout=5",
      "Transfer-Encoding",
      "chunked",
      "Upgrade",
      "h2c",
      "Proxy-Authenticate",
      "Basic",
    ];
    expect(answerFields([...hops, ...kept])).toEqual(kept);
  });
});

describe("trailerFields()", () => {
  test("keeps what may come behind a body", () => {
    const kept = ["x-amz-checksum-crc32", "AAAAAA==", "Grpc-Status", "0"];
    const never = [
      "Content-Length",
      "3",
      "Transfer-Encoding",
      "chunked",
      "Host",
      "a",
      "Connection",
      "close",
      "Authorization",
      "b",
    ];
    expect(trailerFields([...never, ...kept])).toEqual(kept);
  });

  test("refuses what could end its line", () => {
    expect(() => trailerFields(["a", "b\r\n\r\nGET / HTTP/1.1"])).toThrow(NotHttp);
  });
});
