import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CloudTrailClient, LookupEventsCommand } from "@aws-sdk/client-cloudtrail";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { AuditRecord, UserIdentity } from "../../../src/record/index.ts";
import { readJournal } from "../../read-journal.ts";
import { startServer, type TestServer } from "../../server.ts";
import { BOTO3_MISSING, whySkipped } from "../clients.ts";
import { MOTO_MISSING, type Moto, startMoto } from "./moto.ts";
import { askOracle } from "./oracle.ts";

const MISSING = MOTO_MISSING ?? BOTO3_MISSING;
const ACCOUNT = "123456789012";
const NOBODY = { accessKeyId: "", secretAccessKey: "" };
const MAPPED = { type: "IAMUser", arn: `arn:aws:iam::${ACCOUNT}:user/backup/Nightly`, userName: "Nightly" };

/** The users are asked for on one route, what they do goes another. */
function configuration(upstream: string): string {
  return `
routes:
  - name: people
    match: { service: [iam, sts] }
    upstream: ${upstream}
  - name: the-rest
    upstream: ${upstream}
    identities: { AKIAORACLEORACLE0007: "${MAPPED.arn}" }
`;
}

const JOHN = { type: "IAMUser", accountId: ACCOUNT, userName: "John", arn: `arn:aws:iam::${ACCOUNT}:user/shop/John` };

function roleSession(role: string, session: string, path: string): object {
  return {
    type: "AssumedRole",
    principalId: expect.stringMatching(new RegExp(`^AROA[A-Z0-9]+:${session}$`)),
    arn: `arn:aws:sts::${ACCOUNT}:assumed-role/${role}/${session}`,
    accountId: ACCOUNT,
    sessionContext: {
      sessionIssuer: {
        type: "Role",
        principalId: expect.stringMatching(/^AROA[A-Z0-9]+$/),
        arn: `arn:aws:iam::${ACCOUNT}:role${path}${role}`,
        accountId: ACCOUNT,
        userName: role,
      },
    },
  };
}

const mfa = (mfaAuthenticated: string): object => ({ attributes: { mfaAuthenticated } });
const withContext = (identity: object, sessionContext: object): object => {
  const own = (identity as { sessionContext?: object }).sessionContext;
  return { ...identity, sessionContext: { ...own, ...sessionContext } };
};
const CHAINED = { ...mfa("true"), sourceIdentity: "john@example.com" };

/** Who made each queue, and by what name LookupEvents finds him. */
const MAKERS: readonly (readonly [queue: string, identity: object, username: string | undefined])[] = [
  ["by-user", { ...JOHN, principalId: expect.any(String) }, "John"],
  ["by-session", withContext(roleSession("Barista", "morning", "/shop/"), CHAINED), "morning"],
  ["by-chain", withContext(roleSession("Cook", "noon", "/"), CHAINED), "noon"],
  [
    "by-federated",
    {
      type: "FederatedUser",
      principalId: `${ACCOUNT}:supplier`,
      arn: `arn:aws:sts::${ACCOUNT}:federated-user/supplier`,
      sessionContext: { sessionIssuer: JOHN, ...mfa("false") },
    },
    "supplier",
  ],
  ["by-token", { ...JOHN, sessionContext: { sessionIssuer: {}, ...mfa("true") } }, "John"],
  [
    "by-web",
    {
      type: "AssumedRole",
      arn: `arn:aws:sts::${ACCOUNT}:assumed-role/Barista/web`,
      sessionContext: { sessionIssuer: { userName: "Barista" }, ...mfa("false") },
    },
    "web",
  ],
  ["by-saml", withContext(roleSession("Barista", "saml", "/shop/"), mfa("false")), "saml"],
  ["by-nobody", { type: "Unknown", accessKeyId: "AKIAORACLEORACLE0006" }, undefined],
  ["by-mapped", { ...MAPPED, accessKeyId: "AKIAORACLEORACLE0007" }, "Nightly"],
];

interface LookedUp {
  readonly username: string;
  readonly queues: readonly unknown[];
}

describe.skipIf(MISSING !== undefined)(`who has credentials of moto${whySkipped(MISSING)}`, () => {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-people-"));
  const dataDirectory = join(directory, "data");
  const config = join(directory, "opentrail.yaml");
  let moto: Moto;
  let records: readonly AuditRecord[];
  const lookedUp: LookedUp[] = [];

  async function aDay(known: unknown): Promise<unknown> {
    const server = await startServer({ dataDirectory, flags: ["--config", config] });
    const told = known === undefined ? {} : { known };
    const { notes } = await askOracle("identities_driver.py", {
      endpoint: server.endpoint,
      credentials: NOBODY,
      ...told,
    });
    if (known !== undefined) await lookUp(server);
    expect(await server.stop()).toBe(0);
    return notes[0]?.["known"];
  }

  async function lookUp({ endpoint, root }: TestServer): Promise<void> {
    const cloudtrail = new CloudTrailClient({ endpoint, region: "us-east-1", credentials: root });
    for (const username of new Set(MAKERS.flatMap(([, , name]) => name ?? []))) {
      const LookupAttributes = [{ AttributeKey: "Username", AttributeValue: username } as const];
      const { Events = [] } = await cloudtrail.send(new LookupEventsCommand({ LookupAttributes }));
      const found = Events.map(({ CloudTrailEvent = "{}" }) => JSON.parse(CloudTrailEvent) as AuditRecord);
      lookedUp.push({ username, queues: found.flatMap((record) => queueOf(record) ?? []) });
    }
  }

  beforeAll(async () => {
    moto = await startMoto();
    writeFileSync(config, configuration(moto.endpoint));
    await aDay(await aDay(undefined));
    const { texts } = await readJournal(dataDirectory);
    records = texts.map((text) => JSON.parse(text) as AuditRecord);
  }, 120_000);
  afterAll(async () => {
    await moto?.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  const queueOf = ({ eventName, requestParameters }: AuditRecord): string | undefined =>
    eventName === "CreateQueue" ? (requestParameters as { queueName?: string } | null)?.queueName : undefined;
  const makerOf = (queue: string): UserIdentity | undefined =>
    records.find((record) => queueOf(record) === queue)?.userIdentity;

  test.each(MAKERS)("%s", (queue, identity) => {
    expect(makerOf(queue)).toMatchObject(identity);
  });

  test.each(MAKERS)("%s, after a restart, is the same", (queue) => {
    expect(makerOf(`${queue}-again`)).toBeDefined();
    expect(makerOf(`${queue}-again`)).toEqual(makerOf(queue));
  });

  test.each(MAKERS.flatMap(([queue, , name]) => (name === undefined ? [] : [[queue, name] as const])))(
    "%s is found by LookupEvents under the name %s",
    (queue, name) => {
      const found = lookedUp.find(({ username }) => username === name);
      expect(found?.queues).toEqual(expect.arrayContaining([queue, `${queue}-again`]));
    },
  );

  test("a session's key without its token is all that is told of its user", () => {
    const session = makerOf("by-session");
    expect(makerOf("by-session-without-its-token")).toEqual({ type: "Unknown", accessKeyId: session?.accessKeyId });
  });

  test("a key that was deleted is nobody's any more", () => {
    expect(makerOf("by-deleted-key")).toEqual({ type: "Unknown", accessKeyId: expect.stringMatching(/^AKIA/) });
  });

  test("credentials that two got are nobody's from then on", () => {
    expect(makerOf("by-first-guest")).toMatchObject({
      type: "AssumedRole",
      sessionContext: { webIdFederationData: { federatedProvider: "cognito-identity.amazonaws.com" } },
    });
    expect(makerOf("by-one-of-two-guests")).toEqual({ type: "Unknown", accessKeyId: "TESTACCESSKEY12345" });
  });

  test("a user who was renamed goes by the new name", () => {
    expect(makerOf("by-renamed-user")).toEqual({
      ...makerOf("by-user"),
      arn: `arn:aws:iam::${ACCOUNT}:user/bar/Jack`,
      userName: "Jack",
    });
  });

  test("members stand in the order of production records", () => {
    const order = "type principalId arn accountId accessKeyId userName sessionContext invokedBy identityProvider";
    const places = order.split(" ");
    for (const { userIdentity } of records) {
      const found = Object.keys(userIdentity).map((member) => places.indexOf(member));
      expect(found).toEqual(found.toSorted((one, other) => one - other));
      expect(found).not.toContain(-1);
    }
  });
});
