/**
 * The AWS wire, both directions: service models as data, and one interpreter that routes, parses, validates and serialises
 * every operation of every protocol from them. Knows nothing of what operations mean.
 */
export * from "./access-log-operations.ts";
export * from "./access-log.ts";
export * from "./catalog/index.ts";
export * from "./client-side.ts";
export { loadService } from "./compile.ts";
export { nameForProtocol, nameForService } from "./error-names.ts";
export * from "./http.ts";
export type { ServiceModelJson } from "./model-json.ts";
export type { CloudtrailDataOperations } from "./models/cloudtrail-data.types.ts";
export type { CloudtrailOperations } from "./models/cloudtrail.types.ts";
export type { CloudwatchOperations } from "./models/cloudwatch.types.ts";
export type { EventsOperations } from "./models/events.types.ts";
export type { IamOperations } from "./models/iam.types.ts";
export type { LogsOperations } from "./models/logs.types.ts";
export type { S3Operations } from "./models/s3.types.ts";
export type { SnsOperations } from "./models/sns.types.ts";
export type { StsOperations } from "./models/sts.types.ts";
export type { XOpentrailOperations } from "./models/x-opentrail.types.ts";
export { SIGNATURE_V2 } from "./protocols/query-values.ts";
export { Malformed } from "./protocols/scalars.ts";
export { unknownMembers, withUnknown } from "./protocols/unknown-members.ts";
export { parseXml, type XmlNode } from "./protocols/xml-reader.ts";
export { escapeXml } from "./protocols/xml-values.ts";
export * from "./record-members.ts";
export { protocolOf, resolveOperation } from "./routing.ts";
export type { Route } from "./routing.ts";
export * from "./secret-names.ts";
export * from "./server-side.ts";
export * from "./services.ts";
export * from "./shapes.ts";
export * from "./sigv2.ts";
export * from "./sigv4/index.ts";
export { validateInput } from "./validate.ts";
