import type { ServerResponse } from "node:http";
import { pipeline, type Readable } from "node:stream";
import {
  type ChunkSeed,
  type Headers,
  headerValue,
  type OperationModel,
  type ResolvedCall,
  type SigningCredentials,
  sha256,
  type WireResponse,
} from "../../aws/index.ts";
import { assert, Failure, Refusal, reason } from "../../core/index.ts";
import { unknownIdentity, userIdentity } from "../../identity/index.ts";
import type { AuditRecord, UserIdentity } from "../../record/index.ts";
import type { CapturedBody } from "../call/captured.ts";
import { describeRequest } from "../call/describe-request.ts";
import { describeResponse } from "../call/describe-response.ts";
import type { CallPlace, RequestDescription, ResponseDescription } from "../call/description.ts";
import { identityOfArn } from "../identities/identity-of-arn.ts";
import { namesOneKey, shownKey } from "../identities/shown-key.ts";
import { tookCaller } from "../identities/took-caller.ts";
import { unsignedIdentity } from "../identities/unsigned-identity.ts";
import { deletedObjectRecords } from "./deleted-objects.ts";
import {
  authorizeCall,
  type ClaimedKey,
  claimedKey,
  guardBody,
  needsWholeBody,
  type Proof,
  proveCaller,
  readWholeBody,
  refusalAnswer,
  refuseAmbiguous,
  type ResignedRequest,
  resign,
} from "../enforce/index.ts";
import type { CallOutcome } from "./call-counts.ts";
import { AnswerRelay, type RelayedAnswer, replaceAnswer } from "./answer-relay.ts";
import { BodyCapture, BodyTap, NO_BODY, wholeBody } from "./body-tap.ts";
import { forwardRecord, type OddOutcome } from "./forward-record.ts";
import { type Gathering, gatherBody } from "./gather-body.ts";
import type { Arrival, GatewayNeeds, OpenRoute } from "./gateway.ts";
import type { OutgoingRequest } from "./upstream.ts";

/** Bodies of known length up to here are gathered before the call is forwarded: then all of it is known beforehand. */
const GATHER_BYTES = 256 * 1024;
/** Bodies that must be known whole before the call can be judged. */
const WHOLE_BYTES_MAX = 64 * 1024 * 1024;
/** What is kept of a body that streams, for its parameters; more is told by its hash and size. */
const KEEP_BYTES = 1024 * 1024;
/** The beginning of forms that browsers send to S3: their fields come before the file. */
const FORM_BYTES = 64 * 1024;

/** What is read of an error's body. */
const ERROR_BYTES = 64 * 1024;

/** The record of a mutating call that went out, should nothing more be learned of it. */
const INTENT: OddOutcome = {
  outcome: "unknown",
  errorCode: "OutcomeUnknown",
  errorMessage: "OpenTrail stopped before the answer came: the call may or may not have been carried out",
};

const INCOMPLETE = new Refusal("IncompleteBody", "the request ended before its body was whole", 400);
const CLIENT_LEFT = new Refusal("ClientDisconnected", "the client closed its connection before it had its answer", 400);
const NOTHING = "Nothing was changed; try again when /healthz says ok.";
const MADE_PERHAPS = "The call may have been carried out.";

/** One call on its way through the gateway: `run()` shows the steps in order. */
export class ForwardedCall {
  readonly #needs: GatewayNeeds;
  readonly #open: OpenRoute;
  readonly #arrival: Arrival;
  /** Absent for upgrades, whose answers whoever asks for them gives. */
  readonly #response: ServerResponse | undefined;
  readonly #eventID: string;
  readonly #requestId: string;
  readonly #arrivedAt: number;
  readonly #claimed: ClaimedKey | undefined;
  /** All of the body, once it is known. */
  #body: CapturedBody | undefined;
  #capture: BodyCapture | undefined;
  #gathering: Gathering | undefined;
  #streams: Readable | undefined;
  /** Why the request turned out to be none while its body came. */
  #broken: Refusal | undefined;
  #resolved: ResolvedCall;
  #model: OperationModel | undefined;
  #described: RequestDescription | undefined;
  #proof: Proof | undefined;
  /** Learned or configured, proven by the upstream's taking the call. */
  #supposed: UserIdentity | undefined;

  constructor(needs: GatewayNeeds, open: OpenRoute, arrival: Arrival, response?: ServerResponse) {
    this.#needs = needs;
    this.#open = open;
    this.#arrival = arrival;
    this.#response = response;
    this.#eventID = needs.random.uuid();
    this.#requestId = needs.random.uuid();
    this.#arrivedAt = needs.clock.now();
    this.#claimed = claimedKey(arrival.head);
    this.#resolved = this.#resolve(NO_BODY.bytes);
    arrival.broken = (why) => this.#breakOff(why);
  }

  async run(response: ServerResponse): Promise<void> {
    const prepared = await this.prepare();
    if ("answer" in prepared) return replaceAnswer(response, prepared.answer);
    const { relay, answer } = await this.#forward(prepared.outgoing, response);
    const ours = await this.conclude(answer);
    if (ours !== undefined) relay.replace(ours);
    else if (answer.failure === undefined) relay.finish();
    else relay.cut();
  }

  /** What is to be sent, once everything that must come before is done; or what the client is told instead. */
  async prepare(): Promise<{ readonly outgoing: OutgoingRequest } | { readonly answer: WireResponse }> {
    const { route } = this.#open;
    try {
      await this.#takeBody();
      this.#understand();
      const outgoing = await this.#admit();
      const intent = (): AuditRecord => this.#record(undefined, INTENT, 0);
      await this.#needs.audit.begin(route.audit, { mutates: !this.#description().readOnly, intent });
      return { outgoing };
    } catch (thrown) {
      return { answer: await this.#refuse(thrown) };
    }
  }

  #breakOff(why: Refusal): void {
    this.#broken ??= why;
    this.#gathering?.stop(why);
    this.#streams?.destroy(why);
  }

  /** Gathers a body that is small, or that must be known before the call can be judged; others stream. */
  async #takeBody(): Promise<void> {
    const { request, expectsContinue, head } = this.#arrival;
    const length = announcedLength(head.headers);
    if (length === 0) {
      this.#body = NO_BODY;
      return;
    }
    const mustBeWhole = this.#enforces && !this.#takesData();
    const namesOperation = this.#needs.catalog.needsBody({ ...head, body: NO_BODY.bytes }, this.#hints());
    const small = !expectsContinue && length !== undefined && length <= GATHER_BYTES;
    if (!mustBeWhole && !namesOperation && !small) return;
    if (expectsContinue) this.#response?.writeContinue();
    const bytesMax = mustBeWhole ? WHOLE_BYTES_MAX : KEEP_BYTES;
    this.#gathering = gatherBody(request, bytesMax, this.#needs.bodies);
    const gathered = await this.#gathering.gathered;
    if (gathered.kind === "broken") {
      this.#body = { bytes: gathered.bytes, size: gathered.bytes.length, whole: false };
      throw gathered.why ?? INCOMPLETE;
    }
    if (gathered.kind === "whole") this.#body = wholeBody(gathered.bytes);
    else if (mustBeWhole)
      throw new Refusal("RequestEntityTooLarge", `a body to be judged has over ${bytesMax} bytes`, 413);
    this.#resolved = this.#resolve(gathered.kind === "whole" ? gathered.bytes : gathered.beginning);
  }

  /** Calls that take no signature, by which one gets credentials, cannot be judged: they pass as they are. */
  get #enforces(): boolean {
    return this.#open.route.mode === "enforce" && this.#model?.unsigned !== true;
  }

  /** The body is data, such as the contents of an object: it says nothing about the call. */
  #takesData(): boolean {
    return this.#model?.input?.payload?.streaming === true && !needsWholeBody(this.#arrival.head);
  }

  #hints(): { signingName?: string; fallback?: string } {
    const { defaultService } = this.#open.route;
    const signingName = this.#claimed?.signingName;
    return {
      ...(signingName === undefined ? {} : { signingName }),
      ...(defaultService === undefined ? {} : { fallback: defaultService }),
    };
  }

  #resolve(body: Uint8Array): ResolvedCall {
    const resolved = this.#needs.catalog.resolve({ ...this.#arrival.head, body }, this.#hints());
    this.#model = this.#needs.catalog.operation(resolved);
    return resolved;
  }

  /** What the request says, as far as its body is known. */
  #understand(): void {
    this.#described = describeRequest({
      ...(this.#model === undefined ? {} : { model: this.#model }),
      resolved: this.#resolved,
      head: this.#arrival.head,
      body: this.#body ?? {
        bytes: NO_BODY.bytes,
        size: announcedLength(this.#arrival.head.headers) ?? 0,
        whole: false,
      },
      place: this.#place(),
    });
  }

  #description(): RequestDescription {
    if (this.#described === undefined) this.#understand();
    return this.#described as RequestDescription;
  }

  #place(): CallPlace {
    const { bucketHosts } = this.#needs;
    return { account: this.#account(), region: this.#region(), bucketHosts };
  }

  #account(): string {
    return (
      this.#open.route.account ??
      this.#proof?.caller.account ??
      this.#supposed?.accountId ??
      accountOfKey(this.#claimed?.accessKeyId) ??
      this.#needs.defaultAccount
    );
  }

  #region(): string {
    const claimed = this.#claimed?.region;
    if (claimed !== undefined && /^[a-z0-9-]{1,32}$/.test(claimed)) return claimed;
    return this.#open.route.region ?? this.#needs.defaultRegion;
  }

  /** Who calls, and on routes that enforce: may they? Answers what is to be sent. */
  async #admit(): Promise<OutgoingRequest> {
    await this.#identify();
    if (!this.#enforces) return this.#outgoing();
    const { head, sourceIp, tls } = this.#arrival;
    const userAgent = headerValue(head.headers, "user-agent");
    const { input, resources, additionalEventData } = this.#description();
    const model = this.#model;
    const body = this.#body?.bytes ?? NO_BODY.bytes;
    refuseAmbiguous({ head, body, protocol: this.#resolved.protocol, ...(model === undefined ? {} : { model }) });
    await authorizeCall({ authorizer: this.#needs.authorizer }, this.#proven(), {
      resolved: this.#resolved,
      account: this.#account(),
      head,
      // What was read in part only is not to be judged by that part.
      input: "unparsed" in additionalEventData ? undefined : input,
      resources,
      circumstances: {
        now: this.#arrivedAt,
        sourceIp,
        region: this.#region(),
        secure: tls !== undefined,
        ...(userAgent === undefined ? {} : { userAgent }),
      },
    });
    return this.#outgoing();
  }

  #proven(): Proof {
    assert(this.#proof !== undefined, "a route that enforces goes on only with a proof");
    return this.#proof;
  }

  async #identify(): Promise<void> {
    const { credentials, learned } = this.#needs;
    const { route } = this.#open;
    const key = this.#claimed?.accessKeyId;
    const early = this.#body !== undefined || !needsWholeBody(this.#arrival.head);
    if (this.#enforces || (key !== undefined && early && credentials.mayKnow(key))) await this.#prove();
    if (key === undefined || this.#proof !== undefined) return;
    const arn = route.identities.get(key);
    const shown = shownKey(key, this.#arrival.head);
    this.#supposed =
      arn === undefined
        ? await learned.find(route.realm, shown, this.#arrivedAt)
        : identityOfArn(arn, { accessKeyId: key });
  }

  /** With a key of our own the signature tells who calls. Where the upstream judges, a wrong one only leaves that open. */
  async #prove(): Promise<void> {
    const { head } = this.#arrival;
    try {
      const request = { head, body: this.#body, now: this.#arrivedAt };
      this.#proof = await proveCaller({ credentials: this.#needs.credentials }, request);
    } catch (thrown) {
      if (this.#enforces || !(thrown instanceof Refusal)) throw thrown;
    }
  }

  #outgoing(): OutgoingRequest {
    const { request, head, expectsContinue } = this.#arrival;
    const target = head.query === "" ? head.path : `${head.path}?${head.query}`;
    const { rawHeaders } = request;
    const signing = this.#enforces ? this.#open.signing : undefined;
    const signed = signing === undefined ? { target, rawHeaders } : this.#resign(target, signing);
    return {
      method: head.method,
      ...signed,
      body: this.#outgoingBody("chunks" in signed ? signed.chunks : undefined),
      expectContinue: expectsContinue && this.#body === undefined,
      repeatable: this.#description().readOnly,
    };
  }

  #resign(target: string, credentials: SigningCredentials): ResignedRequest {
    const { request, head } = this.#arrival;
    const { signed } = this.#proven();
    const hash = this.#body === undefined ? undefined : sha256(this.#body.bytes);
    return resign(
      {
        method: head.method,
        target,
        rawHeaders: request.rawHeaders,
        signedHeaders: signed.signedHeaders,
        ...(hash === undefined ? {} : { bodyHash: hash }),
      },
      { credentials, region: signed.region, service: signed.service, now: this.#needs.clock.now() },
    );
  }

  /** What goes out on a route that enforces is what was signed, or it breaks off before its end. */
  #outgoingBody(chunks: ChunkSeed | undefined): OutgoingRequest["body"] {
    const { request, head } = this.#arrival;
    const pending = this.#enforces ? this.#proof?.pending : undefined;
    const known = this.#body?.bytes;
    if (known !== undefined) {
      const bytes = pending?.kind === "chunks" ? readWholeBody(pending, known, chunks) : known;
      return bytes.length === 0 ? { kind: "none" } : { kind: "whole", bytes };
    }
    const capture = new BodyCapture(this.#keepsOfBody(), this.#hashesBody());
    this.#capture = capture;
    const tap = new BodyTap(capture);
    const guard = pending === undefined ? undefined : guardBody(pending, chunks);
    // The stream that breaks off breaks the others off; whoever reads the last one is told.
    const broke = (): void => undefined;
    const readable: Readable = guard ?? tap;
    if (guard === undefined) pipeline(request, tap, broke);
    else pipeline(request, tap, guard, broke);
    this.#streams = readable;
    const length = announcedLength(head.headers);
    return {
      kind: "stream",
      readable,
      ...(length === undefined ? {} : { length }),
      trailers: () => request.rawTrailers,
    };
  }

  /** The contents of objects are nobody's parameters. */
  #keepsOfBody(): number {
    if (this.#resolved.operation === "PostObject") return FORM_BYTES;
    return this.#takesData() ? 0 : KEEP_BYTES;
  }

  #hashesBody(): boolean {
    if (this.#resolved.operation === "PostObject") return false;
    return !this.#takesData();
  }

  #forward(
    outgoing: OutgoingRequest,
    response: ServerResponse,
  ): Promise<{ relay: AnswerRelay; answer: RelayedAnswer }> {
    const { request } = this.#arrival;
    const { route, upstream } = this.#open;
    const patienceMs = route.connectMs + route.answerMs;
    request.socket.setTimeout(2 * patienceMs);
    return new Promise((resolve) => {
      const relay: AnswerRelay = new AnswerRelay(
        response,
        {
          keepBytesMax: (status) => this.#keepsOfAnswer(status),
          stalledMs: this.#needs.stalledMs,
          patienceMs: 2 * patienceMs,
          continued: () => response.writeContinue(),
          last: this.#arrival.last,
        },
        (answer) => resolve({ relay, answer }),
      );
      relay.exchange = upstream.send(outgoing, relay);
    });
  }

  /** Errors are told; of what succeeded, that which only reads is not. */
  #keepsOfAnswer(status: number): number {
    if (status >= 300) return ERROR_BYTES;
    if (this.#model?.output?.payload?.streaming === true) return 0;
    return KEEP_BYTES;
  }

  /**
   * Makes the record of an ended exchange durable, as the route promises. Answers what the client gets instead of the
   * upstream's answer, if it must get something else and still can.
   */
  async conclude(answer: RelayedAnswer): Promise<WireResponse | undefined> {
    const { route } = this.#open;
    const { audit, counts, log, random } = this.#needs;
    if (this.#body === undefined) await this.#bodyPassed();
    const odd = this.#oddOutcome(answer);
    const response = this.#describeAnswer(answer);
    const identity = this.#identity(answer, response);
    const record = this.#record(response, odd, answer.body.size, identity);
    const more = deletedObjectRecords(record, this.#resolved, this.#description(), response, random);
    try {
      if (answer.head !== undefined && response?.output !== undefined && response.errorCode === undefined)
        await this.#learn(answer.head.headers, response, identity);
      await Promise.all([record, ...more].map((each) => audit.finish(route.audit, route.name, each)));
    } catch (thrown) {
      log.error({ err: thrown, route: route.name }, "a call's record could not be kept");
      counts.ended(route.name, "unrecorded");
      return this.#answerOf(unavailable(`The audit log cannot be written. ${MADE_PERHAPS}`));
    }
    counts.ended(route.name, outcomeOf(response, odd, answer.head?.status ?? 0));
    return answer.failure === undefined ? undefined : this.#answerOf(this.#refusalFor(answer));
  }

  async #bodyPassed(): Promise<void> {
    this.#body = this.#capture?.result() ?? NO_BODY;
    if (this.#resolved.operation === undefined) this.#resolved = this.#resolve(this.#body.bytes);
    if (this.#proof === undefined && this.#supposed === undefined) await this.#identify().catch(() => undefined);
    this.#understand();
  }

  #describeAnswer(answer: RelayedAnswer): ResponseDescription | undefined {
    if (answer.head === undefined) return undefined;
    return describeResponse({
      ...(this.#model === undefined ? {} : { model: this.#model }),
      resolved: this.#resolved,
      request: this.#description(),
      response: { ...answer.head, body: answer.body },
      place: this.#place(),
    });
  }

  #oddOutcome(answer: RelayedAnswer): OddOutcome | undefined {
    if (this.#broken !== undefined) return { outcome: "unknown", ...told(this.#broken) };
    const { failure } = answer;
    if (answer.clientGone) {
      if (failure === undefined) return { outcome: "client-left" };
      const early = !this.#arrival.request.complete;
      return { outcome: "client-left", ...told(early ? INCOMPLETE : CLIENT_LEFT) };
    }
    if (failure === undefined) return undefined;
    if (failure.cause instanceof Refusal) return { outcome: "not-forwarded", ...told(failure.cause) };
    return { outcome: failure.sent ? "unknown" : "not-forwarded", ...told(this.#refusalFor(answer)) };
  }

  #refusalFor({ head, failure }: RelayedAnswer): Refusal {
    if (this.#broken !== undefined) return this.#broken;
    if (failure?.cause instanceof Refusal) return failure.cause;
    if (head !== undefined) return new Refusal("IncompleteAnswer", "the upstream's answer broke off", 502);
    switch (failure?.kind) {
      case "unreachable":
        return unavailable("The service behind OpenTrail cannot be reached. Nothing was changed.");
      case "timeout":
        return unavailable(`The service behind OpenTrail did not answer in time. ${MADE_PERHAPS}`);
      case "broken":
      case undefined:
        return unavailable(`The service behind OpenTrail broke the connection. ${MADE_PERHAPS}`);
    }
  }

  /** The upstream has said whose key it is by taking the call; or it has not. */
  #identity({ head, body }: RelayedAnswer, response: ResponseDescription | undefined): UserIdentity {
    if (this.#proof !== undefined) return userIdentity(this.#proof.caller);
    const key = this.#claimed?.accessKeyId;
    if (key === undefined) return unsignedIdentity(this.#resolved, response?.output);
    const taken = head !== undefined && tookCaller({ ...head, ...response, hasBody: body.size > 0 });
    const certain = taken && namesOneKey(this.#arrival.head, this.#body?.bytes ?? NO_BODY.bytes);
    return this.#supposed === undefined || !certain ? unknownIdentity(key) : this.#supposed;
  }

  /** What cannot be learned durably is known until the next start: no call fails of it. */
  async #learn(answerHeaders: Headers, { output = {} }: ResponseDescription, identity: UserIdentity): Promise<void> {
    const { learned, clock, log } = this.#needs;
    const { realm, account, learns } = this.#open.route;
    if (!learns) return;
    const { input = {} } = this.#description();
    const { head } = this.#arrival;
    const key = this.#claimed?.accessKeyId;
    const shown = key === undefined ? undefined : shownKey(key, head);
    const proven = this.#proof !== undefined;
    const resolved = this.#resolved;
    const now = clock.now();
    const call = { resolved, head, answerHeaders, input, output, shown, identity, proven, realm, account, now };
    await learned.learn(call).catch((err: unknown) => log.warn({ err }, "what a call says of keys could not be kept"));
  }

  #record(
    response: ResponseDescription | undefined,
    odd: OddOutcome | undefined,
    bytesOut: number,
    identity: UserIdentity = this.#proof === undefined
      ? unknownIdentity(this.#claimed?.accessKeyId)
      : userIdentity(this.#proof.caller),
  ): AuditRecord {
    const { head, sourceIp, tls } = this.#arrival;
    const userAgent = headerValue(head.headers, "user-agent");
    const invocationId = headerValue(head.headers, "amz-sdk-invocation-id");
    return forwardRecord(
      {
        eventID: this.#eventID,
        now: this.#needs.clock.now(),
        route: this.#open.route.name,
        resolved: this.#resolved,
        identity,
        region: this.#region(),
        account:
          identity.accountId === undefined || !/^\d{12}$/.test(identity.accountId)
            ? this.#account()
            : identity.accountId,
        sourceIp,
        ...(userAgent === undefined ? {} : { userAgent }),
        ...(tls === undefined ? {} : { tls }),
        ...(invocationId === undefined ? {} : { invocationId }),
        ...(response?.requestID === undefined && odd !== undefined ? { ownRequestId: this.#requestId } : {}),
        bytesIn: this.#body?.size ?? this.#capture?.size ?? 0,
        bytesOut,
      },
      this.#description(),
      response,
      odd,
    );
  }

  /** The call goes no further. Its record is kept if it can be, and counted if not: it changed nothing. */
  async #refuse(thrown: unknown): Promise<WireResponse> {
    const { route } = this.#open;
    const refusal = this.#toRefusal(thrown);
    const record = this.#record(undefined, { outcome: "not-forwarded", ...told(refusal) }, 0);
    const mode = thrown instanceof Refusal ? route.audit : "best-effort";
    await this.#needs.audit.finish(mode, route.name, record).catch((err: unknown) => {
      this.#needs.log.error({ err, route: route.name }, "the record of a refused call could not be kept");
    });
    this.#needs.counts.ended(route.name, refusal.code === "AccessDenied" ? "denied" : "refused");
    return this.#answerOf(refusal);
  }

  #toRefusal(thrown: unknown): Refusal {
    if (thrown instanceof Refusal) return thrown;
    this.#needs.log.error({ err: thrown, route: this.#open.route.name }, "a call could not be taken");
    if (thrown instanceof Failure)
      return unavailable(`The audit log cannot be used (${reason(thrown.cause ?? thrown)}). ${NOTHING}`);
    return new Refusal("InternalFailure", "The request processing has failed because of an internal error.", 500);
  }

  #answerOf(refusal: Refusal): WireResponse {
    const service = this.#model?.service;
    return refusalAnswer(
      {
        resolved: this.#resolved,
        ...(service === undefined ? {} : { model: service }),
        head: this.#arrival.head,
        requestId: this.#requestId,
      },
      refusal,
    );
  }
}

/** The body's length as the client announced it; 0 without a body, undefined when it is not known beforehand. */
function announcedLength(headers: Headers): number | undefined {
  if (headers["transfer-encoding"] !== undefined) return undefined;
  return Number(headers["content-length"]?.[0] ?? 0);
}

/** Emulators take an account id for an access key. */
export function accountOfKey(accessKeyId: string | undefined): string | undefined {
  return accessKeyId !== undefined && /^\d{12}$/.test(accessKeyId) ? accessKeyId : undefined;
}

function unavailable(message: string): Refusal {
  return new Refusal("ServiceUnavailable", message, 503);
}

function told({ code, message }: Refusal): { readonly errorCode: string; readonly errorMessage: string } {
  return { errorCode: code, errorMessage: message };
}

/** For coverage: what became of a call. */
function outcomeOf(
  response: ResponseDescription | undefined,
  odd: OddOutcome | undefined,
  status: number,
): CallOutcome {
  if (odd !== undefined && odd.outcome !== "client-left") return "upstream failed";
  if (response?.errorCode === undefined) return "ok";
  if (status === 401 || status === 403 || /^(Client\.)?(AccessDenied|Unauthorized)/.test(response.errorCode))
    return "denied";
  return status >= 500 ? "server error" : "client error";
}
