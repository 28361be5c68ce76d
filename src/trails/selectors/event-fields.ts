import type { SelectableEvent } from "../trail.ts";

/** A resource that an event names. */
export interface EventResource {
  readonly type: string | undefined;
  /** `ARNPrefix` where a call lists what begins with it. */
  readonly arn: string | undefined;
}

/**
 * What a selector's field is in an event: its text, or undefined when it is missing. `readOnly` and
 * `sessionCredentialFromConsole` compare as text whether they are text or not. Events may be any JSON.
 */
export const FIELD_READERS: ReadonlyMap<string, (event: SelectableEvent) => string | undefined> = new Map([
  ["eventCategory", categoryOf],
  ["readOnly", (event) => flag(event.readOnly)],
  ["eventSource", (event) => text(event.eventSource)],
  ["eventName", (event) => text(event.eventName)],
  ["eventType", (event) => text(event.eventType)],
  ["userIdentity.arn", (event) => text(event.userIdentity?.arn)],
  ["sessionCredentialFromConsole", (event) => flag(event.sessionCredentialFromConsole)],
  ["errorCode", (event) => text(event.errorCode)],
  ["vpcEndpointId", (event) => text(event.vpcEndpointId)],
]);

/** Records older than format version 1.07 have no `eventCategory`; `managementEvent` told the same before. */
export function categoryOf(event: SelectableEvent): string | undefined {
  const { eventCategory, managementEvent } = event;
  if (typeof eventCategory === "string") return eventCategory;
  if (managementEvent === true) return "Management";
  return managementEvent === false ? "Data" : undefined;
}

/** Whether one of the event's resources passes; an event without any is asked as one that has a resource without members. */
export function someResource(event: SelectableEvent, passes: (resource: EventResource) => boolean): boolean {
  const resources: unknown = event.resources;
  if (!Array.isArray(resources) || resources.length === 0) return passes(NO_RESOURCE);
  for (const resource of resources as readonly unknown[]) {
    if (passes(readResource(resource))) return true;
  }
  return false;
}

const NO_RESOURCE: EventResource = { type: undefined, arn: undefined };

function readResource(resource: unknown): EventResource {
  if (typeof resource !== "object" || resource === null) return NO_RESOURCE;
  const { type, ARN, ARNPrefix } = resource as Readonly<Record<string, unknown>>;
  return { type: text(type), arn: text(ARN) ?? text(ARNPrefix) };
}

function text(value: unknown): string | undefined {
  return typeof value === "string" ? value : undefined;
}

function flag(value: unknown): string | undefined {
  return typeof value === "boolean" ? String(value) : text(value);
}
