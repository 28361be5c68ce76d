import { type EventView, type InsightView, type ResourceView, resourceLabel } from "./event-view.ts";
import type { Style } from "./style.ts";
import type { Column } from "./table.ts";
import { formatTime, type Zone } from "./time-argument.ts";

export interface ColumnOptions {
  readonly style: Style;
  readonly zone: Zone;
  readonly insight: boolean;
  /** Shows every event's id. */
  readonly ids: boolean;
  /** Of the terminal; undefined when there is none. */
  readonly width: number | undefined;
}

/** From here on the year is worth its five columns. */
const WIDE_TERMINAL = 100;
/** From here on everybody's id fits beside the rest. */
const VERY_WIDE_TERMINAL = 150;
const NOTHING = "-";

/** Half an id is none. */
const ID_COLUMN: Column<EventView> = {
  title: "ID",
  cell: ({ id }) => id,
  widthTypical: 36,
  widthMin: 36,
  rank: 0,
  fixed: true,
};

/** What stands in the table of `lookup` and `tail`, best fitting the terminal. */
export function eventColumns(options: ColumnOptions): readonly Column<EventView>[] {
  const { width = Number.POSITIVE_INFINITY, ids, insight } = options;
  return [
    timeColumn(options, width < WIDE_TERMINAL),
    ...(insight ? insightColumns(options.style) : callColumns(options.style)),
    ...(ids || width >= VERY_WIDE_TERMINAL ? [ID_COLUMN] : []),
  ];
}

function timeColumn({ style, zone }: ColumnOptions, short: boolean): Column<EventView> {
  return {
    title: "TIME",
    cell: ({ time }) => (time === undefined ? NOTHING : formatTime(time, { zone, short })),
    paint: style.dim,
    widthTypical: short ? 14 : 19,
    widthMin: short ? 14 : 19,
    rank: 0,
    fixed: true,
  };
}

function callColumns(style: Style): readonly Column<EventView>[] {
  return [
    {
      title: "EVENT",
      cell: ({ name }) => name || NOTHING,
      paint: (text, { writes }) => (writes ? style.bold(text) : text),
      widthTypical: 24,
      widthMin: 14,
      rank: 0,
    },
    { title: "WHO", cell: ({ who }) => who || NOTHING, cut: "middle", widthTypical: 16, widthMin: 8, rank: 0 },
    { title: "FROM", cell: ({ from }) => from || NOTHING, cut: "middle", widthTypical: 15, widthMin: 12, rank: 1 },
    {
      title: "OUTCOME",
      cell: ({ outcome }) => outcome.code || "ok",
      paint: (text, { outcome }) => (outcome.kind === "allowed" ? style.good(text) : style.bad(text)),
      widthTypical: 12,
      widthMin: 8,
      rank: 0,
    },
    {
      title: "RESOURCE",
      cell: ({ resources }) => resourceCell(resources),
      cut: "middle",
      widthTypical: 28,
      widthMin: 12,
      rank: 2,
    },
    { title: "SOURCE", cell: ({ source }) => source || NOTHING, widthTypical: 22, widthMin: 17, rank: 3 },
  ];
}

function insightColumns(style: Style): readonly Column<EventView>[] {
  const of =
    (cell: (insight: InsightView) => string) =>
    ({ insight }: EventView): string =>
      (insight && cell(insight)) || NOTHING;
  return [
    { title: "STATE", cell: of(({ state }) => state), paint: style.bold, widthTypical: 5, widthMin: 5, rank: 0 },
    { title: "INSIGHT", cell: of(({ type }) => type), widthTypical: 19, widthMin: 11, rank: 2 },
    { title: "EVENT", cell: of(({ eventName }) => eventName), widthTypical: 24, widthMin: 14, rank: 0 },
    { title: "SOURCE", cell: of(({ eventSource }) => eventSource), widthTypical: 22, widthMin: 12, rank: 3 },
    {
      title: "ERROR",
      cell: of(({ errorCode }) => errorCode),
      paint: style.bad,
      widthTypical: 16,
      widthMin: 8,
      rank: 1,
    },
    { title: "PER MINUTE", cell: of(rate), widthTypical: 20, widthMin: 10, rank: 0 },
  ];
}

/** `1.2 (usually 0)` */
export function rate({ average, baseline }: InsightView): string {
  if (average === undefined) return "";
  return baseline === undefined ? decimal(average) : `${decimal(average)} (usually ${decimal(baseline)})`;
}

function decimal(value: number): string {
  return String(Number(value.toPrecision(3)));
}

/** The first resource and how many more; one that goes by several names counts once. */
function resourceCell(resources: readonly ResourceView[]): string {
  const named = resources.filter((one) => !resources.some((other) => isAliasOf(one, other)));
  const [first = NOTHING, ...others] = [...new Set(named.map(resourceLabel))].filter((label) => label !== "");
  return others.length === 0 ? first : `${first} +${others.length}`;
}

/** `AIDAIOSFODNN7EXAMPLE`: an IAM entity's unique id, behind its kind's four letters. */
const UNIQUE_ID = /^A[A-Z]{3}[A-Z0-9]{12,}$/;

/** Whether `one` is only the ARN or the unique id of what `other` names plainly. */
function isAliasOf(one: ResourceView, other: ResourceView): boolean {
  if (one.type !== other.type) return false;
  const [label, plain] = [resourceLabel(one), resourceLabel(other)];
  return label.endsWith(`/${plain}`) || (UNIQUE_ID.test(label) && !UNIQUE_ID.test(plain));
}
