/** The alerts of docs/prometheus and the dashboard for Grafana: read by promtool, and held against the metrics of a monitor. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';

import { requireTool } from '../support/tools.ts';
import { ask } from './asking.ts';
import { parsePrometheus } from './prometheus.ts';
import { inScene } from './scene.ts';

const DOCS = new URL('../../../docs/prometheus/', import.meta.url);
const RULES = fileURLToPath(new URL('rules.yml', DOCS));
const folder = mkdtempSync(join(tmpdir(), 'gapwatch-rules-'));
after(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** What an alert says at a time, for series that were scraped every 15 s. */
interface Case {
  readonly alert: string;
  readonly series: Readonly<Record<string, string>>;
  readonly at: string;
  /** The labels of what fires; none where nothing does. */
  readonly fires: readonly Readonly<Record<string, string>>[];
}

const CASES: readonly Case[] = [
  {
    alert: 'ServiceHadGap',
    series: {
      'gapwatch_downtime_seconds_total{service="web"}': '3x10 3.2x10',
      'gapwatch_downtime_seconds_total{service="db"}': '7x20',
    },
    at: '4m',
    fires: [{ service: 'web' }],
  },
  {
    alert: 'ServiceDown',
    series: {
      'gapwatch_status{service="web",status="down"}': '0x3 1x10',
      'gapwatch_status{service="web",status="up"}': '1x3 0x10',
    },
    at: '2m',
    fires: [{ service: 'web', status: 'down' }],
  },
  {
    alert: 'ServiceNotObserved',
    series: {
      'gapwatch_unobserved_seconds_total{service="web"}': '0+15x40',
      'gapwatch_unobserved_seconds_total{service="db"}': '5x40',
    },
    at: '8m',
    fires: [{ service: 'web' }],
  },
  {
    alert: 'MonitorGone',
    series: { 'up{job="gapwatch",instance="a"}': '1x4 0x10' },
    at: '3m',
    fires: [{ job: 'gapwatch', instance: 'a' }],
  },
  { alert: 'MonitorGone', series: {}, at: '1m', fires: [{ job: 'gapwatch' }] },
  { alert: 'MonitorGone', series: { 'up{job="gapwatch",instance="a"}': '1x20' }, at: '3m', fires: [] },
  {
    alert: 'ServiceSlow',
    series: {
      'gapwatch_probe_latency_seconds_bucket{service="web",le="0.5"}': '0+100x40',
      'gapwatch_probe_latency_seconds_bucket{service="web",le="1"}': '0+150x40',
      'gapwatch_probe_latency_seconds_bucket{service="web",le="+Inf"}': '0+150x40',
    },
    at: '8m',
    fires: [{ service: 'web' }],
  },
  {
    alert: 'CertificateExpires',
    series: {
      'probe_ssl_earliest_cert_expiry{service="web"}': '864000x20',
      'probe_ssl_earliest_cert_expiry{service="db"}': '8640000x20',
    },
    at: '1m',
    fires: [{ service: 'web' }],
  },
  { alert: 'HistoryNotWritten', series: { gapwatch_history_ok: '0x40' }, at: '6m', fires: [{}] },
];

/** Runs promtool, and asserts that it finds nothing wrong. */
function promtool(...words: string[]): void {
  const { status, stdout, stderr } = spawnSync('promtool', words, { encoding: 'utf8' });
  assert.equal(status, 0, stdout + stderr);
}

describe('the alerts for Prometheus', () => {
  for (const { alert, series, at, fires } of CASES) {
    it(`${alert} ${fires.length === 0 ? 'is silent' : 'fires'} for ${JSON.stringify(series)}`, (t) => {
      if (!requireTool(t, 'promtool')) return;
      const group = readFileSync(RULES, 'utf8');
      const severity = new RegExp(`alert: ${alert}$[^]*?severity: (\\w+)`, 'm').exec(group)?.[1] ?? '';
      const file = join(folder, 'case.json');
      // What is expected is compared without the sentences, which are for people: only their labels decide.
      const rules = join(folder, 'rules.yml');
      writeFileSync(rules, group.replace(/^ +annotations:\n +summary: .*\n/gm, ''));
      const content = {
        rule_files: [rules],
        evaluation_interval: '5s',
        tests: [
          {
            interval: '15s',
            input_series: Object.entries(series).map(([name, values]) => ({ series: name, values })),
            alert_rule_test: [
              {
                eval_time: at,
                alertname: alert,
                exp_alerts: fires.map((labels) => ({ exp_labels: { ...labels, severity } })),
              },
            ],
          },
        ],
      };
      writeFileSync(file, JSON.stringify(content));
      promtool('test', 'rules', file);
    });
  }

  it('are well formed, with their sentences', (t) => {
    if (!requireTool(t, 'promtool')) return;
    promtool('check', 'rules', RULES);
  });
});

interface Dashboard {
  readonly panels: readonly { readonly title: string; readonly targets?: readonly { readonly expr: string }[] }[];
}

describe('the dashboard for Grafana, and the alerts', () => {
  it('ask for metrics that there are, in a language that Prometheus reads', async (t) => {
    if (!requireTool(t, 'promtool')) return;
    await inScene({ names: ['web'] }, async (at) => {
      const { body } = await ask(`${at.http}/metrics`);
      const known = new Set([...parsePrometheus(body).keys(), 'up', 'gapwatch_history_ok']);
      const { panels } = JSON.parse(readFileSync(new URL('grafana.json', DOCS), 'utf8')) as Dashboard;
      const shown = panels.flatMap(({ title, targets = [] }) => targets.map(({ expr }) => ({ title, expr })));
      assert.ok(shown.length >= 6);
      const rules = [...readFileSync(RULES, 'utf8').matchAll(/^ +expr: (.*)$/gm)].map(([, expr = '']) => ({
        title: 'rule',
        expr,
      }));
      for (const { title, expr } of [...shown, ...rules]) {
        for (const [name] of expr.matchAll(/\b(?:gapwatch|probe)_[a-z_]+\b/g))
          assert.ok(known.has(name.replace(/_bucket$/, '')), `${title}: ${name}`);
      }
      const queries = shown.map(({ expr }, n) => ({
        record: `panel:${String(n)}`,
        // What Grafana puts in.
        expr: expr.replaceAll('$__rate_interval', '1m').replaceAll('$__range', '1h').replaceAll('$service', '.*'),
      }));
      const file = join(folder, 'queries.json');
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'panels', rules: queries }] }));
      promtool('check', 'rules', file);
    })();
  });
});
