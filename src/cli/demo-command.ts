/** `gapwatch demo`: three services of its own, restarted now and then, watched as by `watch`. */
import { loadConfig } from '../config/load-config.ts';
import { DemoStage } from '../demo/demo-stage.ts';
import { parseDuration, type DemoArguments, type ShowArguments } from './options.ts';
import { watchConfig } from './watch-command.ts';
import { say } from './say.ts';

/** Runs the demo. Returns the exit code. */
export async function demo(args: DemoArguments & ShowArguments): Promise<number> {
  const forMs = args.for === undefined ? null : parseDuration(args.for, '--for');
  const stage = await DemoStage.open();
  try {
    const { web, api, cache } = stage.ports;
    const config = await loadConfig({
      file: null,
      targets: [
        `web=http://127.0.0.1:${String(web)}/`,
        `api=127.0.0.1:${String(api)}`,
        `cache=redis://127.0.0.1:${String(cache)}`,
      ],
      options: args,
      defaultIntervalMs: 100,
      sentinel: true,
      cwd: process.cwd(),
      env: process.env,
    });
    const redis = stage.realRedis ? 'a real redis-server' : 'a small stand-in, as no redis-server is installed';
    say(`Demo: three services of its own on free ports, restarted now and then; cache is ${redis}.`);
    let played: Promise<void> = Promise.resolve();
    const code = await watchConfig({ ...args, forMs }, config, {
      begun: (mark) => {
        played = stage.play(mark);
      },
    });
    await stage.close();
    await played;
    return code;
  } finally {
    await stage.close();
  }
}
