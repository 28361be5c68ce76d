import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkChain, type ChunkSeed, formatTimestamp, readSignature, SignedChunkReader, verifyHead } from "./index.ts";

/**
 * The two worked examples of AWS's documentation (sigv4-streaming and sigv4-streaming-trailers): 65 KiB of `a` in two
 * chunks.
 */
const SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY";
const NOW = Date.parse("2013-05-24T00:00:00Z");
const SCOPE = { date: "20130524", region: "us-east-1", service: "s3" };
const DATA = [Buffer.alloc(65_536, "a"), Buffer.alloc(1_024, "a"), Buffer.alloc(0)];
const EXAMPLES = [
  {
    name: "without a trailer",
    seed: "4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9",
    chunks: [
      "ad80c730a21e5b8d04586a2213dd63b9a0e99e0e2307b0ade35a65485a288648",
      "0055627c9e194cb4542bae2aa5492e3c1575bbb81b612b7d234b86a503ef5497",
      "b6c6ea8a5354eaf15b3cb7646744f4275b71ea724fed81ceb9323e279d449df9",
    ],
  },
  {
    name: "with a trailer",
    seed: "106e2a8a18243abcf37539882f36619c00e2dfc72633413f02d3b74544bfeb8e",
    chunks: [
      "b474d8862b1487a5145d686f57f013e54db672cee1c953b3010fb58501ef5aa2",
      "1c1344b170168f8e65b41376b44b20fe354e373826ccbbe2c1d40a8cae51e5c7",
      "2ca2aba2005185cf7159c6277faf83795951dd77a3a99e6e65d5c9f85863f992",
    ],
    trailer: "d81f82fc3505edab99d459891051a732e8730629a2e4a59689829ca17fe2e435",
  },
];

function seed(signature: string): ChunkSeed {
  return { secretAccessKey: SECRET, scope: SCOPE, timestamp: formatTimestamp(NOW), signature };
}

describe("ChunkChain", () => {
  test.each(EXAMPLES)("ChunkChain gives the signatures of AWS's example $name", ({ seed: first, chunks, trailer }) => {
    const chain = new ChunkChain(seed(first));
    expect(DATA.map((data) => chain.next(data))).toEqual(chunks);
    expect(trailer && chain.trailer(["x-amz-checksum-crc32c:sOO8/Q=="])).toBe(trailer);
  });

  test("verifyHead() accepts the head of AWS's example without a trailer", () => {
    const names =
      "content-encoding;content-length;host;x-amz-content-sha256;x-amz-date;x-amz-decoded-content-length;x-amz-storage-class";
    const payload = "STREAMING-AWS4-HMAC-SHA256-PAYLOAD";
    const head = {
      method: "PUT",
      path: "/examplebucket/chunkObject.txt",
      query: "",
      headers: {
        host: ["s3.amazonaws.com"],
        "x-amz-date": ["20130524T000000Z"],
        "x-amz-storage-class": ["REDUCED_REDUNDANCY"],
        "x-amz-content-sha256": [payload],
        "content-encoding": ["aws-chunked"],
        "x-amz-decoded-content-length": ["66560"],
        "content-length": ["66824"],
        authorization: [
          `AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request, SignedHeaders=${names}, Signature=${EXAMPLES[0]?.seed}`,
        ],
      },
    };
    const signed = readSignature(head);
    if (signed === undefined) throw new Error("the example is signed");
    expect(() => verifyHead(head, signed, SECRET, payload, { now: NOW })).not.toThrow();
    expect(() => verifyHead(head, signed, SECRET, `${payload}-TRAILER`, { now: NOW })).toThrow("does not match");
  });
});

describe("SignedChunkReader", () => {
  const SIGNATURE = "0".repeat(64);
  const framed = (data: readonly string[], tail = "\r\n"): Buffer =>
    Buffer.from(
      `${data.map((text) => `${text.length.toString(16)};chunk-signature=${SIGNATURE}\r\n${text}\r\n`).join("")}0;chunk-signature=${SIGNATURE}\r\n${tail}`,
    );
  const readAll = (bytes: Uint8Array, cut = bytes.length): { data: string[]; tail: readonly string[] } => {
    const reader = new SignedChunkReader();
    const data: string[] = [];
    for (let at = 0; at < bytes.length; at += cut) {
      for (const chunk of reader.read(bytes.subarray(at, at + cut))) data.push(Buffer.from(chunk.data).toString());
    }
    return { data, tail: reader.end() };
  };

  test("SignedChunkReader gives the same chunks however the bytes are cut", () => {
    const texts = fc.array(fc.stringMatching(/^[a-z\r\n0;]{1,40}$/), { maxLength: 5 });
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 90 }), (data, cut) => {
        expect(readAll(framed(data), cut)).toEqual({ data: [...data, ""], tail: [] });
      }),
    );
  });

  test.each([
    ["as clients write it", "x-a:1\r\nx-b:2\r\n\r\n", ["x-a:1", "x-b:2"]],
    ["as the documentation shows it", "\r\nx-a:1\n\r\n", ["x-a:1"]],
    ["empty", "\r\n", []],
    ["absent", "", []],
  ])("SignedChunkReader reads a tail %s", (_, tail, lines) => expect(readAll(framed(["a"], tail)).tail).toEqual(lines));

  test.each([
    ["nothing", ""],
    ["no signature", "1\r\na\r\n0\r\n\r\n"],
    ["a short signature", "1;chunk-signature=00\r\na\r\n"],
    ["no last chunk", `1;chunk-signature=${SIGNATURE}\r\na\r\n`],
    ["half a chunk", `5;chunk-signature=${SIGNATURE}\r\nab`],
    ["a chunk longer than it says", `1;chunk-signature=${SIGNATURE}\r\nabcd\r\n`],
    ["an endless line", "0".repeat(300)],
    ["a negative length", `-1;chunk-signature=${SIGNATURE}\r\na\r\n`],
    ["an endless trailer", `0;chunk-signature=${SIGNATURE}\r\n${"x-a:1\r\n".repeat(3_000)}`],
  ])("SignedChunkReader refuses %s", (_, text) => {
    expect(() => readAll(Buffer.from(text))).toThrow(expect.objectContaining({ code: "IncompleteBody" }));
  });

  test("SignedChunkReader refuses a chunk longer than it would hold", () => {
    expect(() => readAll(Buffer.from(`1000001;chunk-signature=${SIGNATURE}\r\n`))).toThrow(
      expect.objectContaining({ code: "EntityTooLarge" }),
    );
  });
});
