/** Shows the messages of sources: the dashboard, lines, or json. */
import { whyNoDashboard } from '../terminal/terminal-traits.ts';
import type { Source } from '../core/source.ts';
import type { Message } from '../core/messages.ts';
import { toJson } from '../core/printable.ts';
import { LinesFormat } from '../terminal/lines-format.ts';
import type { ShowArguments } from './options.ts';
import type { Ending } from './ending.ts';
import { say } from './say.ts';

export interface Showing {
  readonly format: 'dashboard' | 'lines' | 'json';
  /** Resolves when the person ends it; never for lines and json. */
  readonly ended: Promise<Ending>;
  /** Ends it; the terminal is as it was before. */
  close(): void;
}

/**
 * Begins to show. Where a dashboard is asked for that can't be, says why and shows lines.
 * @param sources one or more
 */
export async function show(args: ShowArguments, sources: readonly Source[]): Promise<Showing> {
  const format = willShow(args.format, (why) => {
    say(why);
  });
  if (format === 'dashboard') {
    const { Dashboard } = await import('../terminal/dashboard.ts');
    const dashboard = new Dashboard(sources);
    return {
      format,
      ended: dashboard.ended.then(({ reason }) => (reason === 'closed' ? 'quit' : reason)),
      close() {
        dashboard.close();
      },
    };
  }
  const unsubscribe = sources.map((source) =>
    source.subscribe({ samples: args.samples, take: format === 'json' ? printJson : linePrinter(sources.length > 1) }),
  );
  return {
    format,
    ended: new Promise(() => undefined),
    close() {
      for (const end of unsubscribe) end();
    },
  };
}

/**
 * What is shown where this format is asked for.
 * @param say takes why there is no dashboard where one was asked for, or could be expected
 */
export function willShow(asked: ShowArguments['format'], say?: (why: string) => void): Showing['format'] {
  if (asked === 'lines' || asked === 'json') return asked;
  const why = whyNoDashboard(process.env, process.stdin, process.stdout);
  if (why === null) return 'dashboard';
  // In a pipe no picture is expected.
  if (asked === 'dashboard' || process.stdout.isTTY) say?.(why);
  return 'lines';
}

/** Every message of the feed, one a line. */
function printJson(messages: readonly Message[]): void {
  process.stdout.write(messages.map((message) => `${toJson(message)}\n`).join(''));
}

/** @param several whether each line must say from where it comes */
function linePrinter(several: boolean): (messages: readonly Message[]) => void {
  const format = new LinesFormat(several);
  return (messages) => {
    for (const message of messages) {
      const line = format.line(message);
      if (line === null) continue;
      // What the monitor says of itself is no result.
      const out = message.type === 'heartbeat' ? process.stderr : process.stdout;
      out.write(`${line}\n`);
    }
  };
}
