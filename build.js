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
 * Packages of which every command needs much, as one file each: zod is a hundred, most of them languages that are not spoken here, and is
 * loaded in a fifth of the time when it is only what is used of it; yargs is 45 with what it needs, and is loaded in half of it. Each is a
 * tenth of what the shortest command takes.
 */
const ZOD = 'src/zod.js';
const YARGS = 'src/yargs.js';
const usedOfZod = new Set();
/** Files that run as they are. */
const AS_IS = /\.(lua|html|json)$/;

async function filesOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function compile(file) {
  const { code } = await transform(await readFile(file, 'utf8'), { loader: 'ts', target: NODE, sourcefile: file });
  const path = (output) => JSON.stringify(relative(dirname(file), output).replace(/^(?!\.)/, './'));
  const linked = code
    .replace(OWN_IMPORT, '$1.js$2')
    .replace('import yargs from "yargs"', `import yargs from ${path(YARGS)}`)
    .replace('import { z } from "zod"', () => {
      for (const [, name] of code.matchAll(/\bz\.(\w+)/g)) usedOfZod.add(name);
      return `import * as z from ${path(ZOD)}`;
    });
  await write(file.replace(/\.ts$/, '.js'), linked);
}

async function write(file, content) {
  const output = join(OUT, file);
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, content);
}

/** As one file, yargs would look for settings in the package.json of the current folder, and fail where there is no such folder. */
const WITHOUT_FOLDER = {
  name: 'without-folder',
  setup({ onLoad }) {
    onLoad({ filter: /yargs\/lib\/platform-shims\/esm\.mjs$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source.replace('mainFilename || process.cwd()', "'/'");
      return contents === source ? { errors: [{ text: 'yargs has no mainFilename' }] } : { contents };
    });
  },
};

/** Makes one file of a package. @param exports what it exports, as in a statement */
async function buildPackage(name, exports, output) {
  const stdin = { contents: `export { ${exports} } from '${name}';`, resolveDir: '.' };
  const license = await readFile(`node_modules/${name}/LICENSE`, 'utf8');
  const common = { bundle: true, format: 'esm', platform: 'node', target: NODE, legalComments: 'inline' };
  const banner = { js: `/* ${name}\n\n${license}*/` };
  await build({ ...common, stdin, outfile: join(OUT, output), banner, plugins: [WITHOUT_FOLDER] });
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
  buildPackage('yargs', 'default', YARGS),
  // Of what is compiled by then.
  Promise.all(files.filter((file) => file.endsWith('.ts')).map(compile)).then(() =>
    buildPackage('zod', [...usedOfZod].join(', '), ZOD),
  ),
  ...files.filter((file) => AS_IS.test(file)).map((file) => cp(file, join(OUT, file), { recursive: true })),
]);
// npm does this once, as it installs; a global install from a clone links to this file, and a later build replaces it.
await chmod(join(OUT, 'src/main.js'), 0o755);
