import { createTransport } from "nodemailer";
import type { AttemptResult, Delivery, Transport } from "../delivery.ts";

export interface EmailNeeds {
  /** `url`: `smtp://user:password@host:587` or `smtps://…`, with nodemailer's options in the query. */
  readonly smtp?: { readonly url: string; readonly from: string } | undefined;
}

/** `Delivery.parameters` of the kind `email`. */
export interface EmailParameters {
  readonly subject: string;
}

/** Nodemailer waits for minutes by itself; an attempt does not. */
const TIMEOUTS = { connectionTimeout: 10_000, greetingTimeout: 10_000, socketTimeout: 10_000, dnsTimeout: 5_000 };
const SUBJECT_CHARACTERS_MAX = 500;

/** One plain address. Whatever could end a header, or begin another address, is in none. */
const ADDRESS = /^[^\s\p{Cc}<>()[\]\\,;:"@]{1,64}@[^\s\p{Cc}<>()[\]\\,;:"@]{1,255}$/u;

/**
 * Mails the body, as plain text, to the address that is the endpoint. Each try bears the same Message-ID.
 *
 * A reply of 4xx, or no connection, may do better later; a reply of 5xx to the mail will not.
 * @throws {Error} when the URL of the server is none.
 */
export function openEmailTransport({ smtp }: EmailNeeds): Transport {
  if (smtp === undefined) {
    return async () => ({ outcome: "failed", error: "there is no mail server; set smtp.url" });
  }
  const transporter = createTransport(
    { url: smtp.url, disableFileAccess: true, disableUrlAccess: true, ...TIMEOUTS },
    { from: smtp.from },
  );
  const host = /@([\w.-]+)/.exec(smtp.from)?.[1] ?? "opentrail";
  return async (delivery) => {
    if (!ADDRESS.test(delivery.endpoint)) {
      return { outcome: "failed", error: "the endpoint is not one plain mail address" };
    }
    try {
      await transporter.sendMail({
        to: { name: "", address: delivery.endpoint },
        subject: subjectOf(delivery),
        text: delivery.body,
        date: new Date(delivery.createdAt),
        messageId: `<${delivery.createdAt}.${delivery.id}@${host}>`,
      });
      return { outcome: "delivered" };
    } catch (thrown) {
      return resultOf(thrown);
    }
  };
}

function subjectOf({ parameters }: Delivery): string {
  const { subject } = parameters as Partial<EmailParameters>;
  return String(subject ?? "")
    .replace(/\p{Cc}+/gu, " ")
    .slice(0, SUBJECT_CHARACTERS_MAX)
    .toWellFormed();
}

/** What nodemailer calls refusals of the mail itself; the others are about the connection or the login. */
const OF_THE_MAIL: ReadonlySet<unknown> = new Set(["EENVELOPE", "EMESSAGE"]);

function resultOf(thrown: unknown): AttemptResult {
  const error = thrown instanceof Error ? thrown : new Error(String(thrown));
  const { code, responseCode } = error as { code?: unknown; responseCode?: unknown };
  const forGood = OF_THE_MAIL.has(code) && typeof responseCode === "number" && responseCode >= 500;
  return { outcome: forGood ? "failed" : "retry", error: error.message };
}
