/** The forms of a report in the programs that read them: xmllint, librsvg and Chromium. */
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';

import type { Browser, Page } from 'playwright-core';

import { buildReport } from '../../src/report/build-report.ts';
import { hintsOf } from '../../src/report/hints.ts';
import { junit } from '../../src/report/junit.ts';
import type { Report, RunFacts } from '../../src/report/report.ts';
import { svg } from '../../src/report/svg.ts';
import { judge, notStarted } from '../../src/report/verdict.ts';
import { launch } from '../page/tab.ts';
import { isInstalled, requireTool } from '../support/tools.ts';
import { HOSTILE_TEXTS } from '../corpus/strings.ts';
import { observed, runReport, START, vantage, within } from './scene.ts';

/** What Jenkins' xUnit plugin allows (its junit-10.xsd), as far as a report has such elements: no attribute beyond these. */
const JENKINS = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema">
  <xs:simpleType name="seconds"><xs:restriction base="xs:string">
    <xs:pattern value="(([0-9]{0,3},)*[0-9]{3}|[0-9]{0,3})*(\\.[0-9]*)?"/>
  </xs:restriction></xs:simpleType>
  <xs:complexType name="outcome" mixed="true">
    <xs:attribute name="type" type="xs:string"/><xs:attribute name="message" type="xs:string"/>
  </xs:complexType>
  <xs:element name="testcase"><xs:complexType>
    <xs:choice minOccurs="0" maxOccurs="unbounded">
      <xs:element name="skipped" type="outcome"/><xs:element name="error" type="outcome"/><xs:element name="failure" type="outcome"/>
      <xs:element name="system-out" type="xs:string"/><xs:element name="system-err" type="xs:string"/>
    </xs:choice>
    <xs:attribute name="name" type="xs:string" use="required"/>
    ${['time', 'classname', 'group'].map((name) => `<xs:attribute name="${name}" type="xs:string"/>`).join('')}
  </xs:complexType></xs:element>
  <xs:element name="testsuite"><xs:complexType>
    <xs:choice minOccurs="0" maxOccurs="unbounded"><xs:element ref="testcase"/></xs:choice>
    ${['name', 'tests', 'failures', 'errors'].map((name) => `<xs:attribute name="${name}" type="xs:string" use="required"/>`).join('')}
    ${['skipped', 'timestamp', 'hostname', 'id', 'package', 'group'].map((name) => `<xs:attribute name="${name}" type="xs:string"/>`).join('')}
    <xs:attribute name="time" type="seconds"/>
  </xs:complexType></xs:element>
  <xs:element name="testsuites"><xs:complexType>
    <xs:sequence><xs:element ref="testsuite" minOccurs="0" maxOccurs="unbounded"/></xs:sequence>
    ${['name', 'tests', 'failures', 'errors'].map((name) => `<xs:attribute name="${name}" type="xs:string"/>`).join('')}
    <xs:attribute name="time" type="seconds"/>
  </xs:complexType></xs:element>
</xs:schema>`;

function judged(vantages: Parameters<typeof runReport>[0], run: Partial<RunFacts> = {}): Report {
  const report = runReport(vantages, run);
  const hinted = { ...report, hints: hintsOf(report) };
  return { ...hinted, verdict: judge(hinted, report.run) };
}

const MARKS = ['the first mark, a long one', 'second', 'third', 'x'].map((text, n) => {
  return { vantage: 'here', at: START + n * 600, text, fromStartMs: n * 600 };
});
const FLAPPING = Array.from({ length: 9 }, (_, n) => ({ from: n * 700, to: n * 700 + 300 }));
const CROWDED: Report = {
  ...judged(
    [
      vantage(
        'here',
        observed('web', { falls: FLAPPING }),
        observed('日本語のサービスの名前はとても長い', { falls: FLAPPING }),
        observed('api', { unobserved: [{ from: 1000, to: 1900 }] }),
      ),
      vantage('second', observed('db', { falls: [{ from: 5900, to: null }] }), observed('fine')),
    ],
    { endedAt: START + 300 },
  ),
  marks: MARKS,
};

const REPORTS: Readonly<Record<string, Report>> = {
  'that passes': judged([vantage('here', observed('web'))]),
  'that fails': CROWDED,
  'of a command that failed': judged([vantage('here', observed('web'))], { exitCode: 7 }),
  'of a command that was not started': (() => {
    const report = runReport([vantage('here', observed('web'))], { ending: 'not-started', endedAt: null });
    const fault = { kind: 'not-up', vantage: 'here', service: 'web', text: 'down for 1 s: refused' } as const;
    return { ...report, verdict: notStarted(report, [fault], 'true was not started') };
  })(),
  'of the history': buildReport(
    [vantage('here', observed('web', { falls: FLAPPING }), { ...observed('unseen'), intervals: [] })],
    within(0, 9000),
    null,
  ),
  'of long downtime': judged([vantage('here', observed('web', { falls: [{ from: -2000, to: null }] }))]),
};

/** Functions that run in the browser: the colours of a PNG, and which labels of a drawing are wrong. */
const COLOURS_AT = `async (png, places) => {
  const image = new Image();
  image.src = 'data:image/png;base64,' + png;
  await image.decode();
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.width, image.height];
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  return places.map(([x, y]) =>
    '#' + [...context.getImageData(x, y, 1, 1).data].slice(0, 3).map((one) => one.toString(16).padStart(2, '0')).join(''));
}`;
// Letters have room above and below them: boxes may overlap by that.
const LABEL_PROBLEMS = `() => {
  const { width, height } = document.documentElement.getBoundingClientRect();
  const labels = [...document.querySelectorAll('text')].map((one) => ({ box: one.getBoundingClientRect(), text: one.textContent }));
  return labels.flatMap(({ box, text }, index) => {
    const isOutside = box.left < 0 || box.top < 0 || box.right > width || box.bottom > height;
    const covered = labels.slice(index + 1).find(({ box: other }) =>
      Math.min(box.right, other.right) > Math.max(box.left, other.left) &&
      Math.min(box.bottom, other.bottom) - Math.max(box.top, other.top) > 3);
    return [...(isOutside ? [text + ' is outside'] : []), ...(covered ? [text + ' covers ' + covered.text] : [])];
  });
}`;

describe('a report', () => {
  let folder: string;
  let browser: Browser | null = null;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'gapwatch-readers-'));
    if (isInstalled('chromium')) browser = await launch();
  });

  after(async () => {
    await browser?.close();
    rmSync(folder, { recursive: true, force: true });
  });

  it('as JUnit is valid for Jenkins', (t) => {
    if (!requireTool(t, 'xmllint')) return;
    const schema = join(folder, 'jenkins.xsd');
    writeFileSync(schema, JENKINS);
    const hostile = HOSTILE_TEXTS.map(({ kind, text }) => [kind, judged([vantage(text, observed(text))])] as const);
    for (const [what, report] of [...Object.entries(REPORTS), ...hostile]) {
      const file = join(folder, 'report.xml');
      writeFileSync(file, junit(report));
      const { status, stderr } = spawnSync('xmllint', ['--noout', '--nonet', '--schema', schema, file]);
      assert.equal(status, 0, `${what}: ${String(stderr)}`);
    }
  });

  /** A picture as a page shows it: the colour at a place, as `#rrggbb`. */
  async function coloursOf(
    page: Page,
    picture: string,
    places: readonly (readonly [number, number])[],
  ): Promise<string[]> {
    const file = join(folder, 'picture.html');
    writeFileSync(file, `<body style="margin:0"><img src="${picture}">`);
    await page.goto(`file://${file}`);
    const shot = (await page.screenshot()).toString('base64');
    return page.evaluate<string[]>(`(${COLOURS_AT})(${JSON.stringify(shot)}, ${JSON.stringify(places)})`);
  }

  it('drawn has its colours in librsvg, and in a browser on light and on dark paper', async (t) => {
    if (!requireTool(t, 'rsvg-convert') || !requireTool(t, 'chromium') || browser === null) return;
    const source = join(folder, 'drawn.svg');
    const falls = [{ from: 2000, to: 6000 }];
    writeFileSync(source, svg(judged([vantage('here', observed('web', { falls }))])));
    execFileSync('rsvg-convert', [source, '-o', join(folder, 'drawn.png')]);
    const bar = /class="down"[^>]* x="([\d.]+)" y="([\d.]+)"/.exec(readFileSync(source, 'utf8'));
    const places = [
      [4, 4],
      [Number(bar?.[1]) + 20, Number(bar?.[2]) + 6],
    ] as const;
    const light = await browser.newPage({ colorScheme: 'light' });
    assert.deepEqual(await coloursOf(light, 'drawn.png', places), ['#ffffff', '#c92a2a'], 'librsvg');
    assert.deepEqual(await coloursOf(light, 'drawn.svg', places), ['#ffffff', '#c92a2a'], 'light');
    const dark = await browser.newPage({ colorScheme: 'dark' });
    assert.deepEqual(await coloursOf(dark, 'drawn.svg', places), ['#15181c', '#ff6b6b'], 'dark');
  });

  it('drawn has no label that covers another one, or leaves the picture', async (t) => {
    if (!requireTool(t, 'chromium') || browser === null) return;
    const page = await browser.newPage();
    for (const [what, report] of Object.entries(REPORTS)) {
      const file = join(folder, 'labels.svg');
      writeFileSync(file, svg(report));
      await page.goto(`file://${file}`);
      const problems = await page.evaluate<string[]>(`(${LABEL_PROBLEMS})()`);
      assert.deepEqual(problems, [], what);
    }
  });
});
