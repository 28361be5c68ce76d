/** Every bound of the HTTP side, with its unit. */
export const HTTP_LIMITS: Readonly<
  Record<
    | "bodyBytes"
    | "bodiesBytes"
    | "headerBytes"
    | "headersMs"
    | "requestMs"
    | "keepAliveMs"
    | "stalledMs"
    | "connections"
    | "discardBytes"
    | "discardMs",
    number
  >
> = {
  /** The largest request of the services we serve is 1 MB (PutAuditEvents), and form encoding can triple a policy. */
  bodyBytes: 2 * 1024 * 1024,
  /** All bodies that are being read at once: one limit for each would still let many connections fill the memory. */
  bodiesBytes: 256 * 1024 * 1024,
  headerBytes: 16 * 1024,
  headersMs: 10_000,
  requestMs: 60_000,
  keepAliveMs: 65_000,
  /** A connection on which nothing moves, such as that of a client which does not read its answer. */
  stalledMs: 60_000,
  connections: 20_000,
  /** A refused body is read and thrown away up to here, so that the client gets to read why. */
  discardBytes: 256 * 1024 * 1024,
  discardMs: 20_000,
};
