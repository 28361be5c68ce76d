import { formatArn, parseArn, Refusal } from "../core/index.ts";

/** An event bus, by what its ARN says. */
export interface BusReference {
  readonly arn: string;
  readonly account: string;
  readonly region: string;
  readonly name: string;
}

/** Where a call is made, or something lies. */
export interface Place {
  readonly account: string;
  readonly region: string;
}

export const DEFAULT_BUS = "default";

export function busAt({ account, region }: Place, name: string = DEFAULT_BUS): BusReference {
  return { arn: formatArn("events", region, account, `event-bus/${name}`), account, region, name };
}

/** A bus by its ARN, or undefined when the text is no ARN of a bus. */
export function parseBusArn(text: string): BusReference | undefined {
  const arn = parseArn(text);
  const name = arn?.resource.match(/^event-bus\/(.+)$/)?.[1];
  if (arn?.service !== "events" || name === undefined) return undefined;
  return busAt(arn, name);
}

/**
 * The bus that a caller names: by name, by ARN, or not at all, which means the default one.
 * @throws {Refusal} `ResourceNotFoundException` for a bus of another Region.
 */
export function parseBus(text: string | undefined, place: Place): BusReference {
  if (text === undefined) return busAt(place);
  const named = parseBusArn(text);
  if (named === undefined) return busAt(place, text);
  if (named.region !== place.region) throw noSuchBus(text);
  return named;
}

/** `arn:aws:events:R:A:rule/NAME`, on other buses than the default one `…:rule/BUS/NAME`. */
export function ruleArn(bus: BusReference, name: string): string {
  const path = bus.name === DEFAULT_BUS ? name : `${bus.name}/${name}`;
  return formatArn("events", bus.region, bus.account, `rule/${path}`);
}

/** The bus and the name of a rule, or undefined when the text is no ARN of a rule. */
export function parseRuleArn(text: string): { readonly bus: BusReference; readonly name: string } | undefined {
  const arn = parseArn(text);
  const path = arn?.resource.match(/^rule\/(?:(.+)\/)?([^/]+)$/);
  if (arn?.service !== "events" || path?.[2] === undefined) return undefined;
  return { bus: busAt(arn, path[1]), name: path[2] };
}

export function noSuchBus(name: string): Refusal {
  return new Refusal("ResourceNotFoundException", `Event bus ${name} does not exist.`);
}
