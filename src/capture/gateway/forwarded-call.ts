import { targetOf } from "../call/captured.ts";
import {
  headerValue,
  type OperationModel,
  type ResolvedCall,
  type SigningCredentials,
  sha256,
  type WireResponse,
} from "../../aws/index.ts";
import { Failure, optional, Refusal, reason } from "../../core/index.ts";
import { type AuditRecord, DELIVERY_MARK_HEADER, type UserIdentity } from "../../record/index.ts";
import { describeRequest } from "../call/describe-request.ts";
import { describeResponse } from "../call/describe-response.ts";
import type { CallPlace, RequestDescription, ResponseDescription } from "../call/description.ts";
import { withoutHidden } from "../call/hidden-texts.ts";
import {
  authorizeCall,
  type CallToAuthorize,
  mayAlso,
  needsWholeBody,
  readWholeBody,
  recordedRefusal,
  refusalAnswer,
  refuseAmbiguous,
  type ResignedRequest,
  resign,
} from "../enforce/index.ts";
import type { RelayedAnswer } from "./answer-relay.ts";
import { NO_BODY } from "./body-capture.ts";
import { type AnsweredCall, CallIdentity } from "./call-identity.ts";
import {
  CLIENT_LEFT,
  callOutcome,
  failureAnswer,
  INCOMPLETE,
  INTENT,
  notForwarded,
  notRecordable,
  oddOutcome,
  UNRECORDED,
  unavailable,
} from "./call-outcome.ts";
import { deletedObjectRecords } from "./deleted-objects.ts";
import { forwardRecord, type OddOutcome } from "./forward-record.ts";
import { DOCUMENT_BYTES_MAX, OWN_PARTITION, OwnCall } from "./own-call.ts";
import { ownerRecords } from "./owner-record.ts";
import type { Arrival, Destination, GatewayNeeds, OpenRoute } from "./gateway.ts";
import { IncomingBody, type StreamPlan } from "./incoming-body.ts";
import type { PassingCall } from "./pass-through.ts";
import type { CallOrigin, OutgoingRequest } from "./upstream.ts";

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

/** One call on its way through the gateway, to be recorded: `prepare()` and `conclude()` show the steps in order. */
export class ForwardedCall implements PassingCall {
  readonly #needs: GatewayNeeds;
  readonly #open: OpenRoute;
  readonly #destination: Destination;
  readonly #arrival: Arrival;
  readonly #eventID: string;
  readonly #requestId: string;
  readonly #arrivedAt: number;
  readonly #body: IncomingBody;
  readonly #caller: CallIdentity;
  /** Present when it is for our own buckets. */
  readonly #ownCall: OwnCall | undefined;
  #resolved: ResolvedCall;
  #model: OperationModel | undefined;
  #described: RequestDescription | undefined;
  /** Why the request turned out to be none before it was forwarded. */
  #broken: Refusal | undefined;
  /** A data event of our own buckets that nobody asked for leaves no record. Decided once: an intent must find its end. */
  #unwanted: boolean | undefined;

  constructor(needs: GatewayNeeds, destination: Destination, arrival: Arrival) {
    const { head, request } = arrival;
    const { claimed, open } = destination;
    this.#needs = needs;
    this.#open = open;
    this.#destination = destination;
    this.#arrival = arrival;
    this.#eventID = needs.random.uuid();
    this.#requestId = needs.random.uuid();
    this.#arrivedAt = needs.clock.now();
    this.#body = new IncomingBody(request, head.headers);
    this.#caller = new CallIdentity(needs, open.route, { head, claimed, arrivedAt: this.#arrivedAt });
    this.#ownCall = open.own && new OwnCall(open.own, head, needs.bucketHosts);
    this.#resolved = destination.resolved;
    this.#model = needs.catalog.operation(destination.resolved);
  }

  /** What is to be sent, once everything that must come before is done; or what the client is told instead. */
  async prepare(): Promise<{ readonly outgoing: OutgoingRequest } | { readonly answer: WireResponse }> {
    const { route } = this.#open;
    try {
      await this.#takeBody();
      this.#understand();
      await this.#admit();
      const outgoing = this.#outgoing();
      const intent = (): AuditRecord => this.#record(undefined, INTENT, 0, this.#caller.early);
      const mutates = !this.#description().readOnly;
      if (!this.#isUnwanted()) await this.#needs.audit.begin(route.audit, { mutates, intent });
      // The last moment at which the call can be left undone.
      if (this.#broken !== undefined) throw this.#broken;
      if (this.#arrival.request.socket.destroyed) throw CLIENT_LEFT;
      return { outgoing };
    } catch (thrown) {
      return { answer: await this.#refuse(thrown) };
    }
  }

  /** Gathers a body that is small, or that must be known before the call can be judged; others stream. */
  async #takeBody(): Promise<void> {
    if (this.#body.known !== undefined) return;
    const { expectsContinue, head } = this.#arrival;
    const { catalog, bodies } = this.#needs;
    const { length } = this.#body;
    const mustBeWhole = this.#enforces && !this.#takesData();
    const namesOperation = catalog.needsBody({ ...head, body: NO_BODY.bytes }, this.#destination.hints);
    const small = !expectsContinue && length !== undefined && length <= GATHER_BYTES;
    if (!mustBeWhole && !namesOperation && !small) return;
    const wholeMax = this.#ownCall === undefined ? WHOLE_BYTES_MAX : DOCUMENT_BYTES_MAX;
    if (mustBeWhole && length !== undefined && length > wholeMax) throw this.#tooLarge;
    // Anybody can reach our own buckets: nobody's document is read who has not proven who it is.
    if (mustBeWhole && this.#ownCall !== undefined && !needsWholeBody(head)) await this.#caller.find(undefined, true);
    if (expectsContinue) this.#arrival.continue();
    const gathered = await this.#body.gather(mustBeWhole ? wholeMax : KEEP_BYTES, bodies);
    if (gathered.kind === "broken") throw gathered.why ?? INCOMPLETE;
    if (gathered.kind !== "whole" && mustBeWhole) throw gathered.kind === "more" ? this.#tooLarge : TOO_BUSY;
    if (namesOperation) this.#resolve(gathered.bytes);
  }

  get #tooLarge(): Refusal {
    return this.#ownCall === undefined ? TOO_LARGE : DOCUMENT_TOO_LARGE;
  }

  /** Calls that take no signature, by which one gets credentials, cannot be judged: they pass as they are. */
  get #enforces(): boolean {
    return this.#open.route.mode === "enforce" && this.#model?.unsigned !== true;
  }

  /** The body is data, such as the contents of an object: it says nothing about the call. */
  #takesData(): boolean {
    return this.#model?.input?.payload?.streaming === true && !needsWholeBody(this.#arrival.head);
  }

  #resolve(body: Uint8Array): void {
    const { catalog } = this.#needs;
    this.#resolved = catalog.resolve({ ...this.#arrival.head, body }, this.#destination.hints);
    this.#model = catalog.operation(this.#resolved);
  }

  /** What the request says, as far as its body is known. */
  #understand(): void {
    this.#described = describeRequest({
      ...(this.#model === undefined ? {} : { model: this.#model }),
      resolved: this.#resolved,
      head: this.#arrival.head,
      body: this.#body.known ?? { bytes: NO_BODY.bytes, size: this.#body.length ?? 0, whole: false },
      place: this.#place(),
    });
  }

  #description(): RequestDescription {
    if (this.#described === undefined) this.#understand();
    return this.#described as RequestDescription;
  }

  #place(): CallPlace {
    const { account, region } = this.#caller;
    const { bucketHosts } = this.#needs;
    if (this.#ownCall === undefined) return { account, region, bucketHosts };
    return { account: this.#ownCall.owner ?? account, region, bucketHosts, partition: OWN_PARTITION };
  }

  /** Who calls, and on routes that enforce: may they? */
  async #admit(): Promise<void> {
    await this.#caller.find(this.#body.known, this.#enforces);
    if (!this.#enforces) return;
    const { head } = this.#arrival;
    const model = this.#model;
    const body = this.#body.known?.bytes ?? NO_BODY.bytes;
    refuseAmbiguous({ head, body, protocol: this.#resolved.protocol, ...(model === undefined ? {} : { model }) });
    this.#ownCall?.refuseOddAddress();
    const call = this.#toAuthorize();
    const known = await this.#open.own?.conditions(this.#resolved.operation, call.input ?? {});
    await authorizeCall(this.#judges, this.#caller.proven, { ...call, ...optional("known", known) });
  }

  get #judges(): Parameters<typeof authorizeCall>[0] {
    return { authorizer: this.#needs.authorizer, ...optional("guard", this.#ownCall?.guard) };
  }

  #toAuthorize(): CallToAuthorize {
    const { head, sourceIp, tls } = this.#arrival;
    const userAgent = headerValue(head.headers, "user-agent");
    const { input, resources, targets = resources, additionalEventData } = this.#description();
    return {
      resolved: this.#resolved,
      account: this.#caller.account,
      ...(this.#ownCall === undefined ? {} : { partition: OWN_PARTITION }),
      head,
      // What was read in part only is not to be judged by that part.
      input: "unparsed" in additionalEventData ? undefined : input,
      resources: targets,
      circumstances: {
        now: this.#arrivedAt,
        sourceIp,
        region: this.#caller.region,
        secure: tls !== undefined,
        ...optional("userAgent", userAgent),
      },
      ...optional("tlsVersion", tls?.tlsVersion),
    };
  }

  #outgoing(): OutgoingRequest {
    const { request, head, expectsContinue } = this.#arrival;
    const target = targetOf(head);
    const { rawHeaders } = request;
    const signing = this.#enforces ? this.#open.signing : undefined;
    const signed: ResignedRequest = signing === undefined ? { target, rawHeaders } : this.#resign(target, signing);
    const { chunks } = signed;
    return {
      method: head.method,
      target: signed.target,
      rawHeaders: signed.rawHeaders,
      body: this.#outgoingBody(chunks === undefined ? {} : { chunks }),
      expectContinue: expectsContinue && this.#body.known === undefined,
      repeatable: this.#description().readOnly,
      ...(this.#open.own === undefined ? {} : { from: this.#origin() }),
    };
  }

  #origin(): CallOrigin {
    return {
      caller: this.#caller.proven.caller,
      requestId: this.#requestId,
      region: this.#caller.region,
      now: this.#arrivedAt,
      resolved: this.#resolved,
      input: this.#description().input ?? {},
      mayList: (bucket) => {
        const resource = `arn:${OWN_PARTITION}:s3:::${bucket}`;
        return mayAlso(this.#judges, this.#caller.proven, this.#toAuthorize(), "s3:ListBucket", resource);
      },
    };
  }

  #isUnwanted(): boolean {
    this.#unwanted ??= !this.#isWanted();
    return this.#unwanted;
  }

  /** The caller's account may ask for it, or the bucket's owner's. */
  #isWanted(): boolean {
    const { own } = this.#open;
    if (own === undefined || this.#description().eventCategory !== "Data") return true;
    const record = this.#record(undefined, undefined, 0, this.#caller.early);
    const owner = this.#ownCall?.owner;
    return own.wants(record) || (owner !== undefined && own.wants({ ...record, recipientAccountId: owner }));
  }

  #resign(target: string, credentials: SigningCredentials): ResignedRequest {
    const { request, head } = this.#arrival;
    const { signed } = this.#caller.proven;
    const body = this.#body.known;
    return resign(
      {
        method: head.method,
        target,
        rawHeaders: request.rawHeaders,
        signedHeaders: signed.signedHeaders,
        ...(body === undefined ? {} : { bodyHash: sha256(body.bytes) }),
      },
      { credentials, region: signed.region, service: signed.service, now: this.#needs.clock.now() },
    );
  }

  /** What goes out on a route that enforces is what was signed, or it breaks off before its end. */
  #outgoingBody({ chunks }: Pick<StreamPlan, "chunks">): OutgoingRequest["body"] {
    const pending = this.#enforces ? this.#caller.proof?.pending : undefined;
    const known = this.#body.known?.bytes;
    if (known !== undefined) {
      const bytes = pending?.kind === "chunks" ? readWholeBody(pending, known, chunks) : known;
      return bytes.length === 0 ? { kind: "none" } : { kind: "whole", bytes };
    }
    return this.#body.stream({
      ...this.#keepsOfBody(),
      ...(pending === undefined ? {} : { pending }),
      ...(chunks === undefined ? {} : { chunks }),
    });
  }

  /** The contents of objects are nobody's parameters. */
  #keepsOfBody(): StreamPlan {
    if (this.#resolved.operation === "PostObject") return { keepBytesMax: FORM_BYTES, hash: false };
    return this.#takesData() ? { keepBytesMax: 0, hash: false } : { keepBytesMax: KEEP_BYTES, hash: true };
  }

  /** Errors are told; of what succeeded, that which only reads is not. */
  keepsOfAnswer(status: number): number {
    if (status >= 300) return ERROR_BYTES;
    if (this.#model?.output?.payload?.streaming === true) return 0;
    return KEEP_BYTES;
  }

  /**
   * Makes the record of an ended exchange durable, as the route promises. Answers what the client gets instead of the
   * upstream's answer, if it must get something else.
   */
  async conclude(answer: RelayedAnswer): Promise<WireResponse | undefined> {
    const { route } = this.#open;
    const { audit, counts, log, random } = this.#needs;
    if (this.#body.known === undefined) await this.#bodyPassed();
    const odd = oddOutcome(answer, this.#arrival.request.complete);
    const response = this.#describeAnswer(answer);
    const ended = { resolved: this.#resolved, body: this.#body.known, request: this.#description(), answer, response };
    const identity = this.#caller.answered(ended);
    const record = this.#record(response, odd, answer.body.size, identity);
    const deleted = deletedObjectRecords(record, this.#resolved, this.#description(), response, random);
    await this.#learn(ended, identity);
    try {
      await Promise.all(this.#kept(record, deleted).map((each) => audit.finish(route.audit, route.name, each)));
    } catch (thrown) {
      log.error({ err: thrown, route: route.name }, "a call's record could not be kept");
      counts.ended(route.name, "unrecorded");
      return this.#answerOf(UNRECORDED);
    }
    counts.ended(route.name, callOutcome(response, odd, answer.head?.status ?? 0));
    return answer.failure === undefined ? undefined : this.#answerOf(failureAnswer(answer));
  }

  /** Of our own buckets only what was asked for, and for the owner of a bucket a copy of what others did. */
  #kept(record: AuditRecord, deleted: readonly AuditRecord[]): readonly AuditRecord[] {
    const { own } = this.#open;
    if (own === undefined) return [record, ...deleted];
    const all = [record, ...deleted];
    const copied = ownerRecords(all, this.#caller.proof?.caller, this.#ownCall?.owner, this.#needs.random);
    // The call's own record follows what was decided before it, when its intent was kept or not.
    return copied.filter((each) => {
      if (each.eventID === record.eventID) return !this.#isUnwanted();
      return each.eventCategory !== "Data" || own.wants(each);
    });
  }

  breakOff(why: Refusal): void {
    this.#broken = why;
    this.#body.breakOff(why);
  }

  release(): void {
    this.#body.release();
  }

  async #bodyPassed(): Promise<void> {
    const body = this.#body.passed();
    if (this.#resolved.operation === undefined) this.#resolve(body.bytes);
    if (this.#caller.open) await this.#lookAgain();
    this.#understand();
  }

  /** With the body at hand the signature may prove what it could not before. */
  async #lookAgain(): Promise<void> {
    try {
      await this.#caller.find(this.#body.known, false);
    } catch (thrown) {
      this.#needs.log.warn({ err: thrown, route: this.#open.route.name }, "who made a call could not be looked up");
    }
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

  /** What could not be learned makes later calls unknown, never wrong. */
  async #learn(ended: AnsweredCall, identity: UserIdentity): Promise<void> {
    try {
      await this.#caller.learn(ended, identity);
    } catch (thrown) {
      this.#needs.log.error({ err: thrown, route: this.#open.route.name }, "whose key was given out could not be kept");
    }
  }

  #record(
    response: ResponseDescription | undefined,
    odd: OddOutcome | undefined,
    bytesOut: number,
    identity: UserIdentity,
  ): AuditRecord {
    const { head, sourceIp, tls } = this.#arrival;
    const userAgent = headerValue(head.headers, "user-agent");
    const deliveryMark = headerValue(head.headers, DELIVERY_MARK_HEADER);
    const invocationId = headerValue(head.headers, "amz-sdk-invocation-id");
    return forwardRecord(
      {
        eventID: this.#eventID,
        now: this.#needs.clock.now(),
        ...(this.#open.own === undefined ? { route: this.#open.route.name } : {}),
        resolved: this.#resolved,
        identity,
        region: this.#caller.region,
        account: this.#recipient(identity),
        sourceIp,
        ...(userAgent === undefined ? {} : { userAgent }),
        ...(deliveryMark === undefined ? {} : { deliveryMark }),
        ...(tls === undefined ? {} : { tls }),
        ...(invocationId === undefined ? {} : { invocationId }),
        ...(response?.requestID === undefined && odd !== undefined ? { ownRequestId: this.#requestId } : {}),
        bytesIn: this.#body.size,
        bytesOut,
      },
      this.#description(),
      response,
      odd,
    );
  }

  /** Of who has not proven who it is, the bucket's owner shall know. */
  #recipient(identity: UserIdentity): string {
    const owner = this.#caller.proof === undefined ? this.#ownCall?.owner : undefined;
    return owner ?? this.#caller.recipient(identity);
  }

  /** The call goes no further. Its record is kept if it can be, and counted if not: it changed nothing. */
  async #refuse(thrown: unknown): Promise<WireResponse> {
    const { route } = this.#open;
    const refusal = this.#toRefusal(thrown);
    const record = this.#record(undefined, this.#refused(refusal), 0, this.#caller.early);
    const mode = thrown instanceof Refusal ? route.audit : "best-effort";
    if (!this.#isUnwanted()) {
      await this.#needs.audit.finish(mode, route.name, record).catch((err: unknown) => {
        this.#needs.log.error({ err, route: route.name }, "the record of a refused call could not be kept");
      });
    }
    this.#needs.counts.ended(route.name, refusal.code === "AccessDenied" ? "denied" : "refused");
    return this.#answerOf(refusal);
  }

  /** In the words of the service, of which none may be what the parameters hide: denials name what was asked for. */
  #refused(refusal: Refusal): OddOutcome {
    const { errorCode, errorMessage } = recordedRefusal(this.#resolved, refusal);
    const { eventSource } = this.#resolved;
    const call = { model: this.#model, eventSource, input: this.#described?.input };
    return { ...notForwarded(refusal), errorCode, errorMessage: withoutHidden(errorMessage, call) };
  }

  #toRefusal(thrown: unknown): Refusal {
    if (thrown instanceof Refusal) return thrown;
    this.#needs.log.error({ err: thrown, route: this.#open.route.name }, "a call could not be taken");
    if (thrown instanceof Failure) return notRecordable(reason(thrown.cause ?? thrown));
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

const TOO_LARGE = new Refusal("RequestEntityTooLarge", `a body to be judged has over ${WHOLE_BYTES_MAX} bytes`, 413);
const TOO_BUSY: Refusal = unavailable("too many large requests are arriving at once; try again");
const DOCUMENT_TOO_LARGE = new Refusal("MaxMessageLengthExceeded", "Your request was too big.", 400);
