import { Refusal } from "../../core/index.ts";

/** Where the next page begins, as a token. It hides nothing and protects nothing: `start-after` says as much. */
export function sealToken(position: string): string {
  return Buffer.from(`1${position}`).toString("base64url");
}

/** @throws {Refusal} `InvalidArgument`. */
export function openToken(token: string): string {
  const text = Buffer.from(token, "base64url").toString();
  if (text.startsWith("1") && sealToken(text.slice(1)) === token) return text.slice(1);
  throw new Refusal("InvalidArgument", "The continuation token provided is incorrect", 400, {
    ArgumentName: "continuation-token",
  });
}
