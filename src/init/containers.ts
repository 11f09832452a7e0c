/** What Docker's containers are called, from the files that it keeps of them. No Docker is asked; as a rule only root may read them. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

import { fieldsAt, isTrueAt, textAt } from './document.ts';

/** The data folder of a Docker that was not given another. */
const FOLDER = '/var/lib/docker/containers';
const COMPOSE_SERVICE = 'com.docker.compose.service';

/**
 * The names of the containers that run, by their addresses: the service of Compose where one made it.
 * @returns empty where there is no Docker, or this user may not look
 */
export function containerNames(folder = FOLDER): ReadonlyMap<string, string> {
  const names = new Map<string, string>();
  for (const id of unlessUnreadable(() => readdirSync(folder)) ?? []) {
    const about = unlessUnreadable(
      () => JSON.parse(readFileSync(join(folder, id, 'config.v2.json'), 'utf8')) as unknown,
    );
    if (!isTrueAt(fieldsAt(about, 'State'), 'Running')) continue;
    const labels = fieldsAt(fieldsAt(about, 'Config'), 'Labels');
    const name = textAt(labels, COMPOSE_SERVICE) ?? textAt(about, 'Name')?.replace(/^\//, '') ?? '';
    for (const network of Object.values(fieldsAt(fieldsAt(about, 'NetworkSettings'), 'Networks')))
      for (const field of ['IPAddress', 'GlobalIPv6Address']) {
        const address = textAt(network, field);
        if (address !== null && name !== '') names.set(address, name);
      }
  }
  return names;
}

/** Null where a file can't be read, or is not what it should be. */
function unlessUnreadable<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}
