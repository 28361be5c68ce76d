/**
 * The AWS wire, both directions: service models as data, and one interpreter that routes, parses, validates and serialises
 * every operation of every protocol from them. Knows nothing of what operations mean.
 */
export * from "./catalog/resolved-call.ts";
export { s3Address, type S3Address } from "./catalog/s3-address.ts";
export * from "./catalog/s3-address.ts";
export * from "./client-side.ts";
export { nameForProtocol, nameForService } from "./error-names.ts";
export * from "./catalog/index.ts";
export { loadService } from "./compile.ts";
export * from "./http.ts";
export type { ServiceModelJson } from "./model-json.ts";
export { escapeXml } from "./protocols/xml-values.ts";
export * from "./record-members.ts";
export * from "./secret-names.ts";
export { protocolOf, resolveOperation } from "./routing.ts";
export type { Route } from "./routing.ts";
export * from "./server-side.ts";
export * from "./services.ts";
export * from "./shapes.ts";
export { validateInput } from "./validate.ts";
export type { CloudtrailOperations } from "./models/cloudtrail.types.ts";
export type { CloudtrailDataOperations } from "./models/cloudtrail-data.types.ts";
export type { IamOperations } from "./models/iam.types.ts";
export type { StsOperations } from "./models/sts.types.ts";
export * from "./sigv4/index.ts";
export { Malformed } from "./protocols/scalars.ts";
export { parseXml, type XmlNode } from "./protocols/xml-reader.ts";
