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
