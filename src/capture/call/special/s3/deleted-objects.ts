/** One key of a DeleteObjects call, of which CloudTrail writes a DeleteObject record. */
export interface DeletedObject {
  readonly key: string;
  readonly versionId?: string;
  /** Why this key was not deleted. */
  readonly error?: { readonly code: string; readonly message?: string };
}

/** S3 takes no more in one call. */
const KEYS_MAX = 1000;

/**
 * The objects that a DeleteObjects call is about, in the order of the request. `input` and `output` have the model's member
 * names and come from outside; without `output` (it failed as a whole, or was not understood) nothing was deleted that we
 * know of, and the list is empty.
 */
export function deletedObjects(
  input: Readonly<Record<string, unknown>> | undefined,
  output: Readonly<Record<string, unknown>> | undefined,
): readonly DeletedObject[] {
  if (output === undefined) return [];
  const failed = new Map(listOf(output["Errors"]).map((error) => [identity(error), error]));
  const asked = listOf(member(input?.["Delete"], "Objects")).slice(0, KEYS_MAX);
  return asked.flatMap((object) => {
    const key = text(object, "Key");
    const versionId = text(object, "VersionId");
    if (key === undefined) return [];
    const error = errorOf(failed.get(identity(object)));
    return [{ key, ...(versionId !== undefined && { versionId }), ...(error !== undefined && { error }) }];
  });
}

function errorOf(error: unknown): DeletedObject["error"] {
  const code = text(error, "Code");
  const message = text(error, "Message");
  return code === undefined ? undefined : { code, ...(message !== undefined && { message }) };
}

/** `null` is the version of an object that was stored before its bucket had versions. */
function identity(object: unknown): string {
  return JSON.stringify([text(object, "Key"), text(object, "VersionId")]);
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

function text(object: unknown, name: string): string | undefined {
  const value = member(object, name);
  return typeof value === "string" && value !== "" ? value : undefined;
}

function member(object: unknown, name: string): unknown {
  return typeof object === "object" && object !== null
    ? (object as Readonly<Record<string, unknown>>)[name]
    : undefined;
}
