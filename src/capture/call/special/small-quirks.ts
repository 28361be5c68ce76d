/** Services that differ in one thing each. */
import { HIDDEN, isSecretName } from "../../../aws/index.ts";
import { changed, listOf, membersOf, textOf } from "./members.ts";
import type { SpecialService } from "./special.ts";

/** The id of an AppSync API key is the key. */
export const APPSYNC: SpecialService = {
  request: ({ resolved }, generic) =>
    resolved.operation === "UpdateApiKey" || resolved.operation === "DeleteApiKey"
      ? { ...generic, requestParameters: changed(generic.requestParameters, "id", () => HIDDEN) }
      : generic,
  response: (_, generic) => ({
    ...generic,
    responseElements: changed(generic.responseElements, "apiKey", (key) => changed(key, "id", () => HIDDEN)),
  }),
};

/** Parameters of templates are told by name: their values may be what the template marks as `NoEcho`. */
export const CLOUDFORMATION: SpecialService = {
  request: (_, generic) => {
    const named = changed(generic.requestParameters, "parameters", withoutValues);
    return { ...generic, requestParameters: changed(named, "parameterOverrides", withoutValues) };
  },
};

function withoutValues(parameters: unknown): unknown {
  return listOf(parameters).map((parameter) => changed(parameter, "parameterValue", () => undefined));
}

/** Symmetric keys rotate: which material of the key was used stands beside the call. */
export const KMS: SpecialService = {
  response: (_, generic) => {
    const keyMaterialId = textOf(generic.output, "KeyMaterialId");
    if (keyMaterialId === undefined || !/^[0-9a-f]{64}$/.test(keyMaterialId)) return generic;
    return { ...generic, additionalEventData: { ...generic.additionalEventData, keyMaterialId } };
  },
};

export const ROUTE53: SpecialService = {
  request: ({ resolved }, generic) =>
    resolved.operation === "ChangeResourceRecordSets"
      ? { ...generic, additionalEventData: { ...generic.additionalEventData, Note: DO_NOT_USE } }
      : generic,
};

/** AWS's own words: records of single changes may be missing. */
const DO_NOT_USE = "Do not use to reconstruct hosted zone";

/** Of the two calls that store a secret only whose it is is told, under a name unlike that in all others of the service. */
export const SECRETS_MANAGER: SpecialService = {
  response: ({ resolved }, generic) => {
    const arn = textOf(generic.output, "ARN");
    if (arn === undefined || !["CreateSecret", "PutSecretValue"].includes(resolved.operation ?? "")) return generic;
    return { ...generic, responseElements: { arn } };
  },
};

/** A parameter's value is hidden, by its name; the values of its tags, of the same name, are not. */
export const SSM: SpecialService = {
  request: ({ resolved }, generic) => {
    if (resolved.operation !== "PutParameter") return generic;
    const tags = listOf(generic.input?.["Tags"]).map((tag) => {
      const key = textOf(membersOf(tag), "Key") ?? "";
      return { key, value: isSecretName(key) ? HIDDEN : (textOf(membersOf(tag), "Value") ?? "") };
    });
    return { ...generic, requestParameters: changed(generic.requestParameters, "tags", () => tags) };
  },
};

/** One member of SQS keeps its capital. */
export const SQS: SpecialService = {
  request: (_, generic) => {
    const { aWSAccountIds, ...others } = membersOf(generic.requestParameters) ?? {};
    if (aWSAccountIds === undefined) return generic;
    return { ...generic, requestParameters: { ...others, AWSAccountIds: aWSAccountIds } };
  },
};
