/** Where the columns of the list stand: as much as the width allows, the strip taking what is left. Pure. */

/** A column: where it begins, and how many cells it has. Without room it has a width of 0. */
export interface Column {
  readonly x: number;
  readonly width: number;
}

const NAMES = ['name', 'state', 'strip', 'latency', 'spark', 'gap', 'ago', 'gaps', 'uptime'] as const;
export type ColumnName = (typeof NAMES)[number];
export type Columns = Readonly<Record<ColumnName, Column>>;

/** The list begins after the sign of the selected row. */
const LEFT = 2;
/** A strip that is shorter says too little: before that, other columns go. */
const LEAST_STRIP = 16;
/** What goes first where the width is small. */
const GOES: readonly ColumnName[] = ['spark', 'ago', 'gaps', 'uptime', 'latency', 'gap'];

/**
 * One line for each service: every fact has its column.
 * @param width of the screen, in cells
 * @param nameWidth of the longest name
 */
export function lineColumns(width: number, nameWidth: number): Columns {
  const wide = width >= 140;
  return placed(width, wide ? 2 : 1, {
    name: fitName(width, nameWidth),
    state: wide ? 15 : 8,
    latency: 7,
    spark: width < 100 ? 0 : wide ? 16 : 8,
    gap: wide ? 24 : 18,
    ago: width < 100 ? 0 : 6,
    gaps: 4,
    uptime: width < 100 ? 7 : 8,
  });
}

/** Two lines for each service: facts stand above each other, and the strip has their room. */
export function cardColumns(width: number, nameWidth: number): Columns {
  const wide = width >= 100;
  return placed(width, wide ? 2 : 1, {
    name: Math.max(wide ? 15 : 13, fitName(width, nameWidth)),
    state: 0,
    latency: wide ? 10 : 8,
    spark: 0,
    gap: width >= 140 ? 30 : wide ? 22 : 18,
    ago: 0,
    gaps: 0,
    uptime: 8,
  });
}

function fitName(width: number, nameWidth: number): number {
  return Math.min(Math.max(7, nameWidth), Math.max(10, Math.floor(width * 0.16)));
}

function placed(width: number, space: number, wanted: Omit<Record<ColumnName, number>, 'strip'>): Columns {
  const widths: Record<ColumnName, number> = { ...wanted, strip: 0 };
  const left = (): number =>
    NAMES.reduce((rest, name) => rest - (widths[name] === 0 ? 0 : widths[name] + space), width - LEFT - 1);
  for (const name of GOES) {
    if (left() >= LEAST_STRIP + space) break;
    widths[name] = 0;
  }
  widths.strip = Math.max(0, left() - space);

  let x = LEFT;
  const columns = NAMES.map((name): [ColumnName, Column] => {
    const column = { x, width: widths[name] };
    if (widths[name] > 0) x += widths[name] + space;
    return [name, column];
  });
  return Object.fromEntries(columns) as Record<ColumnName, Column>;
}
