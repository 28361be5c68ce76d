import { Refusal } from "../../core/index.ts";
import { findEntity } from "../../identity/index.ts";
import type { KeyOwner } from "../../identity/index.ts";
import type { IamCall } from "./iam-operation.ts";

/** The input of operations that are about the caller when they name no user. */
interface SubjectInput {
  readonly UserName?: string | undefined;
}

/**
 * The user that a call is about: the one it names, or else its caller; `undefined` is the account's root.
 * @throws {Refusal} `ValidationError` when no user is named and the caller is neither a user nor root.
 */
export function subjectName(input: SubjectInput, call: IamCall): string | undefined {
  const { kind, userName } = call.caller;
  if (input.UserName !== undefined) return input.UserName;
  if (kind === "root") return undefined;
  if (kind === "user" && userName !== undefined) return userName;
  throw new Refusal("ValidationError", "Must specify userName when calling with non-User credentials");
}

/** As `subjectName`, where root is no subject. @throws {Refusal} `ValidationError`. */
export function userSubjectName(input: SubjectInput, call: IamCall): string {
  const name = subjectName(input, call);
  if (name === undefined) {
    throw new Refusal("ValidationError", "Must specify userName when calling with non-User credentials");
  }
  return name;
}

/** Whose access keys a call is about. @throws {Refusal} `NoSuchEntity`, `ValidationError`. */
export async function keyOwner(input: SubjectInput, call: IamCall): Promise<KeyOwner & { readonly name: string }> {
  const { account } = call.caller;
  const name = subjectName(input, call);
  if (name === undefined) return { account, userId: null, name: "root" };
  const user = await findEntity(call.tables, account, "user", name);
  return { account, userId: user.user_id, name: user.name };
}
