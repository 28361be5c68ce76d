/**
 * A client of the AWS API for the command line and the console: signs calls, sends them, tries again where that may help,
 * and reads the answers. It knows only what any AWS client knows, the service models, and has no private door.
 */
export { CallError } from "./call-error.ts";
export { type Client, type ClientCredentials, createClient } from "./client.ts";
