import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import type { Event } from "./event-view.ts";

interface LookupBody {
  readonly LookupAttributes?: readonly { readonly AttributeKey: string; readonly AttributeValue: string }[];
  readonly StartTime?: number;
  readonly MaxResults?: number;
  readonly NextToken?: string;
  readonly EventCategory?: string;
}

/** What one LookupEvents call sees, and answers instead of events when it wants to. */
type Behaviour = (
  body: LookupBody,
  call: number,
) => { readonly status: number; readonly error: string } | "reset" | undefined;

/** A small CloudTrail: LookupEvents over what `events` holds, newest first, and an answer to GetCallerIdentity. */
export class HistoryServer {
  /** In the order they happened. */
  readonly events: Event[] = [];
  readonly bodies: LookupBody[] = [];
  behaviour: Behaviour = () => undefined;
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      let text = "";
      request.on("data", (chunk: Buffer) => (text += chunk.toString()));
      request.on("end", () => {
        if (request.headers["x-amz-target"] === undefined) {
          response.end(CALLER_IDENTITY);
          return;
        }
        const body = JSON.parse(text) as LookupBody;
        const trouble = this.behaviour(body, this.bodies.push(body));
        if (trouble === "reset") {
          request.socket.destroy();
          return;
        }
        response.writeHead(trouble?.status ?? 200, { "x-amzn-requestid": `request-${this.bodies.length}` });
        response.end(
          JSON.stringify(trouble === undefined ? this.#lookUp(body) : { __type: trouble.error, message: "no" }),
        );
      });
    });
  }

  async listen(port = 0): Promise<string> {
    await new Promise<void>((listening) => this.#server.listen(port, "127.0.0.1", listening));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((closed) => this.#server.close(closed));
  }

  #lookUp({
    LookupAttributes = [],
    StartTime = 0,
    MaxResults = 50,
    NextToken = "0",
    EventCategory,
  }: LookupBody): object {
    const ids = LookupAttributes.filter(({ AttributeKey }) => AttributeKey === "EventId");
    const found = this.events
      .filter(({ EventTime }) => (EventTime?.getTime() ?? 0) >= StartTime * 1000)
      .filter((event) => ids.every(({ AttributeValue }) => event.EventId === AttributeValue))
      .filter(
        ({ CloudTrailEvent = "" }) => CloudTrailEvent.includes("insightDetails") === (EventCategory === "insight"),
      )
      .toReversed();
    const next = Number(NextToken) + MaxResults;
    const page = found.slice(Number(NextToken), next);
    return {
      Events: page.map((event) => ({ ...event, EventTime: (event.EventTime?.getTime() ?? 0) / 1000 })),
      ...(next < found.length ? { NextToken: String(next) } : {}),
    };
  }
}

const CALLER_IDENTITY = `<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>
<Arn>arn:aws:iam::123456789012:user/John</Arn><UserId>AIDAJOHN</UserId><Account>123456789012</Account>
</GetCallerIdentityResult></GetCallerIdentityResponse>`;
