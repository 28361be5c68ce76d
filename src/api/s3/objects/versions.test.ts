import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Asked, NOW, outcomeOf, TestS3 } from "../s3.fixture.ts";

let s3: TestS3;

beforeAll(async () => {
  s3 = await TestS3.open();
  await s3.ask("PUT", "/versions");
  await s3.ask("PUT", "/versions?versioning", {
    body: "<VersioningConfiguration><Status>Enabled</Status></VersioningConfiguration>",
  });
  await s3.ask("PUT", "/locked", { headers: { "x-amz-bucket-object-lock-enabled": "true" } });
});

afterAll(async () => {
  await s3.close();
});

const LATER = new Date(NOW + 86_400_000).toISOString();

describe("versions", () => {
  test("are put, read, and deleted for good, or behind a marker", async () => {
    const first = (await s3.ask("PUT", "/versions/v", { body: "1" })).header("x-amz-version-id") ?? "";
    const second = (await s3.ask("PUT", "/versions/v", { body: "2" })).header("x-amz-version-id") ?? "";
    expect((await s3.ask("GET", "/versions/v")).body.toString()).toBe("2");
    const old = await s3.ask("GET", `/versions/v?versionId=${first}`);
    expect([old.body.toString(), old.header("x-amz-version-id")]).toEqual(["1", first]);

    const deleted = await s3.ask("DELETE", "/versions/v");
    expect([deleted.status, deleted.header("x-amz-delete-marker")]).toEqual([204, "true"]);
    const marker = deleted.header("x-amz-version-id") ?? "";
    const gone = await s3.ask("GET", "/versions/v");
    expect([...outcomeOf(gone), gone.header("x-amz-delete-marker"), gone.header("x-amz-version-id")]).toEqual([
      404,
      "NoSuchKey",
      "true",
      marker,
    ]);
    const byId = await s3.ask("HEAD", `/versions/v?versionId=${marker}`);
    expect([byId.status, byId.header("x-amz-delete-marker")]).toEqual([405, "true"]);
    expect(await s3.outcome("GET", "/versions/v?versionId=nonsense")).toEqual([404, "NoSuchVersion"]);

    const removed = await s3.ask("DELETE", `/versions/v?versionId=${marker}`);
    expect([removed.header("x-amz-delete-marker"), removed.header("x-amz-version-id")]).toEqual(["true", marker]);
    expect((await s3.ask("GET", "/versions/v")).body.toString()).toBe("2");
    const last = await s3.ask("DELETE", `/versions/v?versionId=${second}`);
    expect([last.header("x-amz-delete-marker"), last.header("x-amz-version-id")]).toEqual([undefined, second]);
    expect((await s3.ask("GET", "/versions/v")).body.toString()).toBe("1");
  });

  test("are listed with markers, page by page", async () => {
    for (const body of ["1", "2"]) await s3.ask("PUT", "/versions/list/a", { body });
    await s3.ask("DELETE", "/versions/list/a");
    await s3.ask("PUT", "/versions/list/b/c", { body: "3" });
    const all = await s3.ask("GET", "/versions?versions&prefix=list/&delimiter=/");
    expect([all.text("Version/Key"), all.text("DeleteMarker/Key"), all.text("CommonPrefixes/Prefix")]).toEqual([
      "list/a list/a",
      "list/a",
      "list/b/",
    ]);
    expect([all.text("Version/IsLatest"), all.text("DeleteMarker/IsLatest")]).toEqual(["false false", "true"]);
    const seen: string[] = [];
    for (let query = "&max-keys=1"; ; ) {
      const page = await s3.ask("GET", `/versions?versions&prefix=list/${query}`);
      seen.push(page.text("Version/VersionId") + page.text("DeleteMarker/VersionId"));
      if (page.text("IsTruncated") === "false") break;
      query = `&max-keys=1&key-marker=${page.text("NextKeyMarker")}&version-id-marker=${page.text("NextVersionIdMarker")}`;
    }
    expect(seen).toHaveLength(4);
    expect(new Set(seen).size).toBe(4);
    expect(await s3.outcome("GET", "/versions?versions&version-id-marker=x")).toEqual([400, "InvalidArgument"]);
  });
});

describe("DeleteObjects", () => {
  const deletion = (inside: string): string => `<Delete>${inside}</Delete>`;
  const object = (key: string, version = ""): string =>
    `<Object><Key>${key}</Key>${version === "" ? "" : `<VersionId>${version}</VersionId>`}</Object>`;

  test("tells of each key what became of it", async () => {
    await s3.ask("PUT", "/locked/free", { body: "x" });
    const headers = { "x-amz-object-lock-mode": "COMPLIANCE", "x-amz-object-lock-retain-until-date": LATER };
    const kept = (await s3.ask("PUT", "/locked/kept", { body: "x", headers })).header("x-amz-version-id") ?? "";
    const heard = await s3.ask("POST", "/locked?delete", {
      body: deletion(object("free") + object("kept", kept) + object("nothing", "nonsense")),
    });
    expect([heard.text("Deleted/Key"), heard.text("Deleted/DeleteMarker")]).toEqual(["free nothing", "true"]);
    expect([heard.text("Error/Key"), heard.text("Error/VersionId"), heard.text("Error/Code")]).toEqual([
      "kept",
      kept,
      "AccessDenied",
    ]);
    const quiet = await s3.ask("POST", "/locked?delete", {
      body: deletion(`<Quiet>true</Quiet>${object("free")}${object("kept", kept)}`),
    });
    expect([quiet.text("Deleted/Key"), quiet.text("Error/Key")]).toEqual(["", "kept"]);
  });

  test.each([
    ["no keys", 0],
    ["1,001 keys", 1001],
  ])("refuses %s", async (_, count) => {
    const body = deletion(object("k").repeat(count));
    expect(await s3.outcome("POST", "/logs?delete", { body })).toEqual([400, "MalformedXML"]);
  });
});

describe("Object Lock", () => {
  const lock = { "x-amz-object-lock-mode": "GOVERNANCE", "x-amz-object-lock-retain-until-date": LATER };
  const retention = (mode: string, until: string): string =>
    `<Retention><Mode>${mode}</Mode><RetainUntilDate>${until}</RetainUntilDate></Retention>`;
  const bypass = { "x-amz-bypass-governance-retention": "true" };

  test("holds a version against its deletion, and against bypassing", async () => {
    const put = await s3.ask("PUT", "/locked/a", {
      body: "x",
      headers: { ...lock, "x-amz-object-lock-legal-hold": "ON" },
    });
    const target = `/locked/a?versionId=${put.header("x-amz-version-id")}`;
    const { header } = await s3.ask("HEAD", target);
    expect(["mode", "retain-until-date", "legal-hold"].map((name) => header(`x-amz-object-lock-${name}`))).toEqual([
      "GOVERNANCE",
      LATER.replace(".000Z", "Z"),
      "ON",
    ]);
    const hold = (status: string): Asked => ({ body: `<LegalHold><Status>${status}</Status></LegalHold>` });
    expect(await s3.outcome("DELETE", target, { headers: bypass })).toEqual([403, "AccessDenied"]);
    expect(await s3.outcome("PUT", `${target}&legal-hold`, hold("OFF"))).toEqual([200, ""]);
    expect((await s3.ask("GET", `${target}&legal-hold`)).text("Status")).toBe("OFF");
    expect(await s3.outcome("DELETE", target)).toEqual([403, "AccessDenied"]);
    expect(await s3.outcome("DELETE", target, { headers: bypass })).toEqual([204, ""]);
  });

  test("keeps retentions, which may only grow", async () => {
    await s3.ask("PUT", "/locked/b", { body: "x" });
    const target = "/locked/b?retention";
    expect(await s3.outcome("GET", target)).toEqual([404, "NoSuchObjectLockConfiguration"]);
    expect(await s3.outcome("GET", "/locked/b?legal-hold")).toEqual([404, "NoSuchObjectLockConfiguration"]);
    expect(await s3.outcome("PUT", target, { body: retention("COMPLIANCE", LATER) })).toEqual([200, ""]);
    const heard = await s3.ask("GET", target);
    expect([heard.xml().name, heard.text("Mode")]).toEqual(["Retention", "COMPLIANCE"]);
    const sooner = new Date(NOW + 3_600_000).toISOString();
    const past = new Date(NOW - 3_600_000).toISOString();
    expect(await s3.outcome("PUT", target, { body: retention("COMPLIANCE", sooner), headers: bypass })).toEqual([
      403,
      "AccessDenied",
    ]);
    expect(await s3.outcome("PUT", target, { body: retention("COMPLIANCE", past) })).toEqual([400, "InvalidArgument"]);
    expect(await s3.outcome("PUT", target, { body: "<Retention><Mode>COMPLIANCE</Mode></Retention>" })).toEqual([
      400,
      "MalformedXML",
    ]);
  });

  test.each(["GET", "PUT"])("is told to be missing where it is: %s", async (method) => {
    await s3.ask("PUT", "/logs/unlocked", { body: "x" });
    for (const [what, body] of [
      ["retention", retention("COMPLIANCE", LATER)],
      ["legal-hold", "<LegalHold><Status>ON</Status></LegalHold>"],
    ] as const) {
      const asked = method === "PUT" ? { body } : {};
      expect(await s3.outcome(method, `/logs/unlocked?${what}`, asked)).toEqual([400, "InvalidRequest"]);
    }
  });
});
