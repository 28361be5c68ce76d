import {
  type Catalog,
  type Headers,
  headersOf,
  type OperationModel,
  parseRequest,
  validateInput,
} from "../../aws/index.ts";
import type { Buckets } from "../../buckets/index.ts";
import type { AnswerReceiver, CallOrigin, OutgoingRequest, UpstreamExchange } from "../../capture/index.ts";
import { type Clock, Failure, type Random, Refusal } from "../../core/index.ts";
import { Answer, type AnswerMark, type Content, headOf, type WireAnswer, wireAnswer } from "./answer.ts";
import { withoutAbsence } from "./absence.ts";
import { BodySource } from "./body-source.ts";
import { checkDocument } from "./checksums.ts";
import { errorAnswer, malformedXml, notImplemented, refusalOf } from "./errors.ts";
import type { S3Call } from "./operation.ts";
import { operationNamed } from "./operations.ts";
import { refuseUnserved } from "./unserved-parameters.ts";
import { RequestBody } from "./request-body.ts";

export interface S3Needs {
  readonly buckets: Buckets;
  readonly catalog: Catalog;
  readonly clock: Clock;
  readonly random: Random;
  readonly log: S3Log;
}

/** What has to be said to the operator; pino's loggers fit. */
export interface S3Log {
  error(facts: Readonly<Record<string, unknown>>, message: string): void;
}

/** One call until the last word of its answer. */
export class S3Exchange implements UpstreamExchange {
  readonly #needs: S3Needs;
  readonly #request: OutgoingRequest;
  readonly #receiver: AnswerReceiver;
  readonly #source: BodySource;
  #over = false;
  #continued = false;
  #content: Content | undefined;
  #resumed: PromiseWithResolvers<void> = Promise.withResolvers();

  constructor(needs: S3Needs, request: OutgoingRequest, receiver: AnswerReceiver) {
    this.#needs = needs;
    this.#request = request;
    this.#receiver = receiver;
    this.#source = new BodySource(request.body, () => this.#bodyWanted());
  }

  /** Resolves when all was told, or nobody listens any more; never rejects. */
  async run(): Promise<void> {
    // Nothing is told before the caller of `send()` has its exchange.
    await Promise.resolve();
    try {
      const answer = await this.#answer();
      this.#discardBody();
      if (answer !== undefined) await this.#tell(answer);
    } catch (thrown) {
      // What was given up breaks off, as it should.
      if (this.#over) return;
      this.#needs.log.error({ err: thrown }, "an answer of a bucket broke off");
      this.#fail(thrown);
    } finally {
      this.#content?.close();
    }
  }

  resume(): void {
    this.#resumed.resolve();
  }

  abort(): void {
    if (this.#over) return;
    this.#over = true;
    this.#source.abort(new Failure("the call was given up"));
    this.#content?.stream.destroy();
    this.#resumed.resolve();
  }

  /** Undefined when it was told already that there is none. */
  async #answer(): Promise<WireAnswer | undefined> {
    const { from, target } = this.#request;
    if (from === undefined) {
      this.#fail(new Failure("a call to a bucket came without its caller"));
      return undefined;
    }
    try {
      return await this.#carryOut(from);
    } catch (thrown) {
      // It is not what the client meant to send: whoever handed it in knows why.
      if (this.#source.failure !== undefined) {
        this.#fail(this.#source.failure.cause);
        return undefined;
      }
      if (!(thrown instanceof Refusal)) this.#report(from, thrown);
      const refusal = await withoutAbsence(refusalOf(thrown), from);
      return errorAnswer(refusal, target.split("?", 1)[0] ?? "", this.#mark(from));
    }
  }

  async #carryOut(from: CallOrigin): Promise<WireAnswer> {
    const { resolved } = from;
    const model = this.#needs.catalog.operation(resolved);
    // Services beside S3 have operations of the same names.
    const run = resolved.service?.id === "s3" ? operationNamed(resolved.operation) : undefined;
    if (model === undefined || run === undefined) throw notImplemented(resolved.operation ?? resolved.eventName);
    const headers = headersOf(this.#request.rawHeaders);
    refuseUnreadable(model, this.#request, headers);
    const body = new RequestBody(this.#source, headers);
    const takesContent = model.input?.payload?.streaming === true;
    const document = takesContent ? undefined : await body.document();
    // CompleteMultipartUpload tells the checksum of the object, as its input has it, and none of its body.
    const tellsObject = model.input?.byName.has("ChecksumCRC32") === true;
    if (document !== undefined && !tellsObject) await checkDocument(document, headers, body);
    const input = refuseUnserved(model, withText(from.input, model, document), this.#request.target);
    refuseIncomplete(model, input);
    const call: S3Call = {
      caller: from.caller,
      requestId: from.requestId,
      region: from.region,
      now: from.now,
      buckets: this.#needs.buckets,
      headers,
      body,
      report: (failure) => this.#report(from, failure),
    };
    const answered = await run(input, call);
    if (!(answered instanceof Answer)) return wireAnswer(model, answered as Record<string, unknown> | undefined, {});
    return wireAnswer(model, answered.output as Record<string, unknown> | undefined, answered.more);
  }

  #report({ resolved }: CallOrigin, failure: unknown): void {
    this.#needs.log.error({ err: failure, operation: resolved.operation }, "a call to a bucket failed");
  }

  async #tell(answer: WireAnswer): Promise<void> {
    const { from, method } = this.#request;
    const { body } = answer;
    if (!(body instanceof Uint8Array)) this.#content = body;
    if (from === undefined || this.#over) return;
    const { statusMessage, rawHeaders } = headOf(answer, this.#mark(from));
    this.#receiver.head(answer.status, statusMessage, rawHeaders);
    if (method === "HEAD" || answer.status === 204 || answer.status === 304) return this.#end();
    if (body instanceof Uint8Array) await this.#give(body);
    else for await (const piece of body.stream) await this.#give(piece as Uint8Array);
    this.#end();
  }

  async #give(piece: Uint8Array): Promise<void> {
    if (this.#over || piece.length === 0) return;
    const resumed = Promise.withResolvers<void>();
    this.#resumed = resumed;
    if (!this.#receiver.data(piece)) await resumed.promise;
  }

  #end(): void {
    if (this.#over) return;
    this.#over = true;
    this.#receiver.end([]);
  }

  #fail(cause: unknown): void {
    if (this.#over) return;
    this.#over = true;
    this.#discardBody();
    this.#receiver.failed({ kind: "broken", sent: true, cause });
  }

  #bodyWanted(): void {
    if (!this.#request.expectContinue || this.#over) return;
    this.#continued = true;
    this.#receiver.continued();
  }

  /** A client that still waits for leave may not send its body at all. */
  #discardBody(): void {
    if (this.#continued || !this.#request.expectContinue) this.#source.discard();
  }

  #mark({ requestId }: CallOrigin): AnswerMark {
    this.#hostId ??= Buffer.from(this.#needs.random.bytes(57)).toString("base64");
    return { requestId, hostId: this.#hostId, now: this.#needs.clock.now() };
  }

  #hostId: string | undefined;
}

/** A body that is text or bytes (a policy) is a member too. */
function withText(
  input: Readonly<Record<string, unknown>>,
  model: OperationModel,
  document: Uint8Array | undefined,
): Record<string, unknown> {
  const payload = model.input?.payload;
  if (payload === undefined || document === undefined) return { ...input };
  if (document.length === 0) {
    if (payload.required) throw new Refusal("MissingRequestBodyError", "Request Body is empty", 400);
    return { ...input };
  }
  if (payload.shape.type === "string") return { ...input, [payload.name]: Buffer.from(document).toString() };
  // What was announced and cannot be read is no input: it must not pass for one that was not given.
  if (input[payload.name] === undefined) throw malformedXml();
  return { ...input };
}

/**
 * A header that cannot be read must not pass for one that was not sent: the input would then be without any of them.
 * @throws {Refusal} `InvalidArgument`.
 */
function refuseUnreadable(model: OperationModel, { method, target }: OutgoingRequest, headers: Headers): void {
  const path = model.http.uri.includes("{Key+}") ? "/bucket/key" : "/bucket";
  const [, query = ""] = /\?(.*)$/s.exec(target) ?? [];
  try {
    parseRequest(model, "rest-xml", { method, path, query, headers, body: new Uint8Array() });
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    throw new Refusal("InvalidArgument", thrown.message, 400);
  }
}

/** @throws {Refusal} `MalformedXML` and `InvalidArgument` in the place of the generic validator's words. */
function refuseIncomplete(model: OperationModel, input: Record<string, unknown>): void {
  try {
    validateInput(model, "rest-xml", input);
  } catch (thrown) {
    if (!(thrown instanceof Refusal)) throw thrown;
    const payload = model.input?.payload;
    const given = payload === undefined ? undefined : input[payload.name];
    if (given !== undefined || payload?.required === true) throw malformedXml();
    throw new Refusal("InvalidArgument", thrown.message, 400);
  }
}
