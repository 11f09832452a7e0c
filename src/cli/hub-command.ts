/** `gapwatch hub`: serves what all monitors publish to one Redis stream, combined. It does not probe. */
import { destination, pino } from 'pino';

import { BUS_URL_FORMS } from '../config/bus-url.ts';
import { BusConnection } from '../bus/bus-connection.ts';
import { commandLinePlace, invalid } from '../config/config-error.ts';
import { loadHubConfig } from '../config/load-config.ts';
import { Hub } from '../bus/hub.ts';
import { VERSION } from '../core/version.ts';
import { busOf } from './publish-to-bus.ts';
import { serveFeed } from './serve-feed.ts';
import { parseDuration, type HubArguments } from './options.ts';
import { exitCodeOf, untilEnded } from './ending.ts';

/** Viewers of other hubs can go on here when all has been read; where the bus is away, they are let in all the same. */
const FIRST_READ_MS = 10_000;

/** Serves until a signal or `--for` ends it. Returns the exit code. */
export async function hub(args: HubArguments): Promise<number> {
  const config = await loadHubConfig({ file: args.config ?? null, cwd: process.cwd(), env: process.env });
  const where = busOf(args.bus, config.bus);
  if (where === null) {
    const message = `a hub reads from a Redis stream, and none is named; --bus ${BUS_URL_FORMS}, or "bus" in --config FILE`;
    throw invalid([{ ...commandLinePlace('--bus'), message }]);
  }
  const forMs = args.for === undefined ? null : parseDuration(args.for, '--for');
  const formatters = { level: (level: string) => ({ level }) };
  const log = pino({ base: null, timestamp: pino.stdTimeFunctions.isoTime, formatters }, destination(2));
  const { stream } = config.bus;
  const connections = { commands: new BusConnection(where, stream), waiting: new BusConnection(where, stream) };
  const source = new Hub({ connections, name: stream, version: VERSION, log });
  await source.ready(FIRST_READ_MS);
  const feed = await serveFeed(source, { option: args.listen, settings: config.feed, archive: null, log }).catch(
    async (error: unknown) => {
      await source.close();
      throw error;
    },
  );
  log.info({ bus: where.shown, stream, feed: feed?.address.url ?? 'off' }, 'started');
  const ending = await untilEnded({ forMs, hangup: false, others: [] });
  log.info({ why: ending }, 'stopping');
  await feed?.close();
  await source.close();
  return exitCodeOf(ending);
}
