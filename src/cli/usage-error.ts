/** The person at the keyboard asked for what cannot be; the message says what can. Ends with exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
