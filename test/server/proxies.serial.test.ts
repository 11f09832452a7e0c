/** Real reverse proxies with the lines of docs/behind-a-proxy.md: the page under a prefix, its websocket, and what strangers see. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';

import { pageAssets } from '../../src/page/page-assets.ts';
import { freePort } from '../support/servers.ts';
import { requireTool, type Tool } from '../support/tools.ts';
import { waitFor } from '../support/wait-for.ts';
import { ask } from './asking.ts';
import { Listener } from './listener.ts';
import { inScene, type Scene, TOKEN } from './scene.ts';
import { sendAll, SHOP, STRANGE_REQUESTS } from './strangers.ts';

const PATIENCE_MS = 10_000;

interface Proxy {
  readonly tool: Tool;
  readonly heading: string;
  /** The whole of a configuration around the lines of the page. */
  readonly around: (lines: string, port: number, folder: string) => string;
  readonly command: (file: string, folder: string) => readonly string[];
}

const MODULES = ['mpm_event', 'authz_core', 'alias', 'headers', 'proxy', 'proxy_http', 'proxy_wstunnel'];

const PROXIES: readonly Proxy[] = [
  {
    tool: 'nginx',
    heading: 'nginx',
    around: (
      lines,
      port,
      folder,
    ) => `daemon off; master_process off; pid ${folder}/pid; error_log stderr; worker_processes 1;
      events { worker_connections 100; }
      http {
        access_log off;
        client_body_temp_path ${folder}/a; proxy_temp_path ${folder}/b; fastcgi_temp_path ${folder}/c;
        uwsgi_temp_path ${folder}/d; scgi_temp_path ${folder}/e;
        map $http_upgrade $connection_upgrade { default upgrade; "" ""; }
        server { listen 127.0.0.1:${String(port)}; ${lines} }
      }`,
    command: (file) => ['nginx', '-c', file],
  },
  {
    tool: 'apache2',
    heading: 'Apache',
    around: (lines, port, folder) => `ServerRoot ${folder}
      ServerName status.example.org
      PidFile ${folder}/pid
      ErrorLog ${folder}/error.log
      ${MODULES.map((name) => `LoadModule ${name}_module /usr/lib/apache2/modules/mod_${name}.so`).join('\n')}
      Listen 127.0.0.1:${String(port)}
      ${lines}`,
    command: (file) => ['apache2', '-X', '-f', file],
  },
  {
    tool: 'haproxy',
    heading: 'HAProxy',
    around: (lines, port) => `defaults
    timeout connect 1s
    timeout client 10s
    timeout server 10s
frontend main
    mode http
    bind 127.0.0.1:${String(port)}
    default_backend gapwatch
${lines}`,
    command: (file) => ['haproxy', '-db', '-f', file],
  },
  {
    tool: 'caddy',
    heading: 'Caddy',
    around: (lines, port, folder) => `{
      admin off
      auto_https off
      storage file_system ${folder}
    }
    http://127.0.0.1:${String(port)}, http://status.example.org:${String(port)} {
      bind 127.0.0.1
      ${lines}
    }`,
    command: (file) => ['caddy', 'run', '--adapter', 'caddyfile', '--config', file],
  },
];

/** Runs a proxy in front of a monitor. */
async function behind(
  { heading, around, command }: Proxy,
  at: Scene,
  test: (http: string) => Promise<void>,
): Promise<void> {
  const page = await readFile(new URL('../../../docs/behind-a-proxy.md', import.meta.url), 'utf8');
  const lines = new RegExp(`^## ${heading}$[^]*?^\`\`\`\\w+\n([^]*?)^\`\`\``, 'm').exec(page)?.[1] ?? '';
  assert.ok(lines.includes('127.0.0.1:9720'), heading);
  const folder = await mkdtemp(join(tmpdir(), 'gapwatch-proxy-'));
  const file = join(folder, 'conf');
  const port = await freePort();
  await writeFile(file, around(lines.replaceAll('127.0.0.1:9720', new URL(at.http).host), port, folder));
  const [program = '', ...args] = command(file, folder);
  const environment = { ...process.env, HOME: folder, XDG_CONFIG_HOME: folder, XDG_DATA_HOME: folder };
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'], env: environment });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (data: Buffer) => (said += data.toString()));
  const ended = once(child, 'exit');
  const http = `http://127.0.0.1:${String(port)}`;
  try {
    const answers = (): Promise<boolean> =>
      ask(`${http}/gapwatch/healthz`).then(
        ({ status }) => status === 200,
        () => false,
      );
    await waitFor(
      async () => (await answers()) || child.exitCode !== null,
      () => `${heading} does not answer:\n${said}`,
      PATIENCE_MS,
    );
    if (child.exitCode !== null) throw new Error(`${heading} ended:\n${said}`);
    await test(http);
  } finally {
    child.kill();
    const force = setTimeout(() => child.kill('SIGKILL'), 2000);
    await ended;
    clearTimeout(force);
    await rm(folder, { recursive: true, force: true });
  }
}

/** What a stranger may try through a proxy. */
const PATHS = ['', 'assets/page.js', 'api/v1/status', 'api/v1/gaps', 'api/v1/timeline', 'badge/web.svg', 'metrics'];

describe('through', () => {
  for (const proxy of PROXIES) {
    it(`${proxy.heading}: the page under a prefix, its feed, and nothing for strangers`, async (t) => {
      if (!requireTool(t, proxy.tool)) return;
      const page = pageAssets();
      await inScene({ names: [SHOP], feed: { page, token: TOKEN, proxies: ['127.0.0.1'] } }, (at) =>
        behind(proxy, at, async (http) => {
          for (const path of PATHS) {
            for (const headers of [{}, { authorization: 'Basic YWRtaW46cHJveHk=' }, { host: 'status.example.org' }])
              assert.equal((await ask(`${http}/gapwatch/${path}`, { headers })).status, 401, path);
          }
          // A proxy may answer itself, cut off what it does not like, and echo what was sent (TRACE).
          const secrets = [`"${SHOP}"`, '"target"', 'tcp://', `:${String(at.services[0]?.port)}`];
          let forwarded = 0;
          const sent = await sendAll(`${http}/gapwatch`, STRANGE_REQUESTS, ({ method, path }, { status, body }) => {
            if (body.startsWith('{"error"')) forwarded += 1;
            for (const secret of method === 'TRACE' ? [] : secrets)
              assert.ok(!body.includes(secret), `${method} ${path}: ${String(status)} ${body.slice(0, 300)}`);
          });
          t.diagnostic(`${String(sent)} requests, nothing seen; ${String(forwarded)} of them reached the monitor`);
          const form = { 'content-type': 'application/x-www-form-urlencoded', origin: http };
          const entered = await ask(`${http}/gapwatch/login`, {
            method: 'POST',
            headers: form,
            body: `token=${TOKEN}`,
          });
          assert.equal(entered.status, 303, entered.body);
          const [cookie = ''] = String(entered.headers['set-cookie']).split(';');
          const html = await ask(`${http}/gapwatch/`, { headers: { cookie, accept: 'text/html' } });
          assert.match(html.body, /<title>gapwatch/);
          for (const [, path = ''] of html.body.matchAll(/(?:href|src)="(assets\/[^"]+)"/g))
            assert.equal((await ask(`${http}/gapwatch/${path}`, { headers: { cookie } })).status, 200, path);
          const feed = await Listener.open(`${http.replace('http', 'ws')}/gapwatch/feed`, {
            headers: { cookie },
            origin: http,
          });
          assert.equal((await feed.first('hello'))['type'], 'hello');
          feed.ws.terminate();
        }),
      )();
      // Neither token nor public: whatever the proxy adds or leaves out, its visitors are strangers.
      await inScene({ names: ['web'], feed: { page } }, (at) =>
        behind(proxy, at, async (http) => {
          for (const path of PATHS)
            assert.equal(
              (await ask(`${http}/gapwatch/${path}`, { headers: { host: 'status.example.org' } })).status,
              403,
              path,
            );
        }),
      )();
      await inScene({ names: ['web'], feed: { page, public: true } }, (at) =>
        behind(proxy, at, async (http) => {
          const status = await ask(`${http}/gapwatch/api/v1/status`);
          assert.equal(status.status, 200);
          assert.doesNotMatch(status.body, /127\.0\.0\.1/);
          assert.equal(status.headers['access-control-allow-origin'], '*');
        }),
      )();
    });
  }
});
