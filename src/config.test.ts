import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { CONFIG_FLAGS, readConfig } from "./config.ts";

function yaml(text: string): string {
  const file = join(mkdtempSync(join(tmpdir(), "config-")), "opentrail.yaml");
  writeFileSync(file, text);
  return file;
}

describe("readConfig()", () => {
  test("has safe defaults: loopback, one account, 90 days", () => {
    const config = readConfig({}, {}, undefined);
    expect(config.api).toEqual({ host: "127.0.0.1", port: 4580 });
    expect(config.console).toEqual({ host: "127.0.0.1", port: 4581 });
    expect(config.accounts).toEqual(["123456789012"]);
    expect(config.historyRetentionDays).toBe(90);
    expect(Object.isFrozen(config)).toBe(true);
  });

  test("takes a flag before a variable, that before the file, that before the default", () => {
    const file = yaml("region: eu-west-1\nhistory:\n  retentionDays: 7\napi: 127.0.0.1:1\nlog: {level: warn}\n");
    const environment = { OPENTRAIL_API: "127.0.0.1:2", OPENTRAIL_REGION: "eu-west-2" };
    const config = readConfig({ api: "127.0.0.1:3" }, environment, file);
    expect(config.api.port).toBe(3);
    expect(config.region).toBe("eu-west-2");
    expect(config.historyRetentionDays).toBe(7);
    expect(config.logLevel).toBe("warn");
  });

  test.each([
    ["90s", 90_000],
    ["5m", 300_000],
    ["1h", 3_600_000],
    ["1", 1_000],
    ["2500ms", 2_500],
  ])("reads the interval of deliveries %s as %i ms", (text, ms) => {
    const config = readConfig({}, { OPENTRAIL_TRAILS_DELIVERY_INTERVAL: text }, undefined);
    expect(config.deliveryIntervalMs).toBe(ms);
  });

  test.each(["", "0", "2h", "5 m", "soon", "-1s", "999ms"])("refuses %j as the interval of deliveries", (text) => {
    const read = () => readConfig({ trailsDeliveryInterval: text }, {}, undefined);
    expect(read).toThrow(/trails-delivery-interval.*is not a duration such as 90s, 5m or 1h, from 1s to 3600s/);
  });

  test("has the S3 server of trails whole, or none", () => {
    expect(readConfig({}, {}, undefined).bucketServer).toBeUndefined();
    const file = yaml("buckets: {endpoint: 'https://s3.example.org', pathStyle: false, profile: audit}\n");
    expect(readConfig({}, {}, file).bucketServer).toEqual({
      endpoint: "https://s3.example.org",
      region: "us-east-1",
      pathStyle: false,
      credentialsFile: undefined,
      profile: "audit",
    });
  });

  test.each([
    [
      "a setting that does not exist",
      "histroy:\n  retentionDays: 7\n",
      /no setting histroy\.retentionDays; known are .*history\.retentionDays/,
    ],
    ["text that is not YAML", "a: [", /opentrail\.yaml/],
    [
      "a bad value, naming where it stands",
      "history: {retentionDays: soon}",
      /history\.retentionDays in .*soon is not a whole number/,
    ],
  ])("refuses %s in the file", (_, text, message) => {
    expect(() => readConfig({}, {}, yaml(text))).toThrow(message);
  });

  test.each([
    ["OPENTRAIL_API", "nowhere", /OPENTRAIL_API: nowhere is not HOST:PORT/],
    ["OPENTRAIL_API", "127.0.0.1:99999", /not HOST:PORT/],
    ["OPENTRAIL_ACCOUNTS", "12", /not an account id/],
    ["OPENTRAIL_REGION", "Mars", /not a Region/],
    ["OPENTRAIL_LOG_LEVEL", "loud", /not a log level/],
    ["OPENTRAIL_LIMITS_CALLS_PER_SECOND", "-1", /whole number/],
  ])("refuses %s=%s", (variable, value, message) => {
    expect(() => readConfig({}, { [variable]: value }, undefined)).toThrow(message);
  });

  test("reads IPv6 addresses and several accounts", () => {
    const config = readConfig({ api: "[::1]:80", accounts: "111111111111, 222222222222" }, {}, undefined);
    expect(config.api).toEqual({ host: "::1", port: 80 });
    expect(config.accounts).toEqual(["111111111111", "222222222222"]);
  });

  test("keeps routes and sources as they stand, and reads the gateway's own settings", () => {
    const file = yaml(`
routes: [{ upstream: "http://127.0.0.1:1" }]
sources: [{ name: store, kind: minio }]
tls: { certificate: cert.pem, key: key.pem }
proxies: { trusted: [10.0.0.0/8, "::1"] }
buckets: { hosts: s3.example.org }
spool: { bytes: 2097152 }
`);
    expect(readConfig({}, { OPENTRAIL_UPSTREAM: "http://127.0.0.1:2" }, file)).toMatchObject({
      upstream: "http://127.0.0.1:2",
      routes: [{ upstream: "http://127.0.0.1:1" }],
      sources: [{ name: "store", kind: "minio" }],
      tls: { certificate: "cert.pem", key: "key.pem" },
      trustedProxies: ["10.0.0.0/8", "::1"],
      bucketHosts: ["s3.example.org"],
      spoolBytesMax: 2_097_152,
    });
    expect(readConfig({}, {}, undefined)).toMatchObject({
      upstream: undefined,
      routes: undefined,
      tls: undefined,
      trustedProxies: [],
      bucketHosts: [],
    });
  });

  test.each([
    ["tls: { certificate: cert.pem }", /tls.certificate and tls.key: one is of no use without the other/],
    ["proxies: { trusted: somebody }", /proxies.trusted in .*somebody is not an address/],
    ["buckets: { hosts: S3_local }", /buckets.hosts in .*S3_local is not a host name/],
    ["region: { name: us-east-1 }", /no setting region.name|it is a map, not a value/],
  ])("refuses %s", (text, message) => {
    expect(() => readConfig({}, {}, yaml(text))).toThrow(message);
  });

  test("has a flag and a variable for every setting", () => {
    expect(CONFIG_FLAGS.map(({ flag }) => flag)).toContain("history-retention-days");
    expect(CONFIG_FLAGS.map(({ variable }) => variable)).toContain("OPENTRAIL_LIMITS_CALLS_PER_SECOND");
  });
});
