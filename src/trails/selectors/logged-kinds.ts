import type { AdvancedSelector, BasicSelector, Selectors } from "../trail.ts";

/** Which kinds of events selectors could want at all: what Insights must know before it is turned on. */
export interface LoggedKinds {
  readonly managementReads: boolean;
  readonly managementWrites: boolean;
  readonly data: boolean;
}

export function loggedKinds(selectors: Selectors): LoggedKinds {
  const kinds = selectors.kind === "basic" ? selectors.selectors.map(ofBasic) : selectors.selectors.map(ofAdvanced);
  return {
    managementReads: kinds.some((kind) => kind.managementReads),
    managementWrites: kinds.some((kind) => kind.managementWrites),
    data: kinds.some((kind) => kind.data),
  };
}

function ofBasic({ IncludeManagementEvents, ReadWriteType, DataResources }: BasicSelector): LoggedKinds {
  return {
    managementReads: IncludeManagementEvents && ReadWriteType !== "WriteOnly",
    managementWrites: IncludeManagementEvents && ReadWriteType !== "ReadOnly",
    data: DataResources.some(({ Values }) => Values.length > 0),
  };
}

function ofAdvanced({ FieldSelectors }: AdvancedSelector): LoggedKinds {
  const equals = (field: string): readonly string[] | undefined =>
    FieldSelectors.find(({ Field }) => Field === field)?.Equals;
  const [category] = equals("eventCategory") ?? [];
  const readOnly = equals("readOnly") ?? ["true", "false"];
  return {
    managementReads: category === "Management" && readOnly.includes("true"),
    managementWrites: category === "Management" && readOnly.includes("false"),
    data: category === "Data",
  };
}
