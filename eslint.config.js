import { defineConfig, globalIgnores } from 'eslint/config';
import tseslint from 'typescript-eslint';

/**
 * The rooms of `src`, and which rooms each may import. `core` imports none, so that the domain can be read and tested alone;
 * sources and sinks do not know each other; only `cli` puts them together. `types`: only what the compiler takes away.
 */
const ROOMS = {
  core: {},
  probe: { imports: ['core'] },
  monitor: { imports: ['core', 'probe'] },
  config: { imports: ['core'], types: ['probe', 'bus', 'hooks'] },
  client: { imports: ['core'] },
  history: { imports: ['core'] },
  bus: { imports: ['core'] },
  server: { imports: ['core'] },
  page: { imports: ['core'] },
  terminal: { imports: ['core'] },
  report: { imports: ['core'] },
  hooks: { imports: ['core'] },
  demo: { imports: ['core'] },
  init: { imports: ['core', 'config'] },
};

const roomRules = Object.entries(ROOMS).map(([room, { imports = [], types = [] }]) => {
  const pattern = (names) => `^(\\.\\./)+(${names.join('|')})/`;
  const others = [...Object.keys(ROOMS), 'cli'].filter((name) => ![room, ...imports, ...types].includes(name));
  const patterns = [{ regex: pattern(others), message: `${room} may not import this room: see CONTRIBUTING.md.` }];
  if (types.length > 0)
    patterns.push({ regex: pattern(types), allowTypeImports: true, message: `${room} may import types of it only.` });
  return {
    files: [`src/${room}/**/*.ts`],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns }] },
  };
});

export default defineConfig([
  globalIgnores(['dist/', '.build/']),
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: { parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname } },
    rules: {
      eqeqeq: 'error',
      'no-console': 'error',
      'no-duplicate-imports': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
    },
  },
  ...roomRules,
  {
    files: ['test/**/*.ts'],
    rules: {
      // node:test's describe and it return promises that the runner itself awaits.
      '@typescript-eslint/no-floating-promises': [
        'error',
        {
          allowForKnownSafeCalls: [
            {
              from: 'package',
              package: 'node:test',
              name: ['describe', 'it', 'test', 'suite', 'before', 'after', 'beforeEach', 'afterEach'],
            },
          ],
        },
      ],
      '@typescript-eslint/no-non-null-assertion': 'off',
      'no-console': 'off',
    },
  },
]);
