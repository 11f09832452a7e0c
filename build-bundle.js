/**
 * The bundle: the whole program as one file, `gapwatch.mjs`, for a machine that has Node (22.13 or later, for the history) and no
 * npm. What the program starts beside itself (its worker threads, a service of the demo) is the same file again, under the name of
 * a part; what it reads beside itself is inside. Needs a build: the files of page and viewer come from `dist`.
 */
import { chmod, readdir, readFile } from 'node:fs/promises';
import { basename, join } from 'node:path';

import { build } from 'esbuild';

/** Where to, unless the command line names another file. */
const OUT = process.argv[2] ?? 'gapwatch.mjs';
/** Folders that modules read beside themselves, by the names that the modules use. */
const FOLDERS = {
  assets: 'dist/src/page/assets',
  'viewer/assets': 'dist/src/report/viewer/assets',
  scripts: 'src/bus/scripts',
};
const TERMINFO = 'node_modules/blessed/usr/xterm-256color';

/** A thread and a process know their part by their first argument. */
const START = `
const part = process.argv[2];
if (part === '?engine-worker') await import('./src/monitor/engine-worker.ts');
else if (part === '?history-worker') await import('./src/history/history-worker.ts');
else if (part === '?demo-service') {
  process.argv.splice(2, 1);
  await import('./src/demo/demo-service.ts');
} else await import('./src/main.ts');
`;

/** What differs from a module of its own: file, what stands there, what stands there in the bundle. */
const REWRITES = [
  [
    'engine-thread.ts',
    "new URL('./engine-worker.js', import.meta.url), {",
    "new URL(import.meta.url), { argv: ['?engine-worker'],",
  ],
  [
    'history-thread.ts',
    "new URL('./history-worker.js', import.meta.url), {",
    "new URL(import.meta.url), { argv: ['?history-worker'],",
  ],
  ['demo-stage.ts', "new URL('./demo-service.js', import.meta.url)", 'import.meta.url'],
  ['demo-stage.ts', 'fork(script, args,', "fork(script, ['?demo-service', ...args],"],
  ['page-assets.ts', "from 'node:fs'", "from 'inside'"],
  ['html-report.ts', "from 'node:fs'", "from 'inside'"],
  ['bus-scripts.ts', "from 'node:fs'", "from 'inside'"],
  ['linear-match.ts', 'const require = createRequire(import.meta.url);', ''],
  ['screen.ts', "createRequire(import.meta.url).resolve('blessed/usr/xterm-256color')", "'inside/xterm-256color'"],
  ['widget.js', "require('./widgets/' + file)", "require('./widgets/' + file + '.js')"],
  ['tput.js', 'data = fs.readFileSync(file);', "data = require('inside').readFileSync(file);"],
];

/** `readFileSync` of a file that is inside, by its URL or its name. */
async function inside() {
  const files = { 'inside/xterm-256color': (await readFile(TERMINFO)).toString('base64') };
  for (const [name, folder] of Object.entries(FOLDERS))
    for (const file of await readdir(folder))
      files[`${name}/${file}`] = (await readFile(join(folder, file))).toString('base64');
  return `
const files = ${JSON.stringify(files)};
export function readFileSync(file, encoding) {
  const name = String(file).replace(String(new URL('./', import.meta.url)), '');
  const content = Buffer.from(files[name], 'base64');
  return encoding === undefined ? content : content.toString(encoding);
}`;
}

const plugin = {
  name: 'one-file',
  setup({ onResolve, onLoad, onEnd }) {
    const done = new Set();
    onResolve({ filter: /^inside$/ }, () => ({ path: 'inside', namespace: 'inside' }));
    onLoad({ filter: /.*/, namespace: 'inside' }, async () => ({ contents: await inside() }));
    const names = [...new Set(REWRITES.map(([file]) => file.replace('.', '\\.')))].join('|');
    onLoad({ filter: new RegExp(`/(${names})$`) }, async ({ path }) => {
      let contents = await readFile(path, 'utf8');
      for (const rewrite of REWRITES) {
        const [file, from, to] = rewrite;
        if (file !== basename(path) || !contents.includes(from)) continue;
        contents = contents.replace(from, to);
        done.add(rewrite);
      }
      return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
    });
    onEnd(() => ({
      errors: REWRITES.filter((rewrite) => !done.has(rewrite)).map((rewrite) => ({ text: `not found: ${rewrite}` })),
    }));
  },
};

await build({
  stdin: { contents: START, resolveDir: '.', loader: 'js' },
  bundle: true,
  platform: 'node',
  mainFields: ['module', 'main'],
  format: 'esm',
  target: 'node22',
  outfile: OUT,
  legalComments: 'eof',
  external: ['libsql', 'term.js', 'pty.js'],
  // As the build made it, which needs no current folder.
  alias: { yargs: './dist/src/yargs.js' },
  banner: {
    js: "#!/usr/bin/env node\nimport { createRequire as requireFrom } from 'node:module';\nconst require = requireFrom(import.meta.url);",
  },
  plugins: [plugin],
  logLevel: 'warning',
});
await chmod(OUT, 0o755);
