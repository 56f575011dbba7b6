import js from '@eslint/js'
import boundaries from 'eslint-plugin-boundaries'
import svelte from 'eslint-plugin-svelte'
import globals from 'globals'
import ts from 'typescript-eslint'

/**
 * Who may import whom. `types` may be imported with `import type` only.
 * Every folder may import itself; tests may import whatever they exercise.
 */
const house = {
  shared: { values: [], types: [] },
  ingest: { values: ['shared'], types: [] },
  query: { values: ['shared'], types: [] },
  slashid: { values: ['shared'], types: [] },
  sample: { values: ['shared'], types: [] },
  inlets: { values: ['shared'], types: ['ingest'] },
  store: { values: ['shared', 'query'], types: ['ingest'] },
  export: { values: ['shared', 'query'], types: ['store', 'ingest'] },
  import: { values: ['shared', 'ingest', 'export'], types: ['store'] },
  notify: { values: ['shared', 'query'], types: ['store', 'ingest'] },
  shell: { values: ['shared'], types: ['main', 'ingest', 'query', 'slashid', 'sample', 'inlets', 'store', 'notify', 'export', 'import'] },
  main: { values: ['shared', 'ingest', 'query', 'slashid', 'sample', 'inlets', 'store', 'notify', 'export', 'import', 'shell'], types: [] },
  cli: { values: ['shared', 'main', 'ingest', 'query', 'slashid', 'sample', 'inlets', 'store', 'notify', 'export', 'import'], types: [] },
  relay: { values: ['shared'], types: [] },
  preload: { values: ['shared'], types: [] },
  renderer: { values: ['shared'], types: [] },
}

const folder = (type) => ({ element: { type } })

/** Which packages may be imported where; the last that fits a file holds. */
const packages = [
  only(
    ['src/main/**', 'src/cli/**'],
    '(electron|better-sqlite3)$',
    'Electron lives in shell/, preload/ and main/index.ts, SQLite in store/.',
  ),
  only(['src/main/store/**'], 'electron$', 'Electron lives in shell/, preload/ and main/index.ts.'),
  only(['src/main/shell/**', 'src/main/index.ts'], 'better-sqlite3$', 'Only store/ speaks SQLite.'),
  only(['src/shared/**'], '[^.]', 'shared/ imports nothing.'),
  only(['src/relay/**'], '(?!cloudflare:workers$)[^.]', 'The Worker is made of what its runtime brings.'),
  only(['src/preload/**'], '(?!electron$)[^.]', 'The bridge is made of Electron and nothing else.'),
  only(['src/renderer/**'], '(?!svelte($|/))[^.]', 'The page is Svelte; everything else is for main to know.'),
]

function only(files, forbidden, message) {
  return {
    files,
    ignores: ['**/*.test.ts', '**/test-support.ts', 'src/relay/local.ts'],
    rules: { '@typescript-eslint/no-restricted-imports': ['error', { patterns: [{ regex: `^${forbidden}`, message }] }] },
  }
}

export default ts.config(
  { ignores: ['node_modules', 'out', 'dist', 'test-results', 'screenshots/**'] },
  js.configs.recommended,
  {
    files: ['**/*.ts', '**/*.svelte'],
    extends: [ts.configs.strict],
    rules: {
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_' }],
      eqeqeq: 'error',
    },
  },
  {
    files: ['src/{main,shared,cli,relay,preload}/**/*.ts', 'e2e/**/*.ts', 'bench/**/*.ts', 'faults/**/*.ts'],
    languageOptions: { parserOptions: { project: ['./tsconfig.node.json', './tsconfig.relay.json', './tsconfig.e2e.json'] } },
    rules: {
      '@typescript-eslint/no-floating-promises': 'error',
      '@typescript-eslint/no-misused-promises': 'error',
      '@typescript-eslint/switch-exhaustiveness-check': ['error', { considerDefaultExhaustiveForUnions: true }],
    },
  },
  ...svelte.configs['flat/recommended'],
  {
    files: ['**/*.svelte', '**/*.svelte.ts'],
    languageOptions: { parserOptions: { parser: ts.parser, extraFileExtensions: ['.svelte'] }, globals: globals.browser },
    rules: { 'no-undef': 'off' },
  },
  { files: ['src/renderer/**/*.ts'], languageOptions: { globals: globals.browser } },
  { files: ['scripts/**', '*.config.*', 'e2e/**', 'bench/**', 'faults/**', 'src/**/*.ts'], languageOptions: { globals: globals.node } },
  { files: ['**/*.cjs'], languageOptions: { sourceType: 'commonjs' } },
  {
    files: ['src/**/*.ts', 'src/**/*.svelte'],
    plugins: { boundaries },
    settings: {
      'boundaries/elements': [
        { type: 'shared', pattern: 'src/shared' },
        { type: 'cli', pattern: 'src/cli' },
        { type: 'relay', pattern: 'src/relay' },
        { type: 'preload', pattern: 'src/preload' },
        { type: 'renderer', pattern: 'src/renderer' },
        ...['ingest', 'query', 'slashid', 'sample', 'inlets', 'store', 'notify', 'export', 'import', 'shell'].map((type) => ({
          type,
          pattern: `src/main/${type}`,
        })),
        { type: 'main', pattern: 'src/main' },
      ],
    },
    rules: {
      'boundaries/dependencies': [
        'error',
        {
          default: 'disallow',
          policies: [
            { allow: { to: { module: { origin: ['external', 'core'] } } } },
            ...Object.entries(house).flatMap(([type, { values, types }]) => [
              { from: folder(type), allow: { to: folder([type, ...values]) } },
              ...(types.length ? [{ from: folder(type), allow: { to: folder(types), dependency: { kind: 'type' } } }] : []),
            ]),
          ],
        },
      ],
    },
  },
  {
    files: ['src/**/*.test.ts', 'src/**/*-test-support.ts'],
    rules: { 'boundaries/dependencies': 'off', '@typescript-eslint/no-non-null-assertion': 'off' },
  },
  ...packages,
)
