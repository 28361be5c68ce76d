import { describe, expect, test } from "vitest";
import { randomText, Refusal, systemRandom } from "../core/index.ts";
import { accountOfAccessKey, createSession, SecretBox, type Session } from "./index.ts";
import { openSession } from "./session-token.ts";

const box = new SecretBox(new Uint8Array(32).fill(7), systemRandom);
const means = { random: systemRandom, box };
const session: Session = {
  account: "123456789012",
  holder: { kind: "role", roleId: "AROAQ3EGTZZZZZZZZZZZZ", sessionName: "morning" },
  createdAt: 1_000,
  expiresAt: 3_601_000,
  mfaAuthenticated: false,
  tags: {},
  transitiveTagKeys: [],
  policyArns: [],
};

describe("createSession()", () => {
  test("createSession() makes a token that openSession() reads back", () => {
    const { accessKeyId, secretAccessKey, sessionToken, ...rest } = createSession(means, session);
    expect(openSession(box, accessKeyId, sessionToken)).toEqual({ ...session, secretAccessKey });
    expect(accountOfAccessKey(accessKeyId)).toBe("123456789012");
    expect(rest).toEqual({ expiresAt: 3_601_000 });
  });

  test("createSession() says how full the token is", () => {
    const tagged = createSession(means, { ...session, tags: { team: "red" } });
    const more = createSession(means, { ...session, tags: { team: "red" }, policy: '{"Version":"2012-10-17"}' });
    expect(tagged.packedPercent).toBeGreaterThan(0);
    expect(more.packedPercent).toBeGreaterThan(tagged.packedPercent ?? 0);
  });

  const noise = (length: number) => randomText(systemRandom, length, "abcdefghijklmnopqrstuvwxyz0123456789");
  const tagged = (count: number) => ({
    ...session,
    tags: Object.fromEntries(Array.from({ length: count }, () => [noise(20), noise(100)])),
  });

  test("createSession() makes no token that openSession() would find too long", () => {
    const counts = Array.from({ length: 22 }, (_, count) => count);
    const sizes = counts.map((count) => {
      const { accessKeyId, sessionToken, packedPercent = 0 } = createSession(means, tagged(count));
      expect(openSession(box, accessKeyId, sessionToken)).toMatchObject({ holder: session.holder });
      return packedPercent;
    });
    expect(sizes).toEqual(sizes.toSorted((a, b) => a - b));
    expect(sizes.at(-1)).toBeGreaterThan(80);
  });

  test("createSession() refuses what does not fit", () => {
    const text = /^Packed policy consumes 1\d\d% of allotted space, please use smaller policy\.$/;
    expect(() => createSession(means, tagged(28))).toThrow(text);
    expect(() => createSession(means, tagged(28))).toThrow(Refusal);
  });
});

describe("openSession()", () => {
  const { accessKeyId, sessionToken } = createSession(means, session);

  test.each([
    ["nothing", accessKeyId, ""],
    ["text that is no base64", accessKeyId, "§§§"],
    ["another access key's token", createSession(means, session).accessKeyId, sessionToken],
    ["a token that is cut", accessKeyId, sessionToken.slice(0, -8)],
    ["endless text", accessKeyId, sessionToken.padEnd(1_000_000, "A")],
    ["what was sealed for something else", accessKeyId, Buffer.from(box.seal("{}", "other")).toString("base64")],
  ])("openSession() finds nothing in %s", (_, id, token) => expect(openSession(box, id, token)).toBeUndefined());

  test("openSession() finds nothing in a token with any letter changed", () => {
    for (let at = 0; at < sessionToken.replace(/=+$/, "").length - 1; at++) {
      const letter = sessionToken.charAt(at) === "A" ? "B" : "A";
      expect(
        openSession(box, accessKeyId, sessionToken.slice(0, at) + letter + sessionToken.slice(at + 1)),
      ).toBeUndefined();
    }
  });
});
