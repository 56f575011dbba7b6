/** The least that Electron can do: what the app is held against. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { openWindow, type AppWindow } from './window.ts'

/** Of all bare windows, and the one that the app begins with. */
export const size = { width: 1280, height: 800 } as const

const style = `
  body { margin: 0; font: 13px system-ui, sans-serif }
  [role=listbox] { position: absolute; inset: 0; overflow: hidden scroll; overflow-anchor: none; contain: strict }
  [role=option] { display: flex; gap: 16px; box-sizing: border-box; width: 100%; height: 52px; padding: 16px; border-bottom: 1px solid #ddd; overflow: hidden; contain: strict }
  .pool [role=option] { position: absolute; top: 0 }
`

/** A window with nothing in it. */
export function openEmpty(folder: string): AppWindow {
  return open(folder, 'empty', { main: '', body: '<p role="option"><time>empty</time></p>', script: '' })
}

/** Answers every request and has its page paint one row for it: no check, no history, no other thread. */
export function openPainter(folder: string): AppWindow {
  return open(folder, 'painter', {
    main: `
      const { MessageChannelMain } = require('electron')
      const { port1, port2 } = new MessageChannelMain()
      window.webContents.once('did-finish-load', () => window.webContents.postMessage('port', null, [port2]))
      port1.start()
      const server = require('node:http').createServer((request, response) => {
        const parts = []
        request.on('data', (part) => parts.push(part))
        request.on('end', () => {
          const claims = JSON.parse(Buffer.from(Buffer.concat(parts).toString().split('.')[1], 'base64url'))
          response.writeHead(200, { 'Content-Length': 2 })
          response.end('{}')
          port1.postMessage(claims.trigger_content)
        })
      })
      server.listen(0, '127.0.0.1', () => (globalThis.address = 'http://127.0.0.1:' + server.address().port + '/'))`,
    body: '<div role="listbox"></div>',
    preload: `require('electron').ipcRenderer.on('port', (event) => window.postMessage('port', '*', event.ports))`,
    script: `
      const list = document.querySelector('[role=listbox]')
      addEventListener('message', ({ ports: [port] }) => {
        port.onmessage = ({ data }) => {
          const row = document.createElement('div')
          row.role = 'option'
          for (const text of [data.timestamp, data.type, data.entity_id, data.status]) row.append(Object.assign(document.createElement('span'), { textContent: text }))
          list.prepend(row)
          if (list.childElementCount > 100) list.lastChild.remove()
        }
      })`,
  })
}

/** A list of as many rows as wanted by the few that are seen, moved and written anew as it is scrolled; what they say is made up on the spot. */
export function openPool(folder: string, rows: number): AppWindow {
  return open(folder, `pool-${rows}`, {
    main: '',
    body: '<div role="listbox" class="pool"><div></div></div>',
    script: `
      const [count, rowHeight, tallest] = [${rows}, 52, 8_000_000]
      const list = document.querySelector('[role=listbox]')
      const whole = list.firstElementChild
      whole.style.height = Math.min(count * rowHeight, tallest) + 'px'
      const pool = Array.from({ length: Math.ceil(list.clientHeight / rowHeight) + 4 }, () => {
        const row = document.createElement('div')
        row.role = 'option'
        row.append(document.createElement('time'), ...Array.from({ length: 7 }, () => document.createElement('span')))
        list.append(row)
        return row
      })
      function write(row, index) {
        if (row.index === index) return
        row.index = index
        row.ariaPosInSet = index + 1
        const texts = ['12:00', '◆', 'Type' + (index % 60), 'entity-' + ((index * 7919) % 10_000), 'source_' + (index % 12), 'T1' + (index % 400), (index % 100) / 100, 'ongoing']
        texts.forEach((text, place) => (row.children[place].textContent = text))
      }
      function place() {
        const { scrollTop, clientHeight, scrollHeight } = list
        const farthest = count * rowHeight - clientHeight
        const top = scrollHeight < farthest ? (scrollTop / (scrollHeight - clientHeight)) * farthest : scrollTop
        const first = Math.max(0, Math.min(Math.floor(top / rowHeight), count - pool.length))
        for (let index = first; index < first + pool.length; index++) {
          const row = pool[index % pool.length]
          write(row, index)
          row.style.transform = 'translateY(' + (index * rowHeight - top + scrollTop) + 'px)'
        }
      }
      list.addEventListener('scroll', place)
      place()`,
  })
}

/** A canvas whose every step draws so many bars of two lanes, and nothing else. */
export function openCanvas(folder: string, bars: number, width: number): AppWindow {
  return open(folder, 'canvas', {
    main: '',
    body: `<canvas role="application" width="${width}" height="156" style="display: block"></canvas><p role="option"><time>drawn</time></p>`,
    script: `
      const canvas = document.querySelector('canvas')
      const context = canvas.getContext('2d')
      let at = 0
      canvas.addEventListener('wheel', (event) => {
        at += event.deltaX
        requestAnimationFrame(() => {
          context.clearRect(0, 0, ${width}, 156)
          for (const [lane, colour] of ['#c33', '#36c'].entries()) {
            context.fillStyle = colour
            for (let bar = 0; bar < ${bars}; bar++) {
              const height = 4 + ((bar * 7919 + at) % 50)
              context.fillRect((bar * ${width}) / ${bars}, 60 + lane * 60 - height, ${width} / ${bars} - 1, height)
            }
          }
        })
      })`,
  })
}

/** The same bars by uPlot, with its axes and nothing of its legend and cursor: every step moves what is shown by a bar. */
export function openUplot(folder: string, bars: number, width: number): AppWindow {
  const dist = (file: string) => readFileSync(new URL(`../../node_modules/uplot/dist/${file}`, import.meta.url), 'utf8')
  return open(folder, 'uplot', {
    main: '',
    body: `<style>${dist('uPlot.min.css')}</style><div role="application" style="width: ${width}px; height: 156px"></div><p role="option"><time>drawn</time></p>`,
    script: `${dist('uPlot.iife.min.js')}
      const place = document.querySelector('[role=application]')
      const shown = ${bars}
      // Some beyond what is shown, so that there are as many wherever it is moved to.
      const days = Array.from({ length: shown + 32 }, (_, bar) => bar * 86_400)
      const counts = (lane) => days.map((_, bar) => 4 + (((bar + lane) * 7919) % 50))
      const paths = uPlot.paths.bars({ size: [1, Infinity] })
      const lane = (scale, fill) => ({ scale, fill, paths, points: { show: false } })
      const chart = new uPlot(
        {
          width: ${width},
          height: 156,
          legend: { show: false },
          cursor: { show: false },
          scales: { threat: { range: [-60, 60] }, posture: { range: [0, 120] } },
          axes: [{}, { show: false, scale: 'threat' }],
          series: [{}, lane('threat', '#c33'), lane('posture', '#36c')],
        },
        [days, counts(0), counts(1)],
        place,
      )
      let first = 16
      place.addEventListener('wheel', ({ deltaX }) => {
        first = Math.max(0, Math.min(32, first + Math.sign(deltaX)))
        requestAnimationFrame(() => {
          // As a batch it is drawn at once, and not when the frame is over.
          chart.batch(() => chart.setScale('x', { min: first * 86_400, max: (first + shown - 1) * 86_400 }))
        })
      })`,
  })
}

type Page = { readonly main: string; readonly body: string; readonly script: string; readonly preload?: string }

function open(folder: string, name: string, { main, body, script, preload = '' }: Page): AppWindow {
  const app = join(folder, `window-${name}`)
  mkdirSync(join(app, 'profile'), { recursive: true })
  const write = (file: string, text: string) => writeFileSync(join(app, file), text)
  write('package.json', JSON.stringify({ name: `bare-${name}`, main: 'main.cjs' }))
  write('preload.cjs', preload)
  write('page.js', script)
  write('index.html', `<!doctype html><meta charset="utf-8" /><style>${style}</style><body>${body}<script src="page.js"></script></body>`)
  write(
    'main.cjs',
    `const { app, BrowserWindow } = require('electron')
    app.setPath('userData', require('node:path').join(__dirname, 'profile'))
    app.whenReady().then(() => {
      const window = new BrowserWindow({ width: ${size.width}, height: ${size.height}, webPreferences: { preload: require('node:path').join(__dirname, 'preload.cjs') } })
      ${main}
      window.loadFile('index.html')
    })`,
  )
  return openWindow(app, [])
}
