/** Where the feed listens. */
import { hostInUrl, hostOf } from './target-url.ts';

/** An address to listen on; `off` for none. Port 0 takes a free one. */
export type Listen = { readonly host: string; readonly port: number } | 'off';

/** Reads `HOST:PORT` or `off`; null where the text is neither. */
export function parseListen(text: string): Listen | null {
  if (text === 'off') return 'off';
  const [, rawHost = '', port = ''] = /^(\[[^\]]*\]|[^:]*):(\d{1,5})$/.exec(text) ?? [];
  const host = hostOf(rawHost.startsWith('[') ? rawHost.slice(1, -1) : rawHost);
  if (host === null || hostInUrl(host).startsWith('[') !== rawHost.startsWith('[') || Number(port) > 65_535)
    return null;
  return { host, port: Number(port) };
}
