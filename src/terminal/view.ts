/**
 * The whole frame: a pure function from what is known and what was chosen to cells. What the keys need to know of the
 * frame comes with it.
 */
import { cardColumns, lineColumns, itemsOf, layoutOf, scrolled, seenFrom, type Item, arranged } from './list-layout.ts';
import type { Glyphs } from './terminal-traits.ts';
import { Grid, type Size } from './cell-grid.ts';
import type { Model, Row } from './dashboard-model.ts';
import { widthOf } from '../core/text-width.ts';
import type { Ui } from './key-bindings.ts';
import { drawCard, drawHeading, drawHeads, drawLine, drawService, type Brush } from './view-rows.ts';
import { drawDetail } from './view-detail.ts';
import { drawEntries } from './view-events.ts';
import { drawFoot, drawHeader, drawHelp } from './view-bars.ts';
import { drawAxis, type Window } from './view-strip.ts';

/** The smallest screen that something can be shown on. */
const LEAST: Size = { width: 40, height: 10 };
/** From this width on the selected service is shown beside the events. */
const PANEL_WIDTH = 160;
/** From this height on there are empty lines between the parts. */
const ROOMY_HEIGHT = 30;

/** What the frame is made from. Times in milliseconds since the epoch. */
interface Scene {
  readonly model: Model;
  readonly ui: Ui;
  readonly size: Size;
  readonly glyphs: Glyphs;
  /** The present. */
  readonly clock: number;
  /** Events that wait while the display is paused. */
  readonly waiting: number;
}

export interface View {
  readonly grid: Grid;
  /** The names of the services that are listed, in their order. */
  readonly order: readonly string[];
  /** How many services fit on the screen. */
  readonly page: number;
  /** The first line of the list, or of the details, that is shown. */
  readonly top: number;
  /** How many lines of the details lie below the screen. */
  readonly below: number;
  /** Which service each line of the screen shows. */
  readonly serviceAt: ReadonlyMap<number, string>;
}

/** Draws the frame. */
export function view(scene: Scene): View {
  const { model, ui, size, glyphs, clock } = scene;
  const grid = new Grid(size, glyphs.ascii);
  const now = ui.pausedAt ?? clock;
  const groups = arranged(model.rows, ui, now);
  const rows = groups.flatMap((group) => group.rows);
  const none = { grid, order: rows.map(({ name }) => name), page: 1, top: ui.top, below: 0, serviceAt: new Map() };
  if (size.width < LEAST.width || size.height < LEAST.height) {
    grid.put(0, 0, `Too small: ${String(LEAST.width)}x${String(LEAST.height)} at least. q quits.`, 'plain');
    return none;
  }
  drawHeader(grid, { model, ui, glyphs, clock, now, waiting: scene.waiting });
  drawFoot(grid, ui, glyphs);
  if (ui.mode === 'help') {
    drawHelp(grid, glyphs);
    return none;
  }
  const window: Window = { end: ui.end ?? now, ms: ui.windowMs, live: ui.end === null };
  const selected = rows.find(({ name }) => name === ui.selected) ?? rows[0];
  const part = { ...scene, grid, now, window };
  if (ui.behind === 'detail' && selected !== undefined) {
    const y = size.height >= ROOMY_HEIGHT ? 2 : 1;
    const place = { x: 1, y, width: size.width - 2, height: size.height - y - 1 };
    const below = drawDetail({ ...part, marks: marksOf(model), top: ui.top }, selected, place);
    return { ...none, below };
  }
  return { ...none, ...drawList(part, itemsOf(groups, model.sources.length > 1), selected) };
}

interface Part extends Scene {
  readonly grid: Grid;
  readonly now: number;
  readonly window: Window;
}

/** The services, and below them what happened. */
function drawList(
  part: Part,
  items: readonly Item[],
  selected: Row | undefined,
): Pick<View, 'page' | 'top' | 'serviceAt'> {
  const { model, ui, size, glyphs, grid, window, now } = part;
  const first = size.height >= ROOMY_HEIGHT ? 3 : 2;
  const layout = layoutOf(items, size.height - first - 2);
  const cards = layout.laneHeight === 2;
  const nameWidth = items.reduce((most, item) => Math.max(most, item.kind === 'lane' ? widthOf(item.label) : 0), 0);
  const columns = (cards ? cardColumns : lineColumns)(size.width, nameWidth);
  const brush: Brush = { grid, columns, glyphs, window, now };
  drawHeads(brush, first - 1);
  drawAxis(grid, { ...columns.strip, y: first - 1, height: 1 }, window, marksOf(model), glyphs);

  if (items.length === 0) {
    const why = ui.filter === '' ? 'No service is known yet.' : 'No service matches. Esc shows all of them.';
    grid.put(columns.name.x, first, why, 'dim');
  }
  const isChosen = (item: Item): boolean => item.kind !== 'heading' && item.row === selected;
  const chosen = items.findIndex(isChosen);
  // The heading above the first service of a group is shown with it.
  const lead = items[chosen - 1]?.kind === 'heading' ? 1 : 0;
  const top = scrolled(ui.top, chosen - lead, items.filter(isChosen).length + lead, layout);
  const seen = seenFrom(top, layout);
  const serviceAt = new Map<number, string>();
  let y = first;
  items.slice(top, top + seen).forEach((item, index) => {
    const height = layout.heights[top + index] ?? 1;
    if (item.kind === 'heading') drawHeading(brush, item.group, y);
    else {
      for (let line = y; line < y + height; line++) serviceAt.set(line, item.row.name);
      if (top + index === chosen) grid.put(0, y, glyphs.selected, 'accent');
      if (item.kind === 'service') drawService(brush, item.row, y, isChosen(item));
      else (cards ? drawCard : drawLine)(brush, item, y, isChosen(item));
    }
    y += height;
  });
  drawBelow(part, first + layout.height, { above: top, below: items.length - top - seen }, selected);
  return { page: new Set(serviceAt.values()).size, top, serviceAt };
}

/** What happened; on a wide screen, the selected service beside it. */
function drawBelow(
  part: Part,
  y: number,
  hidden: { readonly above: number; readonly below: number },
  selected: Row | undefined,
): void {
  const { model, size, glyphs, grid, window, now } = part;
  grid.put(0, y, glyphs.line.repeat(size.width), 'dim');
  const { above, below } = hidden;
  const more = ` ${String(above)} above, ${String(below)} below `;
  if (above + below > 0) grid.putRight(size.width - 2, y, more, 'accent', size.width);
  grid.put(2, y, ' WHAT HAPPENED ', 'dim');
  const height = size.height - y - 2;
  const panel = size.width >= PANEL_WIDTH && height >= 10 && selected !== undefined;
  const width = panel ? Math.floor(size.width / 2) - 2 : size.width - 2;
  drawEntries(grid, { x: 1, y: y + 1, width, height }, model.log.entries, model.sources, glyphs);
  if (!panel) return;
  const x = width + 4;
  grid.put(x - 1, y, ' SELECTED ', 'dim');
  drawDetail({ grid, glyphs, window, now, marks: marksOf(model), top: 0 }, selected, {
    x,
    y: y + 1,
    width: size.width - x - 1,
    height,
  });
}

function marksOf(model: Model): number[] {
  return model.log.entries.flatMap((entry) =>
    entry.kind === 'event' && entry.event.type === 'mark' ? [entry.at] : [],
  );
}
