import { generateKeyPairSync, X509Certificate } from "node:crypto";
import { describe, expect, test } from "vitest";
import { selfSignedCertificate } from "./certificate.ts";
import { integer, objectId, time } from "./der.ts";

const pair = generateKeyPairSync("rsa", { modulusLength: 2048 });
const privateKey = pair.privateKey.export({ type: "pkcs8", format: "pem" }).toString();

describe("selfSignedCertificate()", () => {
  test("is read by others as it was meant", () => {
    const certificate = new X509Certificate(
      selfSignedCertificate(privateKey, {
        commonName: "OpenTrail",
        serial: Uint8Array.from({ length: 16 }, (_, index) => 0xf0 + index),
        validFrom: Date.UTC(2026, 10, 20, 12, 0, 0, 789),
        validTo: Date.UTC(2056, 0, 2, 3, 4, 5),
      }),
    );
    expect(certificate.subject).toBe("CN=OpenTrail");
    expect(certificate.issuer).toBe("CN=OpenTrail");
    expect(certificate.serialNumber).toBe("F0F1F2F3F4F5F6F7F8F9FAFBFCFDFEFF");
    expect(certificate.validFromDate.toISOString()).toBe("2026-11-20T12:00:00.000Z");
    expect(certificate.validToDate.toISOString()).toBe("2056-01-02T03:04:05.000Z");
    expect(certificate.publicKey.equals(pair.publicKey)).toBe(true);
    expect(certificate.verify(pair.publicKey)).toBe(true);
    expect(certificate.checkIssued(certificate)).toBe(true);
  });
});

describe("DER", () => {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString("hex");

  test.each([
    [[0], "020100"],
    [[0, 0, 1], "020101"],
    [[0x7f], "02017f"],
    [[0x80], "02020080"],
    [[0, 0xff, 0], "020300ff00"],
  ])("integer(%j) is the shortest that is not negative", (bytes, expected) => {
    expect(hex(integer(Uint8Array.from(bytes)))).toBe(expected);
  });

  test.each([
    ["2.5.4.3", "0603550403"],
    ["1.2.840.113549.1.1.11", "06092a864886f70d01010b"],
  ])("objectId(%s) packs seven bits a byte", (dotted, expected) => expect(hex(objectId(dotted))).toBe(expected));

  test.each([
    [Date.UTC(2049, 11, 31, 23, 59, 59), "170d", "491231235959Z"],
    [Date.UTC(2050, 0, 1), "180f", "20500101000000Z"],
  ])("time(%d) has two digits for years to 2049", (ms, head, text) => {
    expect(hex(time(ms))).toBe(head + hex(Buffer.from(text)));
  });
});
