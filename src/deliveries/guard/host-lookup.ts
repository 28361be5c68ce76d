import { type LookupAddress, promises } from "node:dns";
import type { Clock } from "../../core/index.ts";

/** The addresses of a host, as the system resolves names. Rejects as `dns.lookup` does. */
export type HostLookup = (host: string) => Promise<readonly LookupAddress[]>;

/**
 * The system resolves names in four threads, which files use too; a name whose servers are silent holds one for many
 * seconds. So few are resolved at once, and what was resolved lately is good enough while it is asked anew.
 */
const AT_ONCE = 2;
const FRESH_MS = 30_000;
const USABLE_MS = 600_000;
const HOSTS_MAX = 20_000;

interface Known {
  readonly addresses: readonly LookupAddress[];
  readonly at: number;
}

export function openHostLookup(
  clock: Clock,
  resolve: HostLookup = (host) => promises.lookup(host, { all: true }),
): HostLookup {
  const known = new Map<string, Known>();
  const underWay = new Map<string, Promise<readonly LookupAddress[]>>();
  const waiting: (() => void)[] = [];
  let running = 0;

  const ask = async (host: string): Promise<readonly LookupAddress[]> => {
    if (running >= AT_ONCE) await new Promise<void>((turn) => waiting.push(turn));
    else running++;
    try {
      const addresses = await resolve(host);
      if (known.size >= HOSTS_MAX) known.clear();
      known.set(host, { addresses, at: clock.elapsed() });
      return addresses;
    } finally {
      const next = waiting.shift();
      if (next === undefined) running--;
      else next();
      underWay.delete(host);
    }
  };
  const askOnce = (host: string): Promise<readonly LookupAddress[]> => {
    const asked = underWay.get(host) ?? ask(host);
    underWay.set(host, asked);
    return asked;
  };

  return async (host) => {
    const last = known.get(host);
    const age = last === undefined ? Number.POSITIVE_INFINITY : clock.elapsed() - last.at;
    if (last === undefined || age > USABLE_MS) return await askOnce(host);
    // Whoever needs the new answer, because the old one is too old, meets its failure.
    if (age > FRESH_MS) askOnce(host).catch(() => undefined);
    return last.addresses;
  };
}
