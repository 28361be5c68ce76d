import type { ResolvedCall } from "../../aws/index.ts";
import type { Random } from "../../core/index.ts";
import { type AuditRecord, isReadOnly } from "../../record/index.ts";
import type { RequestDescription, ResponseDescription } from "../call/description.ts";
import { deletedObjects } from "../call/special/index.ts";

/**
 * The records that DeleteObjects leaves beside its own: one DeleteObject for each key, as CloudTrail writes them, so that
 * who looks for the end of an object finds it. None for any other call.
 */
export function deletedObjectRecords(
  record: AuditRecord,
  { service, operation }: ResolvedCall,
  request: RequestDescription,
  response: ResponseDescription | undefined,
  random: Random,
): readonly AuditRecord[] {
  if (service?.id !== "s3" || operation !== "DeleteObjects") return [];
  const bucket = record.resources?.find(({ type }) => type === "AWS::S3::Bucket");
  const { bucketName, Host } = (request.requestParameters ?? {}) as Readonly<Record<string, unknown>>;
  return deletedObjects(request.input, response?.output).map(({ key, versionId, error }) => ({
    ...record,
    eventName: "DeleteObject",
    ...(error === undefined ? {} : { errorCode: error.code }),
    ...(error?.message === undefined ? {} : { errorMessage: error.message }),
    requestParameters: { bucketName, Host, key, ...(versionId === undefined ? {} : { versionId }) },
    responseElements: null,
    eventID: random.uuid(),
    readOnly: isReadOnly(record.eventSource, "DeleteObject"),
    resources: [
      { type: "AWS::S3::Object", ARN: `arn:aws:s3:::${String(bucketName)}/${key}` },
      ...(bucket === undefined ? [] : [bucket]),
    ],
    managementEvent: false,
    eventCategory: "Data",
  }));
}
