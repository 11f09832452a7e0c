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
 * Packages that the shortest command needs, each as one file of what is used of it, without its spaces: as they are installed they are
 * 45 files (yargs), a hundred (zod) and six.
 */
const PACKAGES = ['yargs', 'zod', 'jsonc-parser'];
/** What is used of each, by its name. */
const used = new Map(PACKAGES.map((name) => [name, new Set()]));
/** Files that run as they are. */
const AS_IS = /\.(lua|html|json)$/;

async function filesOf(folder) {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

async function compile(file) {
  const { code } = await transform(await readFile(file, 'utf8'), { loader: 'ts', target: NODE, sourcefile: file });
  const linked = code
    .replace(OWN_IMPORT, '$1.js$2')
    .replace(/^import (\w+|\{[^}]+\}) from "([\w-]+)"/gm, (statement, names, name) => {
      const ofPackage = used.get(name);
      if (ofPackage === undefined) return statement;
      const path = relative(dirname(file), `src/${name}.js`).replace(/^(?!\.)/, './');
      if (name === 'zod') {
        // All that there is hangs on `z`; what is not used of it can be left out where each stands for itself.
        for (const [, ofZ] of code.matchAll(/\bz\.(\w+)/g)) ofPackage.add(ofZ);
        return `import * as z from "${path}"`;
      }
      for (const each of names.startsWith('{') ? names.match(/\w+/g) : ['default']) ofPackage.add(each);
      return `import ${names} from "${path}"`;
    });
  await write(file.replace(/\.ts$/, '.js'), linked);
}

async function write(file, content) {
  const output = join(OUT, file);
  await mkdir(dirname(output), { recursive: true });
  await writeFile(output, content);
}

/**
 * What yargs would do as it loads: look for settings in the package.json of the current folder, and fail where there is no such folder;
 * and three times prepare to measure the width of any text, which is a tenth of what the shortest command takes. Our own measure is one of ours.
 */
const YARGS_AT_EASE = {
  name: 'yargs-at-ease',
  setup({ onLoad, onResolve }) {
    onResolve({ filter: /^string-width$/ }, ({ path }) => ({ path, namespace: 'ours' }));
    onLoad({ filter: /.*/, namespace: 'ours' }, () => ({
      contents: "export { widthOf as default } from './src/core/text-width.ts';",
      resolveDir: '.',
    }));
    onLoad({ filter: /yargs\/lib\/platform-shims\/esm\.mjs$/ }, async ({ path }) => {
      const source = await readFile(path, 'utf8');
      const contents = source.replace('mainFilename || process.cwd()', "'/'");
      return contents === source ? { errors: [{ text: 'yargs has no mainFilename' }] } : { contents };
    });
  },
};

/** Makes one file of what is used of a package, once all is compiled. */
async function buildPackage(name) {
  const [license] = (await readdir(`node_modules/${name}`)).filter((file) => /^license/i.test(file));
  await build({
    stdin: { contents: `export { ${[...used.get(name)].join(', ')} } from '${name}';`, resolveDir: '.' },
    outfile: join(OUT, `src/${name}.js`),
    banner: { js: `/* ${name}\n\n${await readFile(`node_modules/${name}/${license}`, 'utf8')}*/` },
    bundle: true,
    // Names stay, for the stack of an error.
    minifyWhitespace: true,
    minifySyntax: true,
    legalComments: 'inline',
    format: 'esm',
    platform: 'node',
    mainFields: ['module', 'main'],
    target: NODE,
    plugins: [YARGS_AT_EASE],
  });
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
  Promise.all(files.filter((file) => file.endsWith('.ts')).map(compile)).then(() =>
    Promise.all(PACKAGES.map(buildPackage)),
  ),
  ...files.filter((file) => AS_IS.test(file)).map((file) => cp(file, join(OUT, file), { recursive: true })),
]);
// npm does this once, as it installs; a global install from a clone links to this file, and a later build replaces it.
await chmod(join(OUT, 'src/main.js'), 0o755);
