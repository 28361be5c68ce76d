import { setTimeout as sleep } from "node:timers/promises";
import {
  type CloudtrailOperations,
  type IamOperations,
  parseError,
  parseResponse,
  type Service,
  type StsOperations,
  serializeRequest,
  service as serviceModel,
  signRequest,
  type WireRequest,
  type WireResponse,
  type XOpentrailOperations,
} from "../../aws/index.ts";
import { assert, type Clock, Failure, type Random } from "../../core/index.ts";
import { CallError } from "./call-error.ts";
import { sendTo } from "./send.ts";

/** What can be called: every operation of these services, with the input and output of its model. */
interface Services {
  readonly cloudtrail: CloudtrailOperations;
  readonly iam: IamOperations;
  readonly sts: StsOperations;
  readonly "x-opentrail": XOpentrailOperations;
}

type InputOf<Operation> = Operation extends { readonly input: infer Input } ? Input : never;
type OutputOf<Operation> = Operation extends { readonly output: infer Output } ? Output : never;

export interface Client {
  /**
   * Makes a call and resolves with its answer; at most three tries, with a pause that grows and is never the same.
   * @throws {CallError} when the server refused, did not answer, or answered something else than AWS would.
   * @throws the signal's reason when it was aborted.
   */
  call<Name extends keyof Services, Operation extends keyof Services[Name] & string>(
    service: Name,
    operation: Operation,
    input: InputOf<Services[Name][Operation]>,
    options?: { readonly signal?: AbortSignal | undefined },
  ): Promise<Answer<OutputOf<Services[Name][Operation]>>>;
}

interface Answer<Output> {
  readonly output: Output;
  /** The `requestID` of the call's own record. */
  readonly requestId: string | undefined;
  /** The server's clock as its answer tells it, milliseconds since 1970, whole seconds. */
  readonly serverTime: number | undefined;
}

export interface ClientCredentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string | undefined;
}

interface ClientNeeds {
  readonly endpoint: URL;
  readonly region: string;
  /** Asked before every try: temporary credentials may have been renewed. */
  readonly credentials: () => Promise<ClientCredentials>;
  readonly clock: Clock;
  readonly random: Random;
}

interface ClientOptions {
  /** What records show as `userAgent`. */
  readonly userAgent?: string;
  /** For one try. */
  readonly timeoutMs?: number;
}

const TRIES_MAX = 3;
const TIMEOUT_MS = 30_000;
/** The longest first pause; it doubles with every further try. */
const PAUSE_MS = 100;
const PAUSE_MS_THROTTLED = 500;

export function createClient(needs: ClientNeeds, options: ClientOptions = {}): Client {
  const { endpoint, random } = needs;
  const { userAgent = "opentrail", timeoutMs = TIMEOUT_MS } = options;
  const send = sendTo(endpoint);

  return {
    call: async (name, operationName, input, { signal } = {}) => {
      const model = serviceModel(name);
      const operation = model.operations.get(operationName);
      assert(operation !== undefined, `${name} has ${operationName}`);
      const plain = serializeRequest(operation, model.protocol, input as Record<string, unknown>, {
        host: endpoint.host,
      });
      const request = { ...plain, headers: { ...plain.headers, "user-agent": [userAgent] } };
      return await withRetries(random, signal, async () => {
        const response = await send(await signed(request, model, needs), { timeoutMs, signal });
        if (response.status >= 300) throw refusal(model, response, endpoint);
        return {
          output: readOutput(endpoint, () => parseResponse(operation, model.protocol, response)) as never,
          requestId: response.headers["x-amzn-requestid"],
          serverTime: serverTime(response),
        };
      });
    },
  };
}

async function withRetries<Value>(
  random: Random,
  signal: AbortSignal | undefined,
  once: () => Promise<Value>,
): Promise<Value> {
  for (let tries = 1; ; tries++) {
    try {
      return await once();
    } catch (thrown) {
      if (!(thrown instanceof CallError) || !thrown.retryable || tries === TRIES_MAX) throw thrown;
      const pauseMsMax = (thrown.throttled ? PAUSE_MS_THROTTLED : PAUSE_MS) * 2 ** (tries - 1);
      await sleep(pauseMsMax * fraction(random), undefined, { signal });
    }
  }
}

async function signed(request: WireRequest, model: Service, needs: ClientNeeds): Promise<WireRequest> {
  const { accessKeyId, secretAccessKey, sessionToken } = await needs.credentials();
  return signRequest(
    request,
    { accessKeyId, secretAccessKey, ...(sessionToken === undefined ? {} : { sessionToken }) },
    { region: needs.region, service: model.signingName, now: needs.clock.now() },
  );
}

function refusal(model: Service, response: WireResponse, { origin }: URL): CallError {
  const {
    code,
    message,
    requestId = response.headers["x-amzn-requestid"],
  } = parseError(model, model.protocol, response);
  const { status } = response;
  return code === ""
    ? new CallError(`${origin} answered HTTP ${status} without an AWS error`, {
        code: "NotAnAwsAnswer",
        status,
        requestId,
      })
    : new CallError(message, { code, status, requestId });
}

function readOutput<Output>({ origin }: URL, read: () => Output): Output {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof Failure)) throw cause;
    throw new CallError(`${origin}: ${cause.message}`, { code: "NotAnAwsAnswer", status: 200, cause });
  }
}

function serverTime({ headers }: WireResponse): number | undefined {
  const ms = Date.parse(headers["date"] ?? "");
  return Number.isNaN(ms) ? undefined : ms;
}

/** From 0 to just under 1. */
function fraction(random: Random): number {
  const [high = 0, low = 0] = random.bytes(2);
  return (high * 256 + low) / 65_536;
}
