import { createHmac, createSecretKey, type KeyObject } from "node:crypto";
import { sha256 } from "./canonical.ts";

/** The only algorithm we speak. */
export const ALGORITHM = "AWS4-HMAC-SHA256";

/** What a signature is bound to beside the request: day, Region and service. */
export interface Scope {
  /** `20150830` */
  readonly date: string;
  readonly region: string;
  readonly service: string;
}

export function formatScope(scope: Scope): string {
  return `${scope.date}/${scope.region}/${scope.service}/aws4_request`;
}

/** `timestamp` is in the basic form, `20150830T123600Z`. */
export function stringToSign(timestamp: string, scope: Scope, canonical: string): string {
  return [ALGORITHM, timestamp, formatScope(scope), sha256(canonical)].join("\n");
}

/** The signature, 64 hexadecimal digits in lower case. */
export function sign(secretAccessKey: string, scope: Scope, text: string): string {
  return createHmac("sha256", signingKey(secretAccessKey, scope)).update(text, "latin1").digest("hex");
}

/**
 * Four HMACs make the key of a secret, day, Region and service. The same few come again and again, so they are kept:
 * a pure function's memory, whose bound holds off callers who make up Regions and services. They are kept as key
 * objects, since an HMAC with plain bytes for a key costs seven times as much (14 against 2 µs).
 */
const signingKeys = new Map<string, KeyObject>();
const SIGNING_KEYS_MAX = 1_000;

function signingKey(secretAccessKey: string, scope: Scope): KeyObject {
  const name = `${secretAccessKey}\n${formatScope(scope)}`;
  const known = signingKeys.get(name);
  if (known !== undefined) return known;
  const steps = [scope.date, scope.region, scope.service, "aws4_request"];
  const bytes = steps.reduce(
    (secret, step) => createHmac("sha256", secret).update(step, "latin1").digest(),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  const key = createSecretKey(bytes);
  const oldest = signingKeys.keys().next();
  if (signingKeys.size >= SIGNING_KEYS_MAX && !oldest.done) signingKeys.delete(oldest.value);
  signingKeys.set(name, key);
  return key;
}
