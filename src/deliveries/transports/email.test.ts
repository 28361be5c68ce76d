import { type AddressInfo, createServer, type Socket } from "node:net";
import { describe, expect, onTestFinished, test } from "vitest";
import { newDelivery } from "../deliveries.fixture.ts";
import type { AttemptResult, Delivery } from "../delivery.ts";
import { openEmailTransport } from "./email.ts";

const signal = new AbortController().signal;

interface Mail {
  from: string;
  to: string[];
  data: string;
}

/** What the server says instead of yes, by the word it answers to; `DATA.` is the end of the mail. */
type Replies = Readonly<Record<string, string>>;

/** A mail server of a few words. */
async function openSmtp(replies: Replies = {}): Promise<{ readonly url: string; readonly mails: readonly Mail[] }> {
  const mails: Mail[] = [];
  const server = createServer((socket) => serve(socket, replies, mails));
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  onTestFinished(() => void server.close());
  return { url: `smtp://user:word@127.0.0.1:${(server.address() as AddressInfo).port}`, mails };
}

function serve(socket: Socket, replies: Replies, mails: Mail[]): void {
  let mail: Mail = { from: "", to: [], data: "" };
  let inData = false;
  let rest = "";
  const say = (word: string, yes: string): void => void socket.write(`${replies[word] ?? yes}\r\n`);
  const hear = (line: string): void => {
    const word = line.slice(0, 4).toUpperCase();
    if (inData && line === ".") {
      inData = false;
      if (replies["DATA."] === undefined) mails.push(mail);
      say("DATA.", "250 taken");
    } else if (inData) mail.data += `${line.replace(/^\./, "")}\n`;
    else if (word === "EHLO") say(word, "250-test\r\n250 AUTH PLAIN");
    else if (word === "AUTH") say(word, "235 welcome");
    else if (word === "MAIL") {
      mail = { from: line.slice(10), to: [], data: "" };
      say(word, "250 yes");
    } else if (word === "RCPT") {
      mail.to.push(line.slice(8));
      say(word, "250 yes");
    } else if (word === "DATA") {
      inData = true;
      say(word, "354 go on");
    } else say(word, "250 yes");
  };
  socket.on("error", () => socket.destroy());
  say("HELLO", "220 test");
  socket.on("data", (chunk) => {
    const lines = (rest + chunk.toString()).split("\r\n");
    rest = lines.pop() ?? "";
    for (const line of lines) hear(line);
  });
}

function mail(url: string, changes: Partial<Delivery> = {}): Promise<AttemptResult> {
  const transport = openEmailTransport({ smtp: { url, from: "OpenTrail <trail@example.org>" } });
  const delivery = { ...newDelivery({ kind: "email", endpoint: "ops@example.com" }), id: "7", createdAt: 1_000 };
  return transport({ ...delivery, ...changes } as Delivery, signal);
}

describe("openEmailTransport()", () => {
  test("mails the body to the endpoint", async () => {
    const { url, mails } = await openSmtp();
    const parameters = { subject: "Wächter\r\nBcc: evil@example.org" };
    expect(await mail(url, { body: "one\n.\ntwo", parameters })).toEqual({ outcome: "delivered" });
    expect(mails).toMatchObject([{ from: "<trail@example.org>", to: ["<ops@example.com>"] }]);
    const [head = "", text] = (mails[0]?.data ?? "").split(/\n\n(.*)/s);
    expect(text).toBe("one\n.\ntwo\n");
    expect(head).toContain("\nMessage-ID: <1000.7@example.org>");
    expect(head).toContain("\nDate: Thu, 01 Jan 1970 00:00:01 +0000");
    expect(head).not.toMatch(/^bcc/im);
  });

  test.each([
    ["a mail taken later", { "DATA.": "451 later" }, "retry"],
    ["a mailbox taken later", { RCPT: "450 busy" }, "retry"],
    ["no such mailbox", { RCPT: "550 unknown" }, "failed"],
    ["a mail refused", { "DATA.": "554 spam" }, "failed"],
    ["a sender refused", { MAIL: "553 no" }, "failed"],
    ["a wrong password", { AUTH: "535 wrong" }, "retry"],
    ["a server that is busy", { HELLO: "421 busy" }, "retry"],
    ["a server that refuses all", { HELLO: "554 go away" }, "retry"],
  ])("knows what to do after %s", async (_, replies, outcome) => {
    const { url, mails } = await openSmtp(replies);
    expect(await mail(url)).toMatchObject({ outcome });
    expect(mails).toEqual([]);
  });

  test("tries again when nobody listens", async () => {
    expect(await mail("smtp://127.0.0.1:1")).toMatchObject({ outcome: "retry" });
  });

  test.each([
    "",
    "ops",
    "ops@example.com, other@example.com",
    "ops@example.com\r\nBcc: other@example.com",
    "Ops <ops@example.com>",
    "<ops@example.com>",
    '"ops"@example.com',
    "ops@example.com\u0000",
    "ops@[127.0.0.1]",
    "a@b@c",
    `${"x".repeat(65)}@example.com`,
  ])("gives up on the address %j", async (endpoint) => {
    const { url, mails } = await openSmtp();
    const error = "the endpoint is not one plain mail address";
    expect(await mail(url, { endpoint })).toEqual({ outcome: "failed", error });
    expect(mails).toEqual([]);
  });

  test("names the setting when there is no server", async () => {
    const delivery = newDelivery({ kind: "email" }) as Delivery;
    const error = "there is no mail server; set smtp.url";
    expect(await openEmailTransport({})(delivery, signal)).toEqual({ outcome: "failed", error });
  });
});
