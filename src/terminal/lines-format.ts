/** A watch as plain text: one line for each event, and a table at the end. Pure. */
import {
  count,
  showAtLeast,
  showDuration,
  showGap,
  showLostWrites,
  showNote,
  showSlow,
  showTime,
  showUptime,
} from '../core/format.ts';
import type { GapFacts, Message, Origin, ReasonCount, Transition } from '../core/messages.ts';
import { wordOf } from '../core/model.ts';
import { printable } from '../core/printable.ts';
import { withMessage } from '../core/reasons.ts';
import { columnWidth, inColumn, table, widthOf } from '../core/text-width.ts';
import type { Board } from '../core/board.ts';

/** The widest service name that the columns are made for. */
const MAX_NAME = 32;

/**
 * One line for each event, for a scroll-back.
 * @example
 * new LinesFormat(false).line(gap) // 2026-11-23 04:05:06.789  api   GAP         0.40 s (0.31–0.50), 4 probes failed: refused
 */
export class LinesFormat {
  readonly #sayVantage: boolean;
  #nameWidth = 4;
  #vantage = '';
  /** Services over kept connections on which nothing is sent. */
  #silent: ReadonlySet<string> = new Set();

  /** @param sayVantage whether each line begins with the monitor's vantage: where there are several */
  constructor(sayVantage: boolean) {
    this.#sayVantage = sayVantage;
  }

  /** The line for a message; null for one that is not shown. */
  line(message: Message): string | null {
    switch (message.type) {
      case 'hello':
        this.#vantage = message.monitor.vantage;
        this.#silent = new Set(message.services.filter(({ asks }) => asks === false).map(({ service }) => service));
        this.#nameWidth = Math.min(
          MAX_NAME,
          message.services.reduce((widest, { service }) => Math.max(widest, columnWidth(service)), 4),
        );
        return null;
      case 'transition': {
        const why = message.reason === null ? '' : withMessage(message.reason, message.message);
        const first =
          message.from === 'unknown' ? 'first answer' : message.from === 'down' ? 'answers again' : 'observed again';
        return this.#row(
          message.at,
          message.service,
          wordOf(message.to, { asks: !this.#silent.has(message.service) }).toUpperCase(),
          `${why === '' ? first : why}${vantageNote(message)}`,
        );
      }
      case 'gap':
        return this.#row(message.to, message.service, 'GAP', `${showGapFacts(message)}${vantageNote(message)}`);
      case 'open-gap': {
        const { from, durationMs, minMs, failed, reasons, final = true } = message;
        if (!final) return null;
        const facts = `${showDuration(durationMs)} so far (at least ${showAtLeast(minMs)})`;
        return this.#row(from, message.service, 'STILL DOWN', `${facts}, ${showFailed(failed, reasons)}`);
      }
      case 'mark':
        return this.#row(message.at, '', 'MARK', message.text);
      case 'note':
        return this.#row(message.at, '', 'NOTE', `${showNote(message)}${vantageNote(message)}`);
      case 'connection-lost':
        return this.#row(
          message.at,
          message.service,
          'CONNECTION',
          `lost: ${withMessage(message.reason, message.message)}`,
        );
      case 'identity':
        return this.#row(
          message.at,
          message.service,
          'IDENTITY',
          `another ${message.what ?? 'process'} now: ${message.was} → ${message.is}`,
        );
      case 'slow':
        return this.#row(message.to, message.service, 'SLOW', `${showSlow(message)}${vantageNote(message)}`);
      case 'lost-writes':
        return this.#row(
          message.at,
          message.service,
          'LOST',
          `${showLostWrites(message.count)}${vantageNote(message)}`,
        );
      case 'status':
        return this.#row(message.at, message.service, 'STATUS', message.status);
      case 'sample': {
        const took = `${message.durationMs.toFixed(1)} ms`;
        const why = message.reason === null ? '' : ` ${withMessage(message.reason, message.message)}`;
        return this.#row(message.at, message.service, `· ${message.result}`, took + why);
      }
      case 'heartbeat':
        if (!message.overloaded) return null;
        return this.#row(
          message.now,
          '',
          'OVERLOADED',
          `this monitor is overloaded: ${count(message.missed, 'slot')} missed in 5 s, ${String(message.probes)} probes sent; watch fewer services, or less often, or with more --workers`,
        );
    }
  }

  #row(at: number, service: string, what: string, rest: string): string {
    const where = this.#sayVantage ? `${inColumn(this.#vantage, 0)}  ` : '';
    const name = inColumn(service, this.#nameWidth);
    return `${showTime(at)}  ${where}${name}  ${what.padEnd(10)}  ${printable(rest)}`.trimEnd();
  }
}

/** Which vantage an event of a hub is from. */
function vantageNote({ vantage, seen }: Origin & Pick<Partial<Transition>, 'seen'>): string {
  if (vantage === undefined) return '';
  return seen === undefined ? `, from ${vantage}` : `, ${seen.to} from ${vantage}`;
}

function showGapFacts(gap: GapFacts): string {
  return `${showGap(gap)}${gap.planned === true ? ', planned' : ''}, ${showFailed(gap.failed, gap.reasons)}`;
}

function showFailed(failed: number, reasons: readonly ReasonCount[]): string {
  const only = reasons.length === 1 ? reasons[0] : undefined;
  const why = only?.reason ?? reasons.map((each) => `${each.reason} ${String(each.count)}`).join(', ');
  return `${count(failed, 'probe')} failed: ${why}`;
}

const HEAD = ['service', 'state', 'uptime', 'gaps', 'longest', 'down', 'unobserved'];

/**
 * One row a service, and a line about the watch itself.
 * @param now milliseconds since the epoch
 * @param columns of the terminal; where it is too narrow, a column that says nothing is left out
 */
export function summary(board: Board, now: number, columns = Infinity): string {
  const rows = Array.from(board.services.values(), (service) => {
    const figures = service.figuresAt(now);
    const { gaps, longestGapMs, downMs, unobservedMs } = figures;
    return [
      service.name,
      service.state === 'down' ? 'STILL DOWN' : wordOf(service.state, service.info).toUpperCase(),
      showUptime(figures),
      String(gaps),
      gaps === 0 ? '–' : showDuration(longestGapMs),
      gaps === 0 ? '–' : showDuration(downMs),
      unobservedMs === 0 ? '–' : showDuration(unobservedMs),
    ];
  });
  const whole = table([HEAD, ...rows], 2);
  const isTooWide = whole.split('\n').some((line) => widthOf(line) > columns);
  const saysNothing = rows.every((row) => row.at(-1) === '–');
  return isTooWide && saysNothing
    ? table(
        [HEAD, ...rows].map((row) => row.slice(0, -1)),
        2,
      )
    : whole;
}
