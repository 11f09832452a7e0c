/** `gapwatch hub`: serves what all monitors publish to one Redis stream, combined. It does not probe. */
import { BusConnection } from '../bus/bus-connection.ts';
import { Hub } from '../bus/hub.ts';
import { BUS_URL_FORMS } from '../config/bus-url.ts';
import { commandLinePlace, invalid } from '../config/config-error.ts';
import { type HubConfig, loadHubConfig } from '../config/load-config.ts';
import { VERSION } from '../core/version.ts';
import { exitCodeOf, untilEnded } from './ending.ts';
import { hangups } from './hangups.ts';
import { daemonLog, dumpAtSignal } from './log.ts';
import { parseDuration, type HubArguments, withAccess } from './options.ts';
import { reloadHub } from './reload.ts';
import { ServedFeed } from './serve-feed.ts';
import { busOf } from './with-monitor.ts';

/** Clients of other hubs can resume here when all has been read; while the bus is unreachable, they are let in after this time, in milliseconds. */
const FIRST_READ_MS = 10_000;

/** Serves until a signal or `--for` ends it. Returns the exit code. */
export async function hub(args: HubArguments): Promise<number> {
  const load = async (): Promise<HubConfig> => {
    const config = await loadHubConfig({ file: args.config ?? null, cwd: process.cwd(), env: process.env });
    return { ...config, feed: withAccess(config.feed, args) };
  };
  const config = await load();
  const where = busOf(args.bus, config.bus);
  if (where === null) {
    const message = `a hub reads from a Redis stream, and none is named; --bus ${BUS_URL_FORMS}, or "bus" in --config FILE`;
    throw invalid([{ ...commandLinePlace('--bus'), message }]);
  }
  const forMs = args.for === undefined ? null : parseDuration(args.for, '--for');
  const { log, isText } = daemonLog(args['log-level'], args['log-format']);
  const { stream } = config.bus;
  const connections = { commands: new BusConnection(where, stream), waiting: new BusConnection(where, stream) };
  const source = new Hub({ connections, name: stream, version: VERSION, log });
  try {
    await source.ready(FIRST_READ_MS);
    const feed = await ServedFeed.start(source, { option: args.listen, settings: config.feed, archive: null, log });
    const address = feed.url === null ? 'No status page: the feed is off.' : `Status page: ${feed.url}/`;
    const opening = `${address}\nServing what monitors publish to the stream ${stream} of ${where.shown}. Ctrl-C ends it.`;
    log.info(isText ? { line: opening } : { bus: where.shown, stream, feed: feed.url ?? 'off' }, 'started');
    const endDumps = dumpAtSignal(log, () => ({
      seq: source.events.newest,
      feed: feed.figures,
      bus: { vantages: source.figures.vantages, skipped: source.figures.skipped, problem: source.problem },
      memory: process.memoryUsage.rss(),
    }));
    hangups.handle(() =>
      reloadHub(feed, config, load, (text, isFault) => {
        log[isFault ? 'error' : 'info'](text);
      }),
    );
    const ending = await untilEnded({ forMs, hangup: false, others: [] });
    hangups.close();
    log.info({ why: ending }, 'stopping');
    endDumps();
    await feed.close();
    return exitCodeOf(ending);
  } finally {
    await source.close();
  }
}
