/** The user agent as a record has it: S3 puts brackets around what the client sent, and keeps none of nothing. */
export function recordedUserAgent(eventSource: string, userAgent: string): string {
  return eventSource === "s3.amazonaws.com" ? `[${userAgent}]` : userAgent;
}
