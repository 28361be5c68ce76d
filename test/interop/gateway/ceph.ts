import { execFile } from "node:child_process";
import { randomBytes, randomUUID } from "node:crypto";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Credentials } from "../client.ts";
import { type StartedProcess, startProcess } from "./process.ts";

/** Where `tools/install-ceph.sh` unpacks to. */
const FOLDER =
  process.env["OPENTRAIL_CEPH"] ??
  join(process.env["XDG_CACHE_HOME"] ?? join(homedir(), ".cache"), "opentrail", "ceph");

/** Why there is no Ceph on this machine; undefined when there is. */
export const CEPH_MISSING: string | undefined = existsSync(join(FOLDER, "complete"))
  ? undefined
  : `${FOLDER} has no Ceph; tools/install-ceph.sh brings it`;

/** A whole small Ceph of one monitor, one OSD in memory and radosgw: an S3 server that looks at every signature. */
export interface Ceph {
  readonly endpoint: string;
  /** One of its own users. */
  readonly credentials: Credentials;
  /** Lets that user come with these too. */
  addKey(credentials: Credentials): Promise<void>;
  /** A key for SSE-KMS, which it would otherwise ask another server for. */
  readonly kmsKeyId: string;
  /** The end of what radosgw printed. */
  readonly log: () => string;
  stop(): Promise<void>;
}

const STEP_MS = 30_000;
const KMS_KEY_ID = "opentrail-test";

export async function startCeph(): Promise<Ceph> {
  const home = mkdtempSync(join(tmpdir(), "opentrail-ceph-"));
  const started: StartedProcess[] = [];
  const stop = async (): Promise<void> => {
    for (const part of started.toReversed()) await part.stop();
    rmSync(home, { recursive: true, force: true });
  };
  try {
    const [monitorPort, gatewayPort] = [await freePort(), await freePort()];
    const ceph = new Installation(home, configuration(home, monitorPort, gatewayPort));
    await makeMonitor(ceph, monitorPort);
    started.push(await ceph.start("ceph-mon", ["-i", "a"], /mon\.a.* (is new leader|won leader election)/));
    const osd = randomUUID();
    await ceph.run("ceph", "--connect-timeout", "20", "osd", "new", osd);
    await ceph.run("ceph-osd", "-i", "0", "--mkfs", "--osd-uuid", osd);
    started.push(await ceph.start("ceph-osd", ["-i", "0"], /osd\.0 .*state: booting -> active/));
    const gateway = await ceph.start("radosgw", ["-n", "client.admin"], /starting handler: beast/);
    started.push(gateway);
    const endpoint = `http://127.0.0.1:${gatewayPort}`;
    const credentials = await makeUser(ceph);
    const addKey = (key: Credentials): Promise<void> => makeKey(ceph, key);
    return { endpoint, credentials, addKey, kmsKeyId: KMS_KEY_ID, log: gateway.log, stop };
  } catch (cause) {
    await stop();
    throw cause;
  }
}

/** Ceph's programs, run from where they were unpacked. */
class Installation {
  readonly home: string;
  readonly #configuration: string;
  readonly #environment: Readonly<Record<string, string>>;

  constructor(home: string, text: string) {
    this.home = home;
    this.#configuration = join(home, "ceph.conf");
    for (const folder of ["mon", "osd", "rgw", "sockets"]) mkdirSync(join(home, folder));
    writeFileSync(this.#configuration, text);
    const libraries = ["usr/lib/x86_64-linux-gnu", "lib/x86_64-linux-gnu", "usr/lib/x86_64-linux-gnu/ceph"];
    this.#environment = {
      PATH: `${rooted("usr/bin")}:/usr/bin:/bin`,
      LD_LIBRARY_PATH: libraries.map((library) => rooted(library)).join(":"),
      PYTHONPATH: rooted("usr/lib/python3/dist-packages"),
    };
  }

  /** Runs a program to its end; resolves with what it printed. */
  async run(program: string, ...args: readonly string[]): Promise<string> {
    const all = ["-c", this.#configuration, ...args];
    const { stdout } = await promisify(execFile)(rooted("usr/bin", program), all, {
      env: this.#environment,
      timeout: STEP_MS,
    });
    return stdout;
  }

  start(program: string, args: readonly string[], ready: RegExp): Promise<StartedProcess> {
    const all = ["-c", this.#configuration, "-f", "--log-to-stderr=true", "--log-file=", ...args];
    return startProcess(rooted("usr/bin", program), all, { ready, readyMs: STEP_MS, environment: this.#environment });
  }
}

function rooted(...path: readonly string[]): string {
  return join(FOLDER, "root", ...path);
}

async function makeMonitor(ceph: Installation, port: number): Promise<void> {
  const keyring = join(ceph.home, "keyring");
  const map = join(ceph.home, "monmap");
  const may = (...services: readonly string[]): readonly string[] =>
    services.flatMap((service) => ["--cap", service, "allow *"]);
  await ceph.run("ceph-authtool", "--create-keyring", keyring, "--gen-key", "-n", "mon.", ...may("mon"));
  await ceph.run("ceph-authtool", keyring, "--gen-key", "-n", "client.admin", ...may("mon", "osd", "mgr"));
  await ceph.run("ceph-authtool", keyring, "--gen-key", "-n", "osd.0", ...may("mon", "osd", "mgr"));
  await ceph.run("monmaptool", "--create", "--fsid", randomUUID(), "--addv", "a", `[v2:127.0.0.1:${port}]`, map);
  await ceph.run("ceph-mon", "--mkfs", "-i", "a", "--monmap", map, "--keyring", keyring);
}

async function makeUser(ceph: Installation): Promise<Credentials> {
  const accessKeyId = `AKIA${randomBytes(12).toString("hex").toUpperCase().slice(0, 16)}`;
  const secretAccessKey = randomBytes(20).toString("hex");
  const keys = ["--access-key", accessKeyId, "--secret-key", secretAccessKey];
  await ceph.run("radosgw-admin", "user", "create", "--uid", "mary", "--display-name", "Mary", ...keys);
  return { accessKeyId, secretAccessKey };
}

async function makeKey(ceph: Installation, { accessKeyId, secretAccessKey }: Credentials): Promise<void> {
  const keys = ["--access-key", accessKeyId, "--secret-key", secretAccessKey];
  await ceph.run("radosgw-admin", "key", "create", "--uid", "mary", "--key-type", "s3", ...keys);
}

function configuration(home: string, monitorPort: number, gatewayPort: number): string {
  const settings: Readonly<Record<string, string>> = {
    "mon host": `[v2:127.0.0.1:${monitorPort}]`,
    "mon initial members": "a",
    "public addr": "127.0.0.1",
    keyring: join(home, "keyring"),
    "mon data": join(home, "mon"),
    "osd data": join(home, "osd"),
    "rgw data": join(home, "rgw"),
    "run dir": join(home, "sockets"),
    "admin socket": join(home, "sockets", "$name.asok"),
    // One copy of everything, in memory, on one machine.
    "osd objectstore": "memstore",
    "memstore device bytes": String(2 * 1024 ** 3),
    "osd pool default size": "1",
    "osd pool default min size": "1",
    "osd pool default pg num": "1",
    "osd pool default pg autoscale mode": "off",
    "osd crush chooseleaf type": "0",
    "mon allow pool size one": "true",
    "mon data avail warn": "1",
    "mon data avail crit": "0",
    "erasure code dir": rooted("usr/lib/x86_64-linux-gnu/ceph/erasure-code"),
    "plugin dir": rooted("usr/lib/x86_64-linux-gnu/ceph"),
    "osd class dir": rooted("usr/lib/x86_64-linux-gnu/rados-classes"),
    "osd class load list": "*",
    "osd class default list": "*",
    "rgw frontends": `beast endpoint=127.0.0.1:${gatewayPort}`,
    "rgw enable apis": "s3",
    // Buckets as hosts below the name that the suite's clients use.
    "rgw dns name": "localhost",
    "rgw crypt require ssl": "false",
    "rgw crypt s3 kms backend": "testing",
    "rgw crypt s3 kms encryption keys": `${KMS_KEY_ID}=${randomBytes(32).toString("base64")}`,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name} = ${value}`);
  return `[global]\n${lines.join("\n")}\n`;
}

/** A port that was free a moment ago; Ceph cannot choose its own. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  if (address === null || typeof address === "string") throw new Error("a listening server has an address");
  return address.port;
}
