import type { RequestCall, ResponseCall } from "../call.ts";
import type { RequestDescription, ResponseDescription } from "../description.ts";

/**
 * What CloudTrail does differently for one service. Each function is given what the generic mapping made and returns what
 * replaces it; secrets are redacted already in what is given, and must stay so. Bodies are given decoded: neither
 * compressed nor framed as aws-chunked, `whole` and `size` as they were on the wire.
 *
 * A function that throws costs its quirk only: the generic description stands then.
 */
export interface SpecialService {
  /** True when parameters and resources of the generic mapping are never looked at: it need not make them. */
  readonly replaces?: boolean;
  request?(call: RequestCall, generic: RequestDescription): RequestDescription;
  response?(call: ResponseCall, generic: ResponseDescription): ResponseDescription;
}
