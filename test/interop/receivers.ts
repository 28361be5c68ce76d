import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { createServer, type IncomingHttpHeaders, type RequestListener } from "node:http";
import { createServer as createSecureServer } from "node:https";
import { type AddressInfo, createServer as createTcpServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { startProcess } from "./gateway/process.ts";

const AIOSMTPD = fileURLToPath(new URL("../../.venv/bin/aiosmtpd", import.meta.url));
const PYTHON = fileURLToPath(new URL("../../.venv/bin/python", import.meta.url));

/** Why no mail can be taken on this machine; undefined when it can. */
export const MAIL_MISSING: string | undefined = existsSync(AIOSMTPD)
  ? undefined
  : `${AIOSMTPD} is not there; tools/install-clients.sh brings it`;

/** A real SMTP server that keeps what it gets. */
export interface MailServer {
  /** `smtp://127.0.0.1:PORT` */
  readonly url: string;
  /** Every mail so far, oldest first, headers as they came, its text decoded. */
  mails(): readonly string[];
  stop(): Promise<void>;
}

/** On `at`, or on a port that is free. */
export async function startMailServer(at?: number): Promise<MailServer> {
  const directory = mkdtempSync(join(tmpdir(), "opentrail-mail-"));
  const port = at ?? (await freePort());
  const maildir = join(directory, "maildir");
  const script = `
import sys, time
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Mailbox
controller = Controller(Mailbox(${JSON.stringify(maildir)}), hostname="127.0.0.1", port=${port})
controller.start()
print("takes mail", flush=True)
while True: time.sleep(60)`;
  const started = await startProcess(PYTHON, ["-c", script], { ready: /takes mail/, readyMs: 20_000 });
  const folder = join(maildir, "new");
  return {
    url: `smtp://127.0.0.1:${port}`,
    mails: () =>
      readdirSync(folder)
        .toSorted(new Intl.Collator("en", { numeric: true }).compare)
        .map((file) => decoded(readFileSync(join(folder, file), "utf8"))),
    stop: async () => {
      await started.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Quoted-printable, and nothing else: that is how texts come here. */
function decoded(mail: string): string {
  if (!/^content-transfer-encoding: quoted-printable\r?$/im.test(mail)) return mail;
  const bodyAt = /\r?\n\r?\n/.exec(mail)?.index ?? mail.length;
  const bytes = mail
    .slice(bodyAt)
    .replace(/=\r?\n/g, "")
    .replace(/=([0-9A-F]{2})/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return mail.slice(0, bodyAt) + Buffer.from(bytes, "latin1").toString("utf8");
}

/** What came to a webhook. */
export interface HookRequest {
  readonly method: string;
  readonly path: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An HTTP server that keeps what it gets and answers as it is told: 200 unless `answer` says otherwise; with TLS where it has PEM files. */
export interface Webhook {
  readonly url: string;
  readonly requests: readonly HookRequest[];
  stop(): Promise<void>;
}

export async function startWebhook(
  answer: (request: HookRequest, nth: number) => number = () => 200,
  tls?: { readonly certificate: string; readonly key: string },
): Promise<Webhook> {
  const requests: HookRequest[] = [];
  const listener: RequestListener = (request, response) => {
    const chunks: Buffer[] = [];
    request.on("data", (chunk: Buffer) => chunks.push(chunk));
    request.on("end", () => {
      const { method = "", url = "", headers } = request;
      const kept = { method, path: url, headers, body: Buffer.concat(chunks).toString() };
      requests.push(kept);
      response.writeHead(answer(kept, requests.length)).end();
    });
  };
  const server =
    tls === undefined
      ? createServer(listener)
      : createSecureServer({ cert: readFileSync(tls.certificate), key: readFileSync(tls.key) }, listener);
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  return {
    url: `${tls === undefined ? "http" : "https"}://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests,
    stop: async () => {
      server.closeAllConnections();
      await new Promise<void>((closed) => server.close(() => closed()));
    },
  };
}

/** A port of this machine that nobody listens on. */
export async function freePort(): Promise<number> {
  const server = createTcpServer();
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((closed) => server.close(() => closed()));
  return port;
}
