/**
 * Lambda: an invocation names its function by ARN and the version that ran beside it; what is sent to a function, what it
 * answers, its environment and its code are never told.
 */
import { headerValue } from "../../../aws/index.ts";
import type { RecordResource } from "../../../record/index.ts";
import type { RequestCall, ResponseCall } from "../call.ts";
import type { RequestDescription, ResponseDescription } from "../description.ts";
import { membersOf } from "./members.ts";
import type { SpecialService } from "./special.ts";

export const LAMBDA: SpecialService = { request: describeRequest, response: describeResponse };

const INVOCATIONS: readonly (string | undefined)[] = ["Invoke", "InvokeAsync", "InvokeWithResponseStream"];
const VERSION = /^[\w$.-]{1,128}$/;

function describeRequest({ resolved }: RequestCall, generic: RequestDescription): RequestDescription {
  const { requestParameters, input } = generic;
  if (!INVOCATIONS.includes(resolved.operation)) {
    return { ...generic, requestParameters: withEnvironment(requestParameters, input) };
  }
  const arn = functionArn(generic.resources);
  const functionName = arn === undefined ? {} : { functionName: arn };
  return { ...generic, requestParameters: { ...membersOf(requestParameters), ...functionName } };
}

function describeResponse(call: ResponseCall, generic: ResponseDescription): ResponseDescription {
  if (!INVOCATIONS.includes(call.resolved.operation)) {
    return { ...generic, responseElements: withEnvironment(generic.responseElements, generic.output) };
  }
  const arn = functionArn(call.request.resources);
  const version = headerValue(call.response.headers, "x-amz-executed-version") ?? "";
  const ran = arn !== undefined && VERSION.test(version) ? { functionVersion: `${arn}:${version}` } : {};
  return {
    ...generic,
    responseElements: null,
    additionalEventData: { ...generic.additionalEventData, ...ran },
  };
}

/** That variables were set is told; neither their values nor their names are. */
function withEnvironment(members: unknown, model: Readonly<Record<string, unknown>> | undefined): unknown {
  return model?.["Environment"] === undefined || members === null
    ? members
    : { ...membersOf(members), environment: {} };
}

function functionArn(resources: readonly RecordResource[]): string | undefined {
  return resources.find(({ type }) => type === "AWS::Lambda::Function")?.ARN;
}
