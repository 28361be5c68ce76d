import { PublishCommand, type SNSClient, SubscribeCommand } from "@aws-sdk/client-sns";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { until } from "../../trail.ts";
import { whySkipped } from "../clients.ts";
import { freePort, MAIL_MISSING, type MailServer, startMailServer } from "../receivers.ts";
import { arnOf, type AuditedServer, createTopic, follow, type Message, snsOf, startAudited } from "./topics-world.ts";

const FROM = "alarms@opentrail.example";

describe.skipIf(MAIL_MISSING !== undefined)(`mail to a real server${whySkipped(MAIL_MISSING)}`, () => {
  let audited: AuditedServer;
  let sns: SNSClient;
  let mail: MailServer;
  let port: number;
  /** What came before the server was away. */
  let before: readonly string[] = [];

  beforeAll(async () => {
    port = await freePort();
    mail = await startMailServer(port);
    audited = await startAudited(["--smtp-url", mail.url, "--smtp-from", FROM]);
    sns = snsOf(audited.server);
  });

  afterAll(async () => {
    sns.destroy();
    await Promise.all([audited.remove(), mail.stop()]);
  });

  async function mailsTo(address: string, count: number): Promise<readonly string[]> {
    const to = (): readonly string[] => mail.mails().filter((text) => text.includes(`\nTo: ${address}\n`));
    return await until(`${count} mails to ${address}`, to, ({ length }) => length >= count);
  }

  function linkIn(text: string | undefined, action: string): string {
    const link = new RegExp(`http://\\S*Action=${action}\\S*`).exec(text ?? "")?.[0];
    if (link === undefined) throw new Error(`no link to ${action} in ${text}`);
    return link;
  }

  async function subscribe(TopicArn: string, Protocol: "email" | "email-json", Endpoint: string): Promise<string> {
    const { SubscriptionArn } = await sns.send(new SubscribeCommand({ TopicArn, Protocol, Endpoint }));
    expect(SubscriptionArn).toBe("pending confirmation");
    const [asked = ""] = await mailsTo(Endpoint, 1);
    return asked;
  }

  test("a person confirms by the link, reads, and leaves by the other link", async () => {
    const TopicArn = await createTopic(sns, "mailed");
    const asked = await subscribe(TopicArn, "email", "ann@example.org");
    expect(headersOf(asked)).toMatchObject({
      From: FROM,
      To: "ann@example.org",
      Subject: "AWS Notification - Subscription Confirmation",
    });
    const arn = arnOf(await follow(linkIn(asked, "ConfirmSubscription")));
    const Message = `Der Täter war's.\n.\nFrom here\n${"long ".repeat(300)}end`;
    await sns.send(new PublishCommand({ TopicArn, Message, Subject: "Tür offen" }));
    const [, told = ""] = await mailsTo("ann@example.org", 2);
    expect(told).toContain(`${Message}\n`);
    expect(headersOf(told)).toMatchObject({ Subject: "=?UTF-8?Q?T=C3=BCr_offen?=" });
    const leave = linkIn(told, "Unsubscribe");
    expect(leave).toContain(arn);
    await follow(leave);
    await sns.send(new PublishCommand({ TopicArn, Message: "unheard" }));
    const [, , left = ""] = await mailsTo("ann@example.org", 3);
    expect(left).toContain("was unsubscribed from the topic");
    expect(arnOf(await follow(linkIn(left, "ConfirmSubscription")))).toBe(arn);
    await sns.send(new PublishCommand({ TopicArn, Message: "back again" }));
    expect((await mailsTo("ann@example.org", 4))[3]).toContain("back again");
  });

  test("email-json brings the envelope as JSON", async () => {
    const TopicArn = await createTopic(sns, "mailed-json");
    const asked = await subscribe(TopicArn, "email-json", "bot@example.org");
    const { SubscribeURL = "", Type } = JSON.parse(bodyOf(asked)) as Message;
    expect(Type).toBe("SubscriptionConfirmation");
    await follow(SubscribeURL);
    const { MessageId } = await sns.send(new PublishCommand({ TopicArn, Message: '{"a":"ü"}' }));
    const [, told = ""] = await mailsTo("bot@example.org", 2);
    expect(JSON.parse(bodyOf(told))).toMatchObject({ Type: "Notification", MessageId, Message: '{"a":"ü"}' });
  });

  test.each([
    ["two lines", "Hello\r\nBcc: eve@example.org"],
    ["a line of Unicode", "Hello\u2028Bcc: eve@example.org"],
    ["a control character", "Hello\u0000"],
    ["too many characters", "x".repeat(101)],
    ["nothing", ""],
  ])("a subject of %s is refused", async (_, Subject) => {
    const TopicArn = await createTopic(sns, "mailed");
    await expect(sns.send(new PublishCommand({ TopicArn, Message: "x", Subject }))).rejects.toMatchObject({
      name: "InvalidParameterException",
      message: "Invalid parameter: Subject",
      $metadata: { httpStatusCode: 400 },
    });
  });

  test.each([
    ["a second address", "ann@example.org, eve@example.org"],
    ["a second line", "ann@example.org\r\nBcc: eve@example.org"],
    ["a name", "Eve <eve@example.org>"],
    ["a quoted part", '"a b"@example.org'],
  ])("an address with %s is refused", async (_, Endpoint) => {
    const TopicArn = await createTopic(sns, "mailed");
    const subscribing = sns.send(new SubscribeCommand({ TopicArn, Protocol: "email", Endpoint }));
    await expect(subscribing).rejects.toMatchObject({ name: "InvalidParameterException" });
    expect(mail.mails().join("")).not.toContain("eve@example.org");
  });

  test("a hostile message stays in the body, whatever it says of itself", async () => {
    const TopicArn = await createTopic(sns, "hostile");
    await follow(linkIn(await subscribe(TopicArn, "email", "bea@example.org"), "ConfirmSubscription"));
    const Message =
      "x\r\n.\r\nMAIL FROM:<eve@example.org>\r\nRCPT TO:<eve@example.org>\r\nDATA\r\nSubject: hi\r\n\r\n.\r\n";
    await sns.send(new PublishCommand({ TopicArn, Message, Subject: "=?UTF-8?Q?=0ABcc:_eve@example.org?= <x>" }));
    const [, told = ""] = await mailsTo("bea@example.org", 2);
    expect(Object.keys(headersOf(told))).not.toContain("Bcc");
    expect(bodyOf(told)).toContain("MAIL FROM:<eve@example.org>");
    expect(mail.mails().filter((text) => /^(X-RcptTo|To): .*eve@/m.test(text))).toEqual([]);
  });

  test("a mail server that was away gets the mail when it is back", async () => {
    const TopicArn = await createTopic(sns, "patient");
    await follow(linkIn(await subscribe(TopicArn, "email", "cem@example.org"), "ConfirmSubscription"));
    before = mail.mails();
    await mail.stop();
    await sns.send(new PublishCommand({ TopicArn, Message: "while nobody took mail" }));
    const pending = async (): Promise<string> =>
      (await fetch(`${audited.server.status}/metrics`).then((response) => response.text()))
        .split("\n")
        .find((line) => line.startsWith("opentrail_deliveries_pending "))
        ?.split(" ")[1] ?? "";
    await until("a pending delivery", pending, (count) => count === "1");
    mail = await startMailServer(port);
    const [told = ""] = await mailsTo("cem@example.org", 1);
    expect(told).toContain("while nobody took mail");
  });

  test("no record has a link's token in it", async () => {
    const tokens = before.flatMap((text) => /Token=([0-9a-f]{64})/.exec(text)?.[1] ?? []);
    expect(tokens.length).toBeGreaterThan(3);
    const texts = JSON.stringify(await audited.records());
    expect(texts).toContain("ann@example.org");
    for (const token of tokens) expect(texts + audited.server.log()).not.toContain(token);
  });
});

/** The headers of a mail, unfolded. */
function headersOf(mail: string): Readonly<Record<string, string>> {
  const [head = ""] = mail.split("\n\n");
  const lines = head.replaceAll(/\n[ \t]+/g, " ").split("\n");
  return Object.fromEntries(lines.map((line) => /^([^:]+): ?(.*)$/.exec(line)?.slice(1) ?? [line, ""]));
}

function bodyOf(mail: string): string {
  return mail.slice(mail.indexOf("\n\n") + 2);
}
