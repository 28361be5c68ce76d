import { createPrivateKey, createPublicKey, sign } from "node:crypto";
import { bits, type Der, explicit, integer, nothing, objectId, sequence, set, time, utf8 } from "./der.ts";

export interface CertificateFacts {
  /** Who it is about; it is its own issuer. */
  readonly commonName: string;
  /** Up to 20 bytes, which tell it from every other one of that issuer. */
  readonly serial: Uint8Array;
  /** Milliseconds since 1970. */
  readonly validFrom: number;
  readonly validTo: number;
}

/**
 * A certificate that signs itself, as PEM: receivers of messages take the public key out of it.
 * `privateKey` is an RSA key as PKCS #8 PEM.
 * @see https://www.rfc-editor.org/rfc/rfc5280#section-4.1
 */
export function selfSignedCertificate(privateKey: string, facts: CertificateFacts): string {
  const key = createPrivateKey(privateKey);
  const name = sequence(set(sequence(objectId(COMMON_NAME), utf8(facts.commonName))));
  const content = sequence(
    explicit(0, integer(Uint8Array.of(VERSION_3))),
    integer(facts.serial),
    signatureAlgorithm(),
    name,
    sequence(time(facts.validFrom), time(facts.validTo)),
    name,
    createPublicKey(key).export({ type: "spki", format: "der" }),
  );
  return pem(sequence(content, signatureAlgorithm(), bits(sign("sha256", content, key))));
}

const COMMON_NAME = "2.5.4.3";
const SHA256_WITH_RSA = "1.2.840.113549.1.1.11";
/** Counted from 0. */
const VERSION_3 = 2;

function signatureAlgorithm(): Der {
  return sequence(objectId(SHA256_WITH_RSA), nothing());
}

function pem(der: Der): string {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`;
}
