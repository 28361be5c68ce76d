/** Which service an unsigned request means, as far as it says so itself. */
import type { WireRequest } from "../http.ts";
import { headerValue } from "../http.ts";
import type { Directory } from "./directory.ts";
import type { Group } from "./group.ts";
import type { Question } from "./question.ts";
import { RestIndex } from "./rest-index.ts";
import { hostName, isS3Host } from "./s3-address.ts";
import { isPostForm } from "./s3-resolver.ts";

export class Unsigned {
  readonly #directory: Directory;
  readonly #bases: readonly string[];
  #everywhere: RestIndex | undefined;

  constructor(directory: Directory, bases: readonly string[]) {
    this.#directory = directory;
    this.#bases = bases;
  }

  /** From what says most to what says least. `fallback`: a signing name or service id. */
  groupOf(question: Question, fallback: string | undefined): Group | undefined {
    const directory = this.#directory;
    const { request } = question;
    const host = hostName(request);
    if (isS3Host(host, this.#bases)) return directory.bySigningName("s3");
    return (
      this.#byRpcName(question) ??
      directory.byHostLabels(awsLabels(host)) ??
      (isSignedForS3(request) ? directory.bySigningName("s3") : undefined) ??
      (fallback === undefined ? undefined : directory.byName(fallback)) ??
      this.#byPath(question) ??
      (isPolicyForm(request) ? directory.bySigningName("s3") : undefined)
    );
  }

  /** Only where these protocols have their calls: anywhere else an object of S3 may be meant, whatever a header says. */
  #byRpcName({ path, rpc }: Question): Group | undefined {
    if (rpc === undefined || (path !== "/" && path !== "" && rpc.protocol !== "rpc-v2-cbor")) return undefined;
    const { target, operation, version } = rpc;
    return target === undefined ? this.#directory.byAction(operation, version) : this.#directory.byTarget(target);
  }

  /** Nearly every path could be an object of S3: it and its like are not found by their paths. */
  #byPath(question: Question): Group | undefined {
    this.#everywhere ??= new RestIndex(
      this.#directory.entries.filter(({ isRest, service }) => isRest && service.signingName !== "s3"),
    );
    const route = this.#everywhere.find(question);
    const isTelling = route?.segments.some((segment) => !segment.startsWith("{"));
    return route !== undefined && isTelling ? this.#directory.alone(route.entry) : undefined;
  }
}

/** What stands before AWS's domain, or an emulator's. */
function awsLabels(host: string): readonly string[] {
  const domain = /\.(?:amazonaws\.com(?:\.cn)?|api\.aws|localhost\.localstack\.cloud|localhost)$/.exec(host);
  return domain === null ? [] : host.slice(0, domain.index).split(".");
}

/** Signature version 2, which only S3 has kept, in its header or a presigned URL. */
function isSignedForS3({ headers, query }: WireRequest): boolean {
  if (headerValue(headers, "authorization")?.startsWith("AWS ")) return true;
  return /(?:^|&)AWSAccessKeyId=/.test(query) && /(?:^|&)Signature=/.test(query);
}

/** The beginning of the body tells a form of S3 from others: only they have these fields. */
function isPolicyForm(request: WireRequest): boolean {
  return (
    isPostForm(request) &&
    /name="(?:policy|key)"/i.test(Buffer.from(request.body.subarray(0, 65_536)).toString("latin1"))
  );
}
