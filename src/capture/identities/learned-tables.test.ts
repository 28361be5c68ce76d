import type { Kysely } from "kysely";
import { expect, test } from "vitest";
import { KeptKeys } from "./kept-keys.ts";
import { type LearnedSchema, LearnedTables } from "./learned-tables.ts";

const PLACE = { realm: "http://127.0.0.1:5000", accessKeyId: "AKIAEXAMPLE", tokenHash: "" };

/** Tables whose every question is answered, when it is let, by a key of an account that is long gone. */
function slowTables(): { readonly tables: Kysely<LearnedSchema>; readonly answer: () => void } {
  const row = { identity: null, account: "999999999999", user_name: null, expires_at: null };
  const { promise, resolve } = Promise.withResolvers<typeof row>();
  const query: object = new Proxy(
    {},
    {
      get: (_, member) => {
        if (member === "executeTakeFirst") return () => promise;
        return member === "execute" ? () => Promise.resolve([]) : () => query;
      },
    },
  );
  return { tables: query as Kysely<LearnedSchema>, answer: () => resolve(row) };
}

test("key() does not remember what was read before it was written anew", async () => {
  const { tables, answer } = slowTables();
  const learned = new LearnedTables(tables, new KeptKeys());
  const asked = learned.key(PLACE);
  await learned.putKey(PLACE, { account: "123456789012" });
  answer();
  await asked;
  expect(await learned.key(PLACE)).toEqual({ account: "123456789012" });
});

test("key() does not remember what was read before it was removed", async () => {
  const { tables, answer } = slowTables();
  const kept = new KeptKeys();
  const learned = new LearnedTables(tables, kept);
  const asked = learned.key(PLACE);
  await learned.removeKey(PLACE);
  answer();
  await asked;
  expect(kept.size).toBe(0);
});
