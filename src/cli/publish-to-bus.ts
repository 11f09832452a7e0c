/** The bus that a command line and its configuration ask for. */
import type { Logger } from 'pino';

import type { BusAddress } from '../bus/bus-connection.ts';
import { BUS_URL_FORMS, busUrl, shownBusUrl } from '../config/bus-url.ts';
import type { Publisher } from '../bus/publisher.ts';
import { commandLinePlace, invalid } from '../config/config-error.ts';
import type { HubConfig } from '../config/load-config.ts';
import type { Monitor } from '../monitor/monitor.ts';

/**
 * Where the bus is; null where none is named.
 * @param option `--bus` as typed
 * @throws ConfigError
 */
export function busOf(option: string | undefined, settings: HubConfig['bus']): BusAddress | null {
  if (option === undefined) return settings.where;
  const parsed = busUrl(option);
  if ('value' in parsed) return parsed.value;
  throw invalid([
    { ...commandLinePlace('--bus'), message: `${shownBusUrl(option)}: ${parsed.problem}; ${BUS_URL_FORMS}` },
  ]);
}

/**
 * Publishes the events of a monitor, where a bus is named.
 * @param where see `busOf`
 * @returns null where no bus is named
 */
export async function publishTo(
  monitor: Monitor,
  where: BusAddress | null,
  stream: string,
  log: Logger,
): Promise<Publisher | null> {
  if (where === null) return null;
  const [{ BusConnection }, { Publisher }] = await Promise.all([
    import('../bus/bus-connection.ts'),
    import('../bus/publisher.ts'),
  ]);
  return new Publisher(monitor, new BusConnection(where, stream), log);
}
