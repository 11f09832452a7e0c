import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { pageAssets } from '../../src/page/page-assets.ts';

describe('the assets of the page', () => {
  const assets = pageAssets();
  const page = assets.get('/')?.body.toString() ?? '';

  it('have all that the page refers to: one script, one style sheet', () => {
    // Relative, so that a proxy may have the page under any path.
    const wanted = [...page.matchAll(/(?:href|src)="(assets\/[^"]+)"/g)].map(([, path]) => path ?? '');
    assert.deepEqual(
      new Set(wanted.map((path) => `/${path}`)),
      new Set([...assets.keys()].filter((path) => path !== '/')),
    );
    assert.doesNotMatch(page, /(?:href|src|action)="\//);
    assert.deepEqual(wanted.toSorted(), ['assets/icon.svg', 'assets/page.css', 'assets/page.js']);
  });

  it('have colours with a contrast of 4.5 for all text, light and dark, on every background', () => {
    const css = assets.get('/assets/page.css')?.body.toString() ?? '';
    const themes = [...css.matchAll(/:root\{([^}]*--paper: *#[^}]*)\}/g)].map(([, body = '']) =>
      Object.fromEntries(
        [...body.matchAll(/--(\w+): *(#[\da-f]{3,6})\b/g)].map(([, name = '', hex = '']) => [name, rgb(hex)]),
      ),
    );
    assert.equal(themes.length, 2);
    for (const theme of themes) {
      const colour = (name: string): Rgb => theme[name] ?? assert.fail(name);
      const tinted = ['down', 'partial', 'unobserved'].map((name) => mixed(colour(name), colour('paper'), 0.08));
      for (const background of [colour('paper'), colour('raised')])
        for (const text of ['ink', 'soft', 'up', 'down', 'partial', 'unobserved', 'planned'])
          assert.ok(contrast(colour(text), background) >= 4.5, text);
      // A row has the tint of its state, and its texts are these.
      ['down', 'partial', 'unobserved'].forEach((state, at) => {
        for (const text of ['ink', 'soft', state])
          assert.ok(contrast(colour(text), tinted[at] ?? [0, 0, 0]) >= 4.5, `${text} on ${state}`);
      });
    }
  });

  it('have nothing inline, and nothing of another host', () => {
    assert.doesNotMatch(page, /\sstyle=|<style|\son\w+=|<script(?![^>]*\ssrc=)/);
    for (const [path, { body }] of assets)
      assert.doesNotMatch(body.toString().replaceAll('http://www.w3.org/2000/svg', ''), /https?:\/\/|url\(/, path);
  });

  it('have a type and a tag that changes with the body', () => {
    for (const { type, etag } of assets.values()) {
      assert.match(type, /^(text\/(html|css|javascript); charset=utf-8|image\/svg\+xml)$/);
      assert.match(etag, /^"[\w-]{20}"$/);
    }
    assert.equal(new Set([...assets.values()].map(({ etag }) => etag)).size, assets.size);
  });
});

type Rgb = readonly [number, number, number];

function rgb(hex: string): Rgb {
  const digits = hex.slice(1).replace(/^(.)(.)(.)$/, '$1$1$2$2$3$3');
  return [0, 2, 4].map((at) => parseInt(digits.slice(at, at + 2), 16)) as unknown as Rgb;
}

function mixed(a: Rgb, b: Rgb, share: number): Rgb {
  return a.map((value, at) => value * share + (b[at] ?? 0) * (1 - share)) as unknown as Rgb;
}

/** WCAG 2.2, contrast ratio. */
function contrast(a: Rgb, b: Rgb): number {
  const [light = 0, dark = 0] = [luminance(a), luminance(b)].sort((a, b) => b - a);
  return (light + 0.05) / (dark + 0.05);
}

function luminance(colour: Rgb): number {
  const [r = 0, g = 0, b = 0] = colour.map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
