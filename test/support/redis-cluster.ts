/** A real Redis Cluster of three masters on loopback. */
import { waitFor } from './wait-for.ts';
import { RedisServer } from './redis.ts';
import { freePort } from './servers.ts';

const SETTINGS = [
  '--cluster-enabled',
  'yes',
  '--cluster-node-timeout',
  '2000',
  '--cluster-require-full-coverage',
  'no',
];

/** The slots of each node, the first and the last. */
const SLOTS = [
  ['0', '5460'],
  ['5461', '10922'],
  ['10923', '16383'],
];

export class RedisCluster {
  readonly #settings: ReadonlyMap<RedisServer, readonly string[]>;

  private constructor(settings: ReadonlyMap<RedisServer, readonly string[]>) {
    this.#settings = settings;
  }

  get nodes(): readonly RedisServer[] {
    return [...this.#settings.keys()];
  }

  /** @param settings of every node */
  static async start(settings: readonly string[] = []): Promise<RedisCluster> {
    const started = await Promise.all(
      SLOTS.map(async () => {
        // Where it is not given it is the port + 10,000, which may be none.
        const gossip = String(await freePort());
        const all = [...SETTINGS, '--cluster-port', gossip, ...settings];
        return { gossip, all, node: await RedisServer.start(all) };
      }),
    );
    const cluster = new RedisCluster(new Map(started.map(({ node, all }) => [node, all])));
    for (const [index, { node, gossip }] of started.entries()) {
      await node.say('CLUSTER', 'SET-CONFIG-EPOCH', String(index + 1));
      await node.say('CLUSTER', 'ADDSLOTSRANGE', ...(SLOTS[index] ?? []));
      await started[0]?.node.say('CLUSTER', 'MEET', '127.0.0.1', String(node.port), gossip);
    }
    await cluster.settled();
    return cluster;
  }

  /** As a bus knows it. */
  get url(): string {
    return `redis+cluster://${this.nodes.map(({ port }) => `127.0.0.1:${String(port)}`).join(',')}`;
  }

  /** The node that holds a key. */
  async holder(key: string): Promise<RedisServer> {
    for (const node of this.nodes) {
      const said = await node.say('TYPE', key);
      if (!said.includes('MOVED')) return node;
    }
    throw new Error('no node holds it');
  }

  /** Ends a node as a crash would, and starts it again. */
  async restart(node: RedisServer): Promise<void> {
    await node.restart(this.#settings.get(node) ?? []);
  }

  /** Waits until every node knows that all is well. */
  async settled(): Promise<void> {
    for (const node of this.nodes) {
      let info = '';
      await waitFor(
        async () => {
          info = await node.say('CLUSTER', 'INFO');
          return /cluster_state:ok/.test(info) && /cluster_slots_ok:16384/.test(info);
        },
        () => info,
      );
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.nodes.map((node) => node.close()));
  }
}
