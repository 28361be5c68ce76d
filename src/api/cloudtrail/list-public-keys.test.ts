import { describe, expect, test } from "vitest";
import { Refusal } from "../../core/index.ts";
import { listPublicKeys } from "./list-public-keys.ts";

const NOW = Date.UTC(2026, 2, 1, 12);
const KEY = { fingerprint: "0f", value: Uint8Array.of(48, 130), validFrom: NOW - 5000, validTo: NOW + 5000 };

function ask(input: { StartTime?: Date; EndTime?: Date; NextToken?: string }) {
  const asked: unknown[] = [];
  const operation = listPublicKeys({
    publicKeys: async (...question) => {
      asked.push(question);
      return [KEY];
    },
  });
  const call = { region: "eu-west-3", now: NOW } as Parameters<typeof operation.run>[1];
  return { answer: operation.run(input, call), asked };
}

describe("listPublicKeys()", () => {
  test("tells a key as CloudTrail does", async () => {
    expect(await ask({}).answer).toEqual({
      PublicKeyList: [
        {
          Value: KEY.value,
          ValidityStartTime: new Date(NOW - 5000),
          ValidityEndTime: new Date(NOW + 5000),
          Fingerprint: "0f",
        },
      ],
    });
  });

  test.each<[string, Parameters<typeof ask>[0], number, number]>([
    ["no range: now", {}, NOW, NOW],
    ["a start: until now", { StartTime: new Date(NOW - 9) }, NOW - 9, NOW],
    ["an end: from now", { EndTime: new Date(NOW + 9) }, NOW, NOW + 9],
    ["both", { StartTime: new Date(5), EndTime: new Date(7) }, 5, 7],
    ["an instant", { StartTime: new Date(5), EndTime: new Date(5) }, 5, 5],
  ])("asks for the call's Region and %s", async (_, input, from, to) => {
    const { answer, asked } = ask(input);
    await answer;
    expect(asked).toEqual([["eu-west-3", from, to]]);
  });

  test.each<[string, Parameters<typeof ask>[0], string]>([
    ["an end before the start", { StartTime: new Date(7), EndTime: new Date(5) }, "InvalidTimeRangeException"],
    ["a start to come", { StartTime: new Date(NOW + 1) }, "InvalidTimeRangeException"],
    ["an end gone by", { EndTime: new Date(NOW - 1) }, "InvalidTimeRangeException"],
    ["any token", { NextToken: "" }, "InvalidTokenException"],
  ])("refuses %s", async (_, input, code) => {
    const { answer, asked } = ask(input);
    await expect(answer).rejects.toThrow(expect.objectContaining({ code, constructor: Refusal }) as Error);
    expect(asked).toEqual([]);
  });
});
