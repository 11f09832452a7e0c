/** Whether this machine itself has a way somewhere: a look at its routes alone, no packet is sent (connect(2), udp(7)). */
import { createSocket } from 'node:dgram';
import { Resolver } from 'node:dns';
import { isIP } from 'node:net';

/** Any one: nothing is sent there (RFC 863). */
const DISCARD_PORT = 9;
/** Addresses that nobody has (RFC 5737, RFC 3849): whatever has a way out has one there. */
const ANYWHERE = ['192.0.2.1', '2001:db8::1'];

/** That of Docker knows the containers of its networks itself, also where there is no way out. */
const OF_DOCKER = '127.0.0.11';

/** @param answer called with whether there is a way to the address, or no telling */
export function askRoute(address: string, answer: (hasRoute: boolean) => void): void {
  const asker = createSocket(isIP(address) === 6 ? 'udp6' : 'udp4');
  const onAnswer = (error?: Error): void => {
    asker.close();
    answer(error === undefined);
  };
  // Where not even the socket can be had.
  asker.once('error', onAnswer);
  asker.connect(DISCARD_PORT, address, onAnswer);
}

/**
 * @param answer called with whether there is a way to a name server. One on this machine asks others, and is what Node names where there
 * is none: then whether there is a way to anywhere.
 */
export function askRouteToNames(answer: (hasRoute: boolean) => void): void {
  const servers = new Resolver()
    .getServers()
    .map((server) => /^\[(.+)\]:\d+$/.exec(server)?.[1] ?? server.replace(/^([\d.]+):\d+$/, '$1'));
  const others = servers.filter((server) => server === OF_DOCKER || !(server === '::1' || server.startsWith('127.')));
  const asked = others.length > 0 ? others : ANYWHERE;
  let left = asked.length;
  let isAnswered = false;
  for (const address of asked) {
    askRoute(address, (hasRoute) => {
      left -= 1;
      if (isAnswered || (!hasRoute && left > 0)) return;
      isAnswered = true;
      answer(hasRoute);
    });
  }
}
