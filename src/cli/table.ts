import { printable } from "./printable.ts";
import { type Cut, cutText, padText, textWidth } from "./text-width.ts";

/** One column of a table, from rows whose texts nobody needs to trust: the table makes them printable. */
export interface Column<Row> {
  readonly title: string;
  readonly cell: (row: Row) => string;
  /** Colours the finished cell, which is cut, padded and safe. */
  readonly paint?: (text: string, row: Row) => string;
  readonly cut?: Cut;
  /** Wide enough for most: where rows come one by one, columns start with it. */
  readonly widthTypical: number;
  /** Narrower than this it tells nothing. */
  readonly widthMin: number;
  /** When columns do not fit, the one with the highest rank goes first; 0 never goes. */
  readonly rank: number;
  /** Keeps `widthMin` even on a terminal too narrow for every other column's. */
  readonly fixed?: boolean;
}

/** Columns that are shown, each with its width; `undefined` width: nothing is cut. */
export interface Layout<Row> {
  readonly columns: readonly (readonly [column: Column<Row>, width: number])[];
  readonly cuts: boolean;
}

const GAP = "  ";
/** Without a terminal nothing is cut, but one long text must not push every line's next column away. */
const PADDING_MAX = 60;

/** The widest cell of every column, titles included, and at least what was known `before`. */
export function naturalWidths<Row>(
  columns: readonly Column<Row>[],
  rows: readonly Row[],
  before: readonly number[] = [],
): readonly number[] {
  return columns.map(({ title, cell }, index) =>
    rows.reduce((widest, row) => Math.max(widest, textWidth(printable(cell(row)))), before[index] ?? textWidth(title)),
  );
}

/**
 * Shares `width` columns of a terminal out: first columns are left out, then the widest give way.
 * Without a width everything is shown whole.
 */
export function layOut<Row>(
  columns: readonly Column<Row>[],
  natural: readonly number[],
  width: number | undefined,
): Layout<Row> {
  const wanted = columns.map((column, index): [Column<Row>, number] => [column, natural[index] ?? 0]);
  if (width === undefined) {
    return { cuts: false, columns: wanted.map(([column, widest]) => [column, Math.min(widest, PADDING_MAX)]) };
  }
  const shown = withoutLast(wanted, width);
  return { cuts: true, columns: shrink(shown, width) };
}

export function headerLine<Row>({ columns }: Layout<Row>): string {
  return joinCells(columns.map(([{ title }, width]) => padText(cutText(title, width, "end"), width)));
}

export function rowLine<Row>({ columns, cuts }: Layout<Row>, row: Row): string {
  const cells = columns.map(([{ cell, cut = "end", paint }, width], index) => {
    const whole = printable(cell(row));
    const text = cuts ? cutText(whole, width, cut) : whole;
    const padded = index === columns.length - 1 ? text : padText(text, width);
    return paint === undefined ? padded : paint(padded, row);
  });
  return joinCells(cells);
}

function joinCells(cells: readonly string[]): string {
  return cells.join(GAP).trimEnd();
}

type Sized<Row> = readonly (readonly [Column<Row>, number])[];

function withoutLast<Row>(columns: Sized<Row>, width: number): Sized<Row> {
  const needed = total(columns.map(([{ widthMin }, natural]) => Math.min(widthMin, natural)));
  const rank = Math.max(...columns.map(([column]) => column.rank));
  if (needed <= width || rank === 0) return columns;
  return withoutLast(
    columns.filter(([column]) => column.rank !== rank),
    width,
  );
}

/** Takes from the widest until all fit: above their least widths first, then, where that does not do, below them too. */
function shrink<Row>(columns: Sized<Row>, width: number): Sized<Row> {
  const widths = columns.map(([, natural]) => Math.min(natural, width));
  const least = columns.map(([{ widthMin }, natural]) => Math.min(widthMin, natural));
  const utmost = columns.map(([{ fixed }], index) => (fixed ? (least[index] ?? 0) : 1));
  for (const limits of [least, utmost]) {
    while (total(widths) > width) {
      const widest = widestAbove(widths, limits);
      if (widest === undefined) break;
      widths[widest] = (widths[widest] ?? 0) - 1;
    }
  }
  return columns.map(([column], index) => [column, widths[index] ?? 0]);
}

function widestAbove(widths: readonly number[], limits: readonly number[]): number | undefined {
  const room = widths.map((width, index) => (width > (limits[index] ?? 0) ? width : -1));
  const most = Math.max(...room);
  return most < 0 ? undefined : room.indexOf(most);
}

function total(widths: readonly number[]): number {
  return widths.reduce((sum, width) => sum + width, 0) + GAP.length * (widths.length - 1);
}
