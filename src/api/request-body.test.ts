import { IncomingMessage } from "node:http";
import { Socket } from "node:net";
import { expect, test } from "vitest";
import { Connection } from "./connection.ts";
import { ByteBudget } from "../core/index.ts";
import { readBody } from "./request-body.ts";

function arriving(): { request: IncomingMessage; connection: Connection } {
  const socket = new Socket();
  return { request: new IncomingMessage(socket), connection: new Connection(socket) };
}

test("readBody() refuses what all bodies together have no room for, and gives the room back", async () => {
  const budget = new ByteBudget(10);
  const [first, second, third] = [arriving(), arriving(), arriving()];
  const one = readBody(first.request, first.connection, budget);
  first.request.push("12345678");
  const two = readBody(second.request, second.connection, budget);
  second.request.push("123");
  expect((await two).broken).toMatchObject({ code: "ServiceUnavailable", status: 503 });
  first.request.push(null);
  expect(Buffer.from((await one).body).toString()).toBe("12345678");
  const three = readBody(third.request, third.connection, budget);
  third.request.push("1234567890");
  third.request.push(null);
  expect((await three).broken).toBeUndefined();
});
