import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditRecord } from "../../../src/record/index.ts";
import { at } from "../client.ts";
import { BOTO3_MISSING, whySkipped } from "../clients.ts";
import { CEPH_MISSING, startCeph } from "./ceph.ts";
import { checkAttempts, type Verdict } from "./check-attempts.ts";
import { startGateway } from "./gateway-run.ts";
import { guarded, makeMary } from "./guarded.ts";
import { MOTO_MISSING, startMoto } from "./moto.ts";
import type { OracleOptions } from "./oracle.ts";
import { runS3Cases, type S3Run, wentWrong } from "./s3-cases.ts";

interface Store extends OracleOptions {
  stop(): Promise<void>;
}

/** Requests that name no service are for the store. */
function configuration(upstream: string): string {
  return `
routes:
  - name: store
    upstream: ${upstream}
    defaultService: s3
`;
}

/** What nobody can sign anew: there is no signature, or one of a kind that OpenTrail does not check. */
const CANNOT_BE_GUARDED = [
  "without a signature",
  "links of the second version",
  "forms of the second version",
  "forms of the fourth version",
];

/** What moto never looks at: anybody's signature. */
const UNSIGNED_WORLD = ["a link that was changed", "with a wrong secret"];

const STORES = [
  {
    name: "moto",
    missing: MOTO_MISSING,
    cannot: UNSIGNED_WORLD,
    leaveOut: [],
    tls: true,
    open: async (): Promise<Store> => {
      const moto = await startMoto();
      const credentials = { accessKeyId: "AKIAORACLEORACLE0002", secretAccessKey: "nobody-here-knows-this-key" };
      return { endpoint: moto.endpoint, credentials, stop: () => moto.stop() };
    },
  },
  {
    name: "Ceph's radosgw",
    missing: CEPH_MISSING,
    // Debian's build of it answers with what it could not understand.
    cannot: ["questions to an object"],
    // It reads a form's policy beyond its end: what comes then is chance, up to its own end.
    leaveOut: ["forms of the second version", "forms of the fourth version"],
    tls: false,
    open: startCeph,
  },
] as const;

describe.each(STORES)("S3 of $name, TLS $tls", ({ missing = BOTO3_MISSING, cannot, leaveOut, tls, open }) => {
  describe.skipIf(missing !== undefined)(`through the gateway${whySkipped(missing)}`, () => {
    let store: Store;
    let direct: S3Run;
    let through: S3Run;
    let verdict: Verdict;
    let records: readonly AuditRecord[];

    beforeAll(async () => {
      store = await open();
      const gateway = await startGateway({ config: configuration(store.endpoint) }, { tls });
      const named = store.endpoint.replace("127.0.0.1", "localhost");
      direct = await runS3Cases({ credentials: store.credentials, endpoint: named }, "roastery", leaveOut);
      const { named: endpoint, certificate } = gateway;
      const options = {
        endpoint,
        credentials: store.credentials,
        ...(certificate === undefined ? {} : { certificate }),
      };
      through = await runS3Cases(options, "teahouse", leaveOut);
      records = await gateway.records();
      verdict = checkAttempts(through.attempts, records);
    }, 120_000);
    afterAll(() => store?.stop());

    test("every case goes well behind signatures of OpenTrail's own", async () => {
      const gateway = await startGateway({ config: guarded(store.endpoint, store.credentials) });
      const mary = await makeMary(gateway);
      const run = await runS3Cases({ endpoint: gateway.named, credentials: mary }, "bakehaus", leaveOut);
      expect(wentWrong(run, [...cannot, ...CANNOT_BE_GUARDED])).toEqual({});
      const calls = (await gateway.records()).filter(({ eventSource }) => eventSource === "s3.amazonaws.com");
      expect(checkAttempts(run.attempts, calls).problems).toEqual({});
    });

    test("every case goes well that goes well without it", () => {
      expect(wentWrong(direct, cannot)).toEqual({});
      expect(wentWrong(through, cannot)).toEqual({});
      expect(Object.keys(through.cases)).toEqual(Object.keys(direct.cases));
      expect(Object.keys(through.cases).length).toBeGreaterThanOrEqual(20);
    });

    test("every attempt is recorded as what it was", () => {
      expect(verdict.attempts).toBeGreaterThan(130);
      expect(verdict.problems).toEqual({});
    });

    test("every record tells how the connection was secured, or not", () => {
      const versions = new Set(records.map(({ tlsDetails }) => at(tlsDetails, "tlsVersion")));
      expect([...versions]).toEqual([tls ? "TLSv1.3" : undefined]);
    });
  });
});
