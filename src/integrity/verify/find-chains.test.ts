import { describe, expect, test } from "vitest";
import { digestKey } from "../digest-key.ts";
import { findDigestFolders, listChains } from "./find-chains.ts";
import type { ListedFile, LogSource } from "./log-source.ts";

/** Keys without objects, counting how many were looked at. */
class Keys implements LogSource {
  readonly bucket = "audit-logs";
  readonly #keys: readonly string[];
  seen = 0;

  constructor(keys: readonly string[]) {
    this.#keys = keys.toSorted();
  }

  async *list(prefix: string, startAfter: string): AsyncGenerator<ListedFile> {
    for (const key of this.#keys) {
      if (!key.startsWith(prefix) || key <= startAfter) continue;
      this.seen++;
      yield { key, size: 1 };
    }
  }

  async get(): Promise<undefined> {
    return undefined;
  }
}

const END_MS = Date.parse("2026-03-01T11:00:00Z");
const name = {
  account: "111111111111",
  region: "us-east-1",
  trailName: "main",
  homeRegion: "us-east-1",
  endMs: END_MS,
  backfill: false,
};

describe("findDigestFolders()", () => {
  test("finds those of every account, organization and Region below a prefix, and leaps over all other files", async () => {
    const other = (path: string): string[] =>
      Array.from({ length: 200 }, (_, index) => `p/AWSLogs/${path}/file${index}`);
    const places = [
      name,
      { ...name, region: "eu-west-1" },
      { ...name, account: "222222222222" },
      { ...name, organizationId: "o-exampleorgid" },
    ];
    const keys = new Keys([
      ...places.map((place) => digestKey({ ...place, prefix: "p" })),
      digestKey({ ...name, account: "333333333333" }),
      ...other("111111111111/CloudTrail/us-east-1/2026/03/01"),
      ...other("111111111111/CloudTrail-Aggregated/us-east-1"),
      ...other("111111111111/CloudTrail-Insight/us-east-1"),
      ...other("111111111111/Config/us-east-1"),
      ...other("222222222222/CloudTrail/eu-west-1"),
      ...other("a-folder-of-somebody-else"),
    ]);
    const found = await Array.fromAsync(findDigestFolders(keys, "p/"), ({ folder }) => folder);
    expect(found).toEqual([
      "p/AWSLogs/111111111111/CloudTrail-Digest/eu-west-1/",
      "p/AWSLogs/111111111111/CloudTrail-Digest/us-east-1/",
      "p/AWSLogs/222222222222/CloudTrail-Digest/us-east-1/",
      "p/AWSLogs/o-exampleorgid/111111111111/CloudTrail-Digest/us-east-1/",
    ]);
    expect(keys.seen).toBeLessThan(20);
  });
});

describe("listChains()", () => {
  const HOUR_MS = 3_600_000;
  const folder = {
    folder: "AWSLogs/111111111111/CloudTrail-Digest/us-east-1/",
    account: name.account,
    region: name.region,
  };
  const hours = [-30, -2, -1, 0, 1, 2, 30];
  const keys = new Keys([
    ...hours.map((hour) => digestKey({ ...name, endMs: END_MS + hour * HOUR_MS })),
    digestKey({ ...name, backfill: true }),
    digestKey({ ...name, trailName: "other" }),
    `${folder.folder}2026/03/01/README`,
  ]);

  test("tells trails and backfill digests apart", async () => {
    const chains = await listChains(keys, folder, { toMs: END_MS + 100 * HOUR_MS });
    expect(chains.map(({ chain, regular, backfill }) => [chain.trailName, regular.length, backfill.length])).toEqual([
      ["main", hours.length, 1],
      ["other", 1, 0],
    ]);
  });

  test("takes those that end in the range or within an hour after it", async () => {
    const [chain] = await listChains(keys, folder, { fromMs: END_MS - HOUR_MS, toMs: END_MS });
    expect(chain?.regular).toEqual([-1, 0, 1].map((hour) => digestKey({ ...name, endMs: END_MS + hour * HOUR_MS })));
  });
});
