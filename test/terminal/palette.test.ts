import assert from 'node:assert/strict';
import { describe, it } from 'node:test';

import { paletteOf } from '../../src/terminal/palette.ts';

/** The steps of a channel in the cube of 6 x 6 x 6 colours that begins at 16. */
const STEPS = [0, 95, 135, 175, 215, 255];

/** The relative luminance of a colour of the xterm palette, 0 to 1 (WCAG 2.2). */
function luminance(colour: number): number {
  const cube = colour - 16;
  const channels =
    colour >= 232
      ? new Array<number>(3).fill(8 + (colour - 232) * 10)
      : [Math.floor(cube / 36), Math.floor(cube / 6) % 6, cube % 6].map((step) => STEPS[step] ?? NaN);
  const [red = NaN, green = NaN, blue = NaN] = channels.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}

function contrast(a: number, b: number): number {
  return (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
}

describe('the palette', () => {
  it('is legible on a dark and on a light background', () => {
    for (const [style, { fg, bg }] of Object.entries(paletteOf(256))) {
      if (fg === null) continue;
      const backgrounds = bg === null ? [0, 1] : [luminance(bg)];
      for (const background of backgrounds) {
        const reached = contrast(luminance(fg), background);
        assert.ok(reached >= 3, `${style} on ${String(background)}: ${reached.toFixed(2)}`);
      }
    }
  });
});
