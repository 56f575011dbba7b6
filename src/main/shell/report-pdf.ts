import { BrowserWindow, session, type Session } from 'electron'
import { appScheme } from './page.ts'

const reportUrl = `${appScheme}://report/`
const longestMs = 120_000
const headers = {
  'Content-Type': 'text/html; charset=utf-8',
  'Content-Security-Policy': "default-src 'none'; style-src 'unsafe-inline'",
  'X-Content-Type-Options': 'nosniff',
}
// Chromium fills in the numbers; its own style is far too small.
const footer =
  '<div style="width:100%;font:8px sans-serif;color:#4a4f58;padding:0 14mm;text-align:right"><span class="pageNumber"></span> / <span class="totalPages"></span></div>'

/**
 * Prints a page that runs nothing: in a window that nobody sees, without scripts, in a session of its own that answers for this one address
 * and asks for no other. Pages are A4 and numbered. One at a time.
 */
export function createPdfPrinter(): (html: string) => Promise<Uint8Array> {
  let own: Session | null = null
  let shown = ''
  let last: Promise<unknown> = Promise.resolve()
  return (html) => {
    const printed = last.then(() => {
      shown = html
      return print((own ??= sealedSession(() => shown)))
    })
    last = printed.catch(() => undefined).finally(() => (shown = ''))
    return printed
  }
}

function sealedSession(page: () => string): Session {
  const own = session.fromPartition('report', { cache: false })
  own.setPermissionRequestHandler((_contents, _permission, answer) => answer(false))
  own.webRequest.onBeforeRequest((details, answer) => answer({ cancel: details.url !== reportUrl }))
  own.protocol.handle(appScheme, () => new Response(page(), { headers }))
  return own
}

async function print(own: Session): Promise<Uint8Array> {
  const window = new BrowserWindow({
    show: false,
    webPreferences: {
      session: own,
      sandbox: true,
      contextIsolation: true,
      nodeIntegration: false,
      javascript: false,
      images: false,
      webSecurity: true,
      webviewTag: false,
      spellcheck: false,
      devTools: false,
    },
  })
  try {
    return await within(longestMs, async () => {
      await window.loadURL(reportUrl)
      return window.webContents.printToPDF({
        pageSize: 'A4',
        printBackground: true,
        displayHeaderFooter: true,
        headerTemplate: '<span></span>',
        footerTemplate: footer,
        margins: { top: 0.63, bottom: 0.71, left: 0.55, right: 0.55 },
      })
    })
  } finally {
    window.destroy()
  }
}

async function within<T>(ms: number, work: () => Promise<T>): Promise<T> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('printing took too long')), ms)
  })
  try {
    return await Promise.race([work(), late])
  } finally {
    clearTimeout(timer)
  }
}
