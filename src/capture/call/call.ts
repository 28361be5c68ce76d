import type { OperationModel, ResolvedCall } from "../../aws/index.ts";
import type { CapturedBody, CapturedHead, CapturedResponse } from "./captured.ts";
import type { CallPlace, RequestDescription } from "./description.ts";

/** All that is known of a request when it is described. */
export interface RequestCall {
  /** Absent when the catalog has no such operation. */
  readonly model?: OperationModel;
  readonly resolved: ResolvedCall;
  readonly head: CapturedHead;
  readonly body: CapturedBody;
  readonly place: CallPlace;
}

/** All that is known of a response when it is described, with what its request was found to be. */
export interface ResponseCall {
  readonly model?: OperationModel;
  readonly resolved: ResolvedCall;
  readonly request: RequestDescription;
  readonly response: CapturedResponse;
  readonly place: CallPlace;
}
