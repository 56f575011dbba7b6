/**
 * Loaded by Electron before the app (`electron -r`), so that the app itself is started and measured as it is: does what the benchmark says,
 * in this process or in the page of the first window. See window.ts.
 */
const { subscribe } = require('node:diagnostics_channel')
const { readFileSync } = require('node:fs')
const { join } = require('node:path')
const { app } = require('electron')

const inPage = readFileSync(join(__dirname, 'in-page.js'), 'utf8')
const now = () => performance.timeOrigin + performance.now()

const probe = {
  window: null,
  shownAt: null,
  /** Of each request that was answered with 200. */
  answeredAt: [],
  /** A page that is covered by another window draws no frames. */
  async toFront() {
    probe.window.moveTop()
    probe.window.focus()
    await probe.window.webContents.executeJavaScript('benchmark.uncovered()')
  },
  /** Turns the wheel over the middle of the window, one notch a frame, first down and then up. */
  wheel: (forMs) =>
    new Promise((done) => {
      const { width, height } = probe.window.getContentBounds()
      const at = { x: Math.floor(width / 2), y: Math.floor(height * 0.75) }
      const startedAt = now()
      const turning = setInterval(() => {
        const passed = now() - startedAt
        const deltaY = passed < forMs / 2 ? -120 : 120
        if (passed < forMs)
          return probe.window.webContents.sendInputEvent({ type: 'mouseWheel', ...at, deltaX: 0, deltaY, canScroll: true })
        clearInterval(turning)
        done(null)
      }, 16)
    }),
}

const page = new Promise((resolve) => {
  app.once('browser-window-created', (_event, window) => {
    probe.window = window
    const shown = () => (probe.shownAt ??= now())
    window.once('show', shown)
    // One that is made visible was shown before anybody could listen.
    if (window.isVisible()) shown()
    window.webContents.once('dom-ready', () =>
      resolve(window.webContents.executeJavaScript(`${inPage};null`).then(() => window.webContents)),
    )
  })
})
subscribe('http.server.response.finish', ({ response }) => response.statusCode === 200 && probe.answeredAt.push(now()))

async function perform(where, script) {
  if (where === 'page') return (await page).executeJavaScript(script)
  await page
  return new Function('electron', 'probe', `return (async () => (${script}))()`)(require('electron'), probe)
}

process.on('message', ({ number, where, script }) => {
  perform(where, script).then(
    (value) => process.send({ number, value: value ?? null }),
    (error) => process.send({ number, error: String(error) }),
  )
})
// Whoever measured is gone.
process.on('disconnect', () => app.exit(1))
