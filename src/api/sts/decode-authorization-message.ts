import { Refusal } from "../../core/index.ts";
import type { StsOperation } from "./sts-operation.ts";

/** Our refusals say in plain text why; none of them encodes a message, so there is none to decode. */
export const decodeAuthorizationMessage: StsOperation<"DecodeAuthorizationMessage"> = {
  mutates: false,
  run: async () => {
    throw new Refusal("InvalidAuthorizationMessageException", "Message is not valid", 400);
  },
};
