import { Failure, isoSeconds, reason } from "../../core/index.ts";
import { fingerprintOf } from "../digest-file.ts";

/** A key with which digest files can be checked. */
export interface CheckingKey {
  readonly fingerprint: string;
  /** DER, PKCS#1 as it should be. */
  readonly value: Uint8Array;
}

/** Where public keys come from. */
export interface PublicKeys {
  /**
   * The key of a digest's Region, which need not be its trail's home, for one signed at about `signedMs`.
   * @throws {Failure} when there are no keys at all for the time.
   * @see https://docs.aws.amazon.com/awscloudtrail/latest/userguide/cloudtrail-log-file-custom-validation.html
   */
  find(region: string, fingerprint: string, signedMs: number): Promise<CheckingKey | undefined>;
}

/** Keys that were exported: they know no Region, their fingerprints are enough. */
export function exportedKeys(keys: readonly CheckingKey[]): PublicKeys {
  const byFingerprint = new Map(keys.map((key) => [key.fingerprint, key]));
  return { find: async (_, fingerprint) => byFingerprint.get(fingerprint) };
}

/** Lists the keys of a Region whose validity meets [fromMs, toMs]. */
export type ListKeys = (region: string, fromMs: number, toMs: number) => Promise<readonly CheckingKey[]>;

const HOUR_MS = 3_600_000;

/** Keys that a server is asked for: those of the whole range once, and whatever else a digest needs. */
export function askedKeys(list: ListKeys, range: { readonly fromMs: number; readonly toMs: number }): PublicKeys {
  const known = new Map<string, Promise<Map<string, CheckingKey>>>();
  const ask = (region: string, fromMs: number, toMs: number): Promise<Map<string, CheckingKey>> => {
    const place = `${region} ${fromMs} ${toMs}`;
    const asked =
      known.get(place) ?? list(region, fromMs, toMs).then((keys) => new Map(keys.map((key) => [key.fingerprint, key])));
    known.set(place, asked);
    return asked;
  };
  return {
    find: async (region, fingerprint, signedMs) => {
      const [fromMs, toMs] = [range.fromMs, range.toMs + 2 * HOUR_MS];
      const all = await ask(region, fromMs, toMs);
      if (all.has(fingerprint)) return all.get(fingerprint);
      if (signedMs >= fromMs && signedMs <= toMs) {
        if (all.size > 0) return undefined;
        throw new Failure(`no public keys found between ${isoSeconds(fromMs)} and ${isoSeconds(toMs)} in ${region}`);
      }
      // Backfill digests are signed with the key of when they were made, which may be long after their hour.
      return (await ask(region, signedMs - HOUR_MS, signedMs + HOUR_MS)).get(fingerprint);
    },
  };
}

/**
 * Reads what `aws cloudtrail list-public-keys` printed.
 * @throws {Failure} when it is something else, or a key is not the one that its fingerprint names.
 */
export function parsePublicKeys(text: string): readonly CheckingKey[] {
  const list = publicKeyList(text);
  return list.map((entry) => {
    const { Value: value, Fingerprint: fingerprint } = entry as {
      readonly Value?: unknown;
      readonly Fingerprint?: unknown;
    };
    if (typeof value !== "string" || typeof fingerprint !== "string") {
      throw new Failure("a key has no Value or Fingerprint");
    }
    const der = Buffer.from(value, "base64");
    const own = fingerprintOf(der);
    if (own !== fingerprint.toLowerCase()) throw new Failure(`the key ${fingerprint} has the fingerprint ${own}`);
    return { fingerprint: own, value: der };
  });
}

function publicKeyList(text: string): readonly object[] {
  let file: unknown;
  try {
    file = JSON.parse(text);
  } catch (cause) {
    throw new Failure(`it is no JSON: ${reason(cause)}`);
  }
  const list: unknown = Array.isArray(file) ? file : (file as { PublicKeyList?: unknown } | null)?.PublicKeyList;
  if (!Array.isArray(list) || !list.every((entry) => typeof entry === "object" && entry !== null)) {
    throw new Failure("it has no PublicKeyList");
  }
  return list;
}
