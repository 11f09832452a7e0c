/** Whose request it is, where a trusted proxy passes it on. */
import type { IncomingHttpHeaders } from 'node:http';
import { BlockList, isIP } from 'node:net';

/** What of a request says whose it is. */
interface Passed {
  readonly headers: IncomingHttpHeaders;
  readonly socket: { readonly remoteAddress?: string | undefined };
}

/** Proxies whose word is taken for the address of a client. */
export class TrustedProxies {
  readonly #list = new BlockList();

  /** @param addresses each an address, or a network such as `10.0.0.0/8` */
  constructor(addresses: readonly string[]) {
    for (const written of addresses) {
      const [address = '', bits] = written.split('/');
      const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
      if (bits === undefined) this.#list.addAddress(address, family);
      else this.#list.addSubnet(address, Number(bits), family);
    }
  }

  /**
   * The address of the client: that of the connection, or the last one in `X-Forwarded-For` that is none of these proxies: what
   * stands before it was written by the client itself.
   */
  clientOf({ headers, socket }: Passed): string {
    let client = plainAddress(socket.remoteAddress);
    const hops = [headers['x-forwarded-for'] ?? []].flat().join(',').split(',');
    while (this.has(client)) {
      const hop = hopAddress((hops.pop() ?? '').trim());
      if (isIP(hop) === 0) break;
      client = hop;
    }
    return client;
  }

  has(address: string): boolean {
    const family = isIP(address);
    return family !== 0 && this.#list.check(address, family === 6 ? 'ipv6' : 'ipv4');
  }
}

/** An address of IPv4 as it is, also on a socket of IPv6. */
export function plainAddress(address = ''): string {
  return address.replace(/^::ffff:/i, '');
}

/** The address in an entry of `X-Forwarded-For`, which may have brackets and a port. */
function hopAddress(hop: string): string {
  const bracketed = /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1];
  const withPort = /^([\d.]+):\d+$/.exec(hop)?.[1];
  return plainAddress(bracketed ?? withPort ?? hop);
}
