/** The prober for a service. undici and ioredis are loaded where a service needs them, and not before. */
import { KeptProber } from './kept.ts';
import type { Prober, ProberEvents } from './prober.ts';
import type { Watched } from './spec.ts';

/**
 * Makes the prober of a service.
 * @param events what it tells beside the outcome of its attempts
 */
export async function makeProber({ service, probe }: Watched, events: ProberEvents): Promise<Prober> {
  const kept = service.connection === 'kept';
  switch (probe.kind) {
    case 'tcp': {
      if (kept) {
        const { TcpLinker } = await import('./tcp/tcp-linker.ts');
        return new KeptProber(new TcpLinker(probe), events);
      }
      const { TcpProber } = await import('./tcp/tcp-prober.ts');
      return new TcpProber(probe);
    }
    case 'http': {
      if (kept) {
        const { HttpLinker } = await import('./http/http-linker.ts');
        return new KeptProber(new HttpLinker(probe), events);
      }
      const { HttpProber } = await import('./http/http-prober.ts');
      return new HttpProber(probe);
    }
    case 'redis': {
      if (kept) {
        const { RedisLinker } = await import('./redis/redis-linker.ts');
        return new KeptProber(new RedisLinker(probe, events), events);
      }
      const { RedisProber } = await import('./redis/redis-prober.ts');
      return new RedisProber(probe, events);
    }
  }
}
