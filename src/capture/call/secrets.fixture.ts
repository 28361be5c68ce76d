/** Plants every secret that the operations of services can carry, and looks for it in what a record would show. */
import { type Member, openCatalog, type OperationModel, type Shape } from "../../aws/index.ts";
import { ec2Request, ec2Response } from "./ec2/index.ts";
import { shownInput, shownOutput } from "./record-style.ts";

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
          .filter((member) => secret || isSecret(member, false) || holdsSecret(member.shape))
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

function isSecret({ name, sensitive, shape, idempotencyToken }: Member, within: boolean): boolean {
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

/** The operations that show a secret, and how many carry one at all. */
export function plantSecrets(isTried: (id: string) => boolean): { leaking: string[]; plants: number } {
  const leaking: string[] = [];
  let plants = 0;
  for (const { id, eventSource } of catalog.services()) {
    if (!isTried(id)) continue;
    for (const model of catalog.model(id)?.operations.values() ?? []) {
      if (![model.input, model.output].some((shape) => shape !== undefined && holdsSecret(shape))) continue;
      const input = model.input === undefined ? {} : (planted(model.input, false, 0) as Record<string, unknown>);
      const output = model.output === undefined ? {} : (planted(model.output, false, 0) as Record<string, unknown>);
      plants += 1;
      if (leaks(shown(model, eventSource, input, output))) leaking.push(`${id}:${model.name}`);
    }
  }
  return { leaking, plants };
}

function shown(
  model: OperationModel,
  eventSource: string,
  input: Record<string, unknown>,
  output: Record<string, unknown>,
): unknown {
  if (model.service.protocol !== "ec2") {
    return [shownInput(model, eventSource, input), shownOutput(model, eventSource, output)];
  }
  const request = model.input === undefined ? null : ec2Request(model, model.input, input);
  return [request, ec2Response(model, model.output, output, "id")];
}
