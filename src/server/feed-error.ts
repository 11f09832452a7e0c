/** Why a feed can't be served, for people. Without imports: the command line knows it before it knows what it will start. */

/**
 * - `not-protected`: the address is reachable from elsewhere, and there is neither a token nor `public`.
 * - `address-in-use`: another program listens there.
 * - `address-unusable`: this machine does not have that address, or this user may not listen there.
 */
type FeedFault = 'not-protected' | 'address-in-use' | 'address-unusable';

/** The feed can't be served. The message is for people, and the whole of what to print. */
export class FeedError extends Error {
  override readonly name = 'FeedError';
  readonly code: FeedFault;

  constructor(code: FeedFault, message: string) {
    super(message);
    this.code = code;
  }
}

/** @param where as `HOST:PORT` */
export function notProtected(where: string): FeedError {
  return new FeedError(
    'not-protected',
    `The feed is not served on ${where}: other machines reach that address, and every client there would see all.
There are two ways out, as options, or in the "feed" part of the configuration:
  --token TOKEN   "token": { "env": "GAPWATCH_TOKEN" }   clients that show the token see all
  --public        "public": true                         every client sees names, states and times; no addresses, no messages
Or listen on this machine alone: --listen 127.0.0.1:9720`,
  );
}

/**
 * The fault behind an error of `listen`.
 * @param where as `HOST:PORT`
 * @returns null for an error that is none of the configuration's
 */
export function listenFault(error: NodeJS.ErrnoException, where: string): FeedError | null {
  switch (error.code) {
    case 'EADDRINUSE':
      return new FeedError(
        'address-in-use',
        `The feed can't listen on ${where}: another program does, perhaps another gapwatch. Choose another address: --listen HOST:PORT (port 0 takes a free one), or --listen off`,
      );
    case 'EACCES':
      return new FeedError(
        'address-unusable',
        `The feed can't listen on ${where}: this user may not. Choose a port above 1023: --listen HOST:PORT`,
      );
    case 'EADDRNOTAVAIL':
    case 'EAFNOSUPPORT':
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
    case 'EINVAL':
      return new FeedError(
        'address-unusable',
        `The feed can't listen on ${where}: this machine has no such address (${error.code}). Choose another: --listen HOST:PORT`,
      );
    default:
      return null;
  }
}
