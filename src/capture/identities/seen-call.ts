import type { ResolvedCall } from "../../aws/index.ts";
import type { UserIdentity } from "../../record/index.ts";
import type { CapturedHead } from "../call/captured.ts";
import type { Part } from "./answer-parts.ts";
import type { ShownKey } from "./shown-key.ts";

/** A call that succeeded, with what it asked and was told. */
export interface SeenCall {
  readonly resolved: ResolvedCall;
  readonly head: CapturedHead;
  /** Of the answer, in lower case. */
  readonly answerHeaders: Readonly<Record<string, unknown>>;
  readonly input: Part;
  readonly output: Part;
  /** What the request was signed with; undefined when it was not. */
  readonly shown: ShownKey | undefined;
  /** Who made the call, as its record tells it. */
  readonly identity: UserIdentity;
  /** OpenTrail itself has verified the signature: the key is one of its own IAM. */
  readonly proven: boolean;
  /** Whose keys these are: what is learned in one realm says nothing of another. */
  readonly realm: string;
  /** The route's, when it is configured. */
  readonly account: string | undefined;
  /** Milliseconds since 1970. */
  readonly now: number;
}

/** What an answer says about keys and users. Users without an account are of the caller's account. */
export type Lesson =
  | SessionLesson
  /**
   * The key belongs to who is called so: a user that the request named, the caller itself, or somebody who may be root
   * and thus no user.
   */
  | {
      readonly kind: "key";
      readonly accessKeyId: string;
      readonly userName: string;
      readonly of: "user" | "caller" | "somebody";
    }
  | { readonly kind: "lost key"; readonly accessKeyId: string }
  /** Has ARN, account and name. Nothing that was known before is about one who is new. */
  | { readonly kind: "user"; readonly user: UserIdentity; readonly isNew: boolean }
  | { readonly kind: "moved user"; readonly userName: string; readonly newName?: string; readonly newPath?: string }
  | { readonly kind: "lost user"; readonly userName: string }
  /** Who the upstream takes the caller for. */
  | { readonly kind: "caller"; readonly arn: string; readonly principalId?: string };

/** Temporary credentials were given out. */
export interface SessionLesson {
  readonly kind: "session";
  readonly accessKeyId: string;
  /** Without it the key is nobody's. */
  readonly sessionToken?: string;
  /** Undefined when it is not known who got them. */
  readonly identity: UserIdentity | undefined;
  /** Milliseconds since 1970. */
  readonly expiresAt: number;
}
