import { svelte } from '@sveltejs/vite-plugin-svelte'
import { defineConfig } from 'electron-vite'

// CommonJS, since a sandboxed preload script has to be, and since the main process may run on a Node that cannot require() ES
// modules. For the same reason all JavaScript is bundled: what stays outside is what package.json lists under `dependencies`.
const commonJs = { format: 'cjs', entryFileNames: '[name].cjs', chunkFileNames: '[name]-[hash].cjs' } as const

export default defineConfig({
  main: {
    build: {
      target: 'node18',
      // Places in the log stay readable.
      minify: false,
      rollupOptions: {
        // The others are what the threads of the reader, of an export and of the log run, and the process that cares for history files.
        input: {
          index: 'src/main/index.ts',
          reader: 'src/main/reader/thread.ts',
          export: 'src/main/exporting/thread.ts',
          log: 'src/main/store/log-thread.ts',
          care: 'src/main/store/care-process.ts',
        },
        output: commonJs,
        // An optional part of the D-Bus library, required only for a kind of address that then counts as no bus.
        external: ['abstract-socket'],
      },
    },
  },
  preload: {
    build: {
      target: 'node18',
      minify: false,
      externalizeDeps: false,
      rollupOptions: { input: 'src/preload/index.ts', output: commonJs },
    },
  },
  renderer: {
    root: 'src/renderer',
    base: './',
    plugins: [svelte()],
    build: {
      target: 'chrome114',
      sourcemap: false,
      // A third of the size, which every start of the window has to read.
      minify: true,
      // The policy of the page allows no data: scripts or fonts, and the polyfill would fetch.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rollupOptions: { input: 'src/renderer/index.html' },
    },
  },
})
