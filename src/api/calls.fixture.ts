import type { Caller } from "../identity/index.ts";

/** An account's root, as who calls. */
export function rootOf(account: string): Caller {
  return {
    kind: "root",
    account,
    arn: `arn:aws:iam::${account}:root`,
    principalId: account,
    accessKeyId: "AKIAROOTROOTROOTROOT",
  };
}

/** The code and the words of a refusal. */
export async function refusal(answer: Promise<unknown>): Promise<string> {
  const thrown = await answer.then(
    () => ({ code: "nothing", message: "was refused" }),
    (reason: unknown) => reason,
  );
  const { code, message } = thrown as { readonly code?: string; readonly message?: string };
  return `${code}: ${message}`;
}
