import { Refusal } from "../core/index.ts";

/** `The user with name Mary cannot be found.`: `what` is IAM's word for the thing. */
export function noSuchEntity(what: string, name: string): Refusal {
  return new Refusal("NoSuchEntity", `The ${what} with name ${name} cannot be found.`, 404);
}

/** `User with name Mary already exists.`: `what` starts in upper case. */
export function alreadyExists(what: string, name: string): Refusal {
  return new Refusal("EntityAlreadyExists", `${what} with name ${name} already exists.`, 409);
}

/** `Cannot delete entity, must detach all policies first.`: `first` is what has to be done before. */
export function deleteConflict(first: string): Refusal {
  return new Refusal("DeleteConflict", `Cannot delete entity, must ${first} first.`, 409);
}

export function policyNotFound(arn: string): Refusal {
  return new Refusal("NoSuchEntity", `Policy ${arn} was not found.`, 404);
}

/** What is missing may be the policy or one of its versions: `Policy arn:… version v9`. */
export function policyNotAttachable(what: string): Refusal {
  return new Refusal("NoSuchEntity", `${what} does not exist or is not attachable.`, 404);
}
