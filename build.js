/**
 * The build. Each TypeScript file of the program and its tests becomes the JavaScript file of the same name below `dist`,
 * the browser's parts (the status page, and the viewer of HTML reports) become one script each, and their styles one sheet. Types are not checked here:
 * `npm run check` does that.
 */
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join, relative } from 'node:path';

import { build, transform } from 'esbuild';

/** Where to, `dist` unless the command line names another folder. */
const OUT = process.argv[2] ?? 'dist';
const PAGE = 'src/page';
const VIEWER = 'src/report/viewer';
/** The oldest Node that package.json allows. */
const NODE = 'node20';
/** Browsers that have what the page uses: `:has()`, container queries. */
const BROWSERS = ['chrome105', 'firefox121', 'safari16'];
/** The parts of the style sheet, in the order in which they count. */
const STYLES = ['base', 'top', 'services', 'panel', 'news', 'narrow'];

/** An import of one of our own modules, which the source names with `.ts`. */
const OWN_IMPORT = /((?:\bfrom|\bimport)\s*\(?\s*["']\.{1,2}\/[^"']+)\.ts(["'])/g;
/**
 * zod is a hundred files, most of them languages that are not spoken here. What is used of it, as one file, is loaded in a fifth of the
 * time, which is a tenth of what the shortest command takes.
 */
const ZOD = 'src/zod.js';
const usedOfZod = new Set();
/** Files that run as they are. */
const AS_IS = /\.(lua|html|json)$/;

async function filesOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function compile(file) {
  const { code } = await transform(await readFile(file, 'utf8'), { loader: 'ts', target: NODE, sourcefile: file });
  const zod = JSON.stringify(relative(dirname(file), ZOD).replace(/^(?!\.)/, './'));
  const linked = code.replace(OWN_IMPORT, '$1.js$2').replace('import { z } from "zod"', () => {
    for (const [, name] of code.matchAll(/\bz\.(\w+)/g)) usedOfZod.add(name);
    return `import * as z from ${zod}`;
  });
  await write(file.replace(/\.ts$/, '.js'), linked);
}

async function write(file, content) {
  const output = join(OUT, file);
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, content);
}

/** Of what is compiled by then. */
async function buildZod() {
  const stdin = { contents: `export { ${[...usedOfZod].join(', ')} } from 'zod';`, resolveDir: '.' };
  const license = await readFile('node_modules/zod/LICENSE', 'utf8');
  const common = { bundle: true, format: 'esm', platform: 'node', target: NODE };
  await build({ ...common, stdin, outfile: join(OUT, ZOD), banner: { js: `/* zod\n\n${license}*/` } });
}

async function buildPage() {
  const common = { bundle: true, minify: true, target: BROWSERS, outdir: join(OUT, PAGE, 'assets') };
  await build({ ...common, entryPoints: { page: join(PAGE, 'browser/page-main.ts') }, format: 'esm' });
  const contents = STYLES.map((part) => `@import "./${part}.css";`).join('\n');
  const resolveDir = join(PAGE, 'static/style');
  await build({ ...common, entryNames: 'page', stdin: { contents, resolveDir, loader: 'css' } });
  for (const name of ['index.html', 'icon.svg'])
    await cp(join(PAGE, 'static', name), join(OUT, PAGE, 'assets', name), { recursive: true });
}

async function buildViewer() {
  const entryPoints = { viewer: join(VIEWER, 'viewer-main.ts') };
  const common = { bundle: true, minify: true, target: BROWSERS, outdir: join(OUT, VIEWER, 'assets') };
  await build({ ...common, entryPoints, format: 'iife' });
  await build({ ...common, entryPoints: { viewer: join(VIEWER, 'viewer.css') } });
}

console.error(`gapwatch: building to ${OUT} ...`);
await rm(OUT, { recursive: true, force: true });
const files = [...(await filesOf('src')), ...(await filesOf('test'))].filter(
  (file) => !file.startsWith(`${VIEWER}/`) && (!file.startsWith(`${PAGE}/`) || !/browser|static/.test(file)),
);
await Promise.all([
  buildPage(),
  buildViewer(),
  Promise.all(files.filter((file) => file.endsWith('.ts')).map(compile)).then(buildZod),
  ...files.filter((file) => AS_IS.test(file)).map((file) => cp(file, join(OUT, file), { recursive: true })),
]);
// npm does this once, as it installs; a global install from a clone links to this file, and a later build replaces it.
await chmod(join(OUT, 'src/main.js'), 0o755);
