/** The details of a service: how it is probed, why it is down, its last gaps, its badge. */
import { count, showDuration, showGap } from '../../core/format.ts';
import type { BoardService } from '../../core/board.ts';
import { answersText, plannedText, showCause, showEvery, showExactly, showReason } from '../page-text.ts';
import type { ServiceExtras } from '../page-state.ts';
import { addressOf } from './address.ts';
import { make, setData, setHidden, setLabel, setText } from './dom.ts';
import type { Frame } from './paint.ts';

const KINDS = { tcp: 'TCP', http: 'HTTP', redis: 'Redis' } as const;
const CONNECTIONS = { new: 'a new connection for each probe', kept: 'one connection for all probes' } as const;

/** One line of the gaps, reused for the gap at its place. */
interface Slot {
  readonly row: HTMLTableRowElement;
  readonly cells: readonly HTMLTableCellElement[];
}

export class ServicePanel {
  readonly element: HTMLElement;
  readonly #now = make('dd');
  readonly #answers = make('dd');
  readonly #planned = make('dd');
  readonly #plannedFact: HTMLElement;
  readonly #rows = make('tbody');
  readonly #slots: Slot[] = [];
  readonly #none = make('p', 'none', 'No gap is known.');

  constructor(service: BoardService, id: string) {
    const facts = make('dl', 'facts');
    const fact = (name: string, value: HTMLElement): HTMLElement => {
      const row = make('div', '', make('dt', '', name), value);
      facts.append(row);
      return row;
    };
    const { kind, connection, intervalMs, timeoutMs, target } = service.info;
    fact('Now', this.#now);
    if (target !== '') fact('Where', make('dd', 'code', target));
    const how = `${KINDS[kind]}, ${CONNECTIONS[connection]}, every ${showEvery(intervalMs)}, with a deadline of ${showEvery(timeoutMs)}`;
    fact('How', make('dd', '', how));
    fact('Answers', this.#answers);
    this.#plannedFact = fact('Planned', this.#planned);
    fact('Badge', badge(service.name));
    const link = make('a', '', `#service=${service.name}`);
    link.href = addressOf('service', service.name);
    fact('Link', make('dd', '', link));

    const heads = ['From', 'Length (bounds)', 'Failed', 'Cause'].map((name) => {
      const head = make('th', '', name);
      head.scope = 'col';
      return head;
    });
    const table = make('table', '', make('thead', '', make('tr', '', ...heads)), this.#rows);
    const scroll = make('div', 'gaps', table, this.#none);
    scroll.tabIndex = 0;
    scroll.role = 'region';
    setLabel(scroll, `The last gaps of ${service.name}`);
    this.element = make('div', 'panel', facts, scroll);
    this.element.id = id;
  }

  draw(service: BoardService, extras: ServiceExtras, frame: Frame): void {
    const { message, latency, at } = extras;
    const { reason, gaps } = service;
    const why = reason === null ? 'all is well' : showReason(reason);
    const now = service.state === 'unknown' ? 'no answer yet' : message === null ? why : `${why} (${message})`;
    setText(this.#now, now);
    setText(this.#answers, answersText(latency, at, frame.now));
    const planned = plannedText(extras);
    setHidden(this.#plannedFact, planned === null);
    setText(this.#planned, planned ?? '');
    const rows = gaps
      .toReversed()
      .map((gap) => [showExactly(gap.from, frame.now), showGap(gap), count(gap.failed, 'probe'), showCause(gap)]);
    const open = service.gapSoFar(frame.knownUntil);
    if (open !== null) {
      const length = `${showDuration(open.downMs)} so far`;
      // How many probes failed is published when it ends.
      rows.unshift([showExactly(open.from, frame.now), length, '–', service.state === 'down' ? now : '']);
    }
    this.#none.hidden = rows.length > 0;
    rows.forEach((words, index) => {
      const { row, cells } = this.#slot(index);
      setData(row, 'open', String(index === 0 && open !== null));
      cells.forEach((cell, column) => {
        setText(cell, words[column] ?? '');
      });
    });
    this.#slots.forEach(({ row }, index) => {
      row.hidden = index >= rows.length;
    });
  }

  #slot(index: number): Slot {
    const known = this.#slots[index];
    if (known !== undefined) return known;
    const cells = Array.from({ length: 4 }, () => make('td'));
    const slot = { row: make('tr', '', ...cells), cells };
    this.#rows.append(slot.row);
    this.#slots.push(slot);
    return slot;
  }
}

/** The badge itself, and the Markdown that embeds it. */
function badge(name: string): HTMLElement {
  // Both relative: the page may stand below a path of a proxy.
  const url = new URL(`badge/${encodeURIComponent(name)}.svg`, location.href).href;
  const page = new URL('./', location.href).href;
  const image = make('img');
  image.src = url;
  image.alt = `Badge of ${name}`;
  image.height = 20;
  const snippet = make('code', '', `[![${name.replace(/[[\]\\]/g, '\\$&')}](${url})](${page})`);
  return make('dd', 'badge', image, snippet);
}
