/** Plants every secret that the operations of services can carry, and looks for it in what a record would show. */
import {
  type CatalogService,
  type Member,
  openCatalog,
  type OperationModel,
  type ResolvedCall,
  serializeRequest,
  serializeResponse,
  type Shape,
} from "../../aws/index.ts";
import { describeRequest, describeResponse } from "../index.ts";

const SECRET = "planted-secret-7Q";

/** Names that say so themselves; on purpose not the list by which the code decides. */
const SECRET_NAME =
  /(?:password|passphrase|secretaccesskey|privatekey|clientsecret|sharedsecret|secretkey|secretstring|secretbinary|sessiontoken|accesstoken|refreshtoken|authtoken|bearertoken|idtoken|apikey|oauthtoken|webidentitytoken|samlassertion|authenticationcode[12]|tokencode)$/i;

const DEPTH_MAX = 6;

/** A value in which every member that is secret, by its name or by the model, holds the secret, and all others hold none. */
function planted(shape: Shape, secret: boolean, depth: number): unknown {
  switch (shape.type) {
    case "structure":
      if (shape.document) return { "*": "harmless" };
      if (depth >= DEPTH_MAX) return {};
      return Object.fromEntries(
        shape.members
          .filter(
            (member) => secret || member.location === "uri" || isSecret(member, false) || holdsSecret(member.shape),
          )
          .map((member) => [member.name, planted(member.shape, isSecret(member, secret), depth + 1)]),
      );
    case "list":
      return [planted(shape.member.shape, secret || shape.member.sensitive, depth + 1)];
    case "map":
      return { key: planted(shape.value.shape, secret || shape.value.sensitive, depth + 1) };
    case "string":
      return secret ? SECRET : "harmless";
    case "blob":
      return Buffer.from(secret ? SECRET : "harmless");
    case "timestamp":
      return new Date(0);
    case "boolean":
      return true;
    case "integer":
    case "long":
    case "float":
    case "double":
      return 1;
  }
}

/** Marked in the models or named like secrets, and yet what an auditor asks for: which key encrypts, who was meant. */
const SHOWN: ReadonlySet<string> = new Set([
  "FilePath",
  "TimeUnitsType",
  "privateKeyIdType",
  "webIdentitySubjectType",
  "SSEKMSKeyId",
  "SSEKMSEncryptionContext",
  "KMSKeyId",
  "NonEmptyKmsKeyArnString",
]);

function isSecret({ name, sensitive, shape, location, idempotencyToken }: Member, within: boolean): boolean {
  if (SHOWN.has(shape.name)) return false;
  // What stands in the path is what the call is about.
  if (location === "uri") return false;
  if (within || sensitive) return true;
  return SECRET_NAME.test(name) && !idempotencyToken && shape.type !== "structure";
}

const holding = new Map<Shape, boolean>();

/** Whether anything inside is secret. Most operations carry none, and need not be tried. */
function holdsSecret(shape: Shape): boolean {
  const known = holding.get(shape);
  if (known !== undefined) return known;
  // A shape that holds itself is met again here.
  holding.set(shape, false);
  const parts =
    shape.type === "structure"
      ? shape.members
      : shape.type === "list"
        ? [shape.member]
        : shape.type === "map"
          ? [shape.value]
          : [];
  const found = parts.some(
    (part) => ("name" in part ? isSecret(part as Member, false) : part.sensitive) || holdsSecret(part.shape),
  );
  holding.set(shape, found);
  return found;
}

const FORMS = [SECRET, Buffer.from(SECRET).toString("base64")];

function leaks(shown: unknown): boolean {
  const text = JSON.stringify(shown) ?? "";
  return FORMS.some((form) => text.includes(form));
}

const catalog = openCatalog();
const PLACE = { account: "123456789012", region: "us-east-1", bucketHosts: [] };

/** The operations that show a secret, and how many carry one at all. */
export function plantSecrets(isTried: (id: string) => boolean): { leaking: string[]; plants: number } {
  const leaking: string[] = [];
  let plants = 0;
  for (const service of catalog.services()) {
    if (!isTried(service.id)) continue;
    for (const model of catalog.model(service.id)?.operations.values() ?? []) {
      if (![model.input, model.output].some((shape) => shape !== undefined && holdsSecret(shape))) continue;
      plants += 1;
      if (leaks(shown(service, model))) leaking.push(`${service.id}:${model.name}`);
    }
  }
  return { leaking, plants };
}

/** What would be recorded of a call that a client made and a server answered. */
function shown(service: CatalogService, model: OperationModel): unknown {
  const { eventSource } = service;
  const { name, service: compiled } = model;
  const resolved: ResolvedCall = {
    service,
    operation: name,
    eventSource,
    eventName: name,
    protocol: compiled.protocol,
  };
  const wire = serializeRequest(model, compiled.protocol, plantedIn(model.input), { host: "localhost" });
  const { input: _, ...request } = describeRequest({
    model,
    resolved,
    head: wire,
    body: { bytes: wire.body, size: wire.body.length, whole: true },
    place: PLACE,
  });
  const answer = serializeResponse(model, compiled.protocol, plantedIn(model.output), "id");
  const { output: __, ...response } = describeResponse({
    model,
    resolved,
    // As if everything wrote: what only reads would show nothing.
    request: { ...request, readOnly: false },
    response: {
      status: answer.status,
      headers: Object.fromEntries(Object.entries(answer.headers).map(([header, value]) => [header, [value]])),
      body: { bytes: answer.body, size: answer.body.length, whole: true },
    },
    place: PLACE,
  });
  return [request, response];
}

function plantedIn(shape: Shape | undefined): Record<string, unknown> {
  return shape === undefined ? {} : (planted(shape, false, 0) as Record<string, unknown>);
}
