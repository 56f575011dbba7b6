import { app, BrowserWindow, nativeImage, nativeTheme, screen, type WebContents } from 'electron'
import type { Settings } from '../../shared/settings.ts'
import { createAllowance } from './allowance.ts'
import type { WindowBounds } from '../store/settings.ts'
import { minimumSize, placeWindow, type Bounds } from './bounds.ts'
import { pageUrl, placeAt, showsWholeTimeline } from './page.ts'

export type MainWindow = {
  /** Opens the window, or restores and focuses it. Resolves when its page is there and listens. */
  show(): Promise<void>
  /** The page's contents while there is a window. */
  contents(): WebContents | null
  /** The user looks at the timeline: the window has the focus and shows it, and no search keeps from it what arrives. */
  isTimelineFocused(): boolean
  /** Marks the taskbar button on Windows; other desktops have the badge of the tray. */
  setUnread(count: number): void
  stop(): Promise<void>
}

export type WindowParts = {
  /** The built preload script. */
  readonly preload: string
  /** The app's icon, for desktops that take it from the window. */
  readonly icon: string
  /** The small image that Windows lays over the taskbar button. */
  readonly unreadImage: string
  readonly developerTools: boolean
  readonly bounds: { read(): WindowBounds | null; write(bounds: WindowBounds): void }
  /** Whether the app can be reached once the window is gone: asked at every close. */
  readonly isReachableWithout: () => Promise<boolean>
  /** The window was minimised instead of closed. Told the first time only. */
  readonly onMinimised: () => void
  /** There is no window any more, as long as it is not opened again. */
  readonly onClosed: () => void
  /** The page crashed more often than it is worth reloading; the window is gone. In words. */
  readonly onGivenUp: (detail: string) => void
  readonly log: { warn(text: string): void; error(text: string, error: unknown): void }
  readonly now: () => number
}

/** `--ground` of tokens.css in either theme, so that the window never flashes in the other one. */
const backgrounds = { dark: '#111315', light: '#ffffff' } as const

/** The one window. It is made when shown and gone when closed: a closed window costs nothing. */
export function createMainWindow(parts: WindowParts): MainWindow {
  const { log } = parts
  const mayReload = createAllowance({ limit: 3, withinMs: 60_000, now: parts.now })
  let window: BrowserWindow | null = null
  let loaded: Promise<void> = Promise.resolve()
  let wasToldMinimised = false
  /** Where the page was when its window was closed: another window goes on there. */
  let place = ''
  let isQuitting = false
  let isReady = false
  let unread = 0
  app.on('before-quit', () => {
    isQuitting = true
  })

  function create(): BrowserWindow {
    isReady = false
    const [first, ...others] = [screen.getPrimaryDisplay(), ...screen.getAllDisplays()].map((display) => display.workArea)
    const remembered = parts.bounds.read()
    const made = new BrowserWindow({
      ...placeWindow(remembered, [first as Bounds, ...others]),
      minWidth: minimumSize.width,
      minHeight: minimumSize.height,
      title: 'Tocsin',
      icon: parts.icon,
      show: false,
      autoHideMenuBar: true,
      backgroundColor: nativeTheme.shouldUseDarkColors ? backgrounds.dark : backgrounds.light,
      webPreferences: {
        preload: parts.preload,
        sandbox: true,
        contextIsolation: true,
        nodeIntegration: false,
        webSecurity: true,
        webviewTag: false,
        spellcheck: false,
        navigateOnDragDrop: false,
        devTools: parts.developerTools,
      },
    })
    made.once('ready-to-show', () => {
      isReady = true
      if (remembered?.isMaximized === true) made.maximize()
      made.show()
      markUnread()
    })
    made.on('close', (event) => {
      remember(made)
      if (isQuitting) return
      event.preventDefault()
      void closeOrMinimise(made)
    })
    made.on('closed', () => {
      if (window !== made) return
      window = null
      if (!isQuitting) parts.onClosed()
    })
    made.webContents.on('render-process-gone', (_event, details) => recover(made, details.reason))
    made.webContents.on('preload-error', (_event, _path, error) => log.error('page: its preload script failed', error))
    loaded = made.loadURL(pageUrl + place).catch((error: unknown) => {
      // A window closed while it loads ends its load too.
      if (!made.isDestroyed()) log.error('page: it could not be loaded', error)
    })
    return made
  }

  /** The button is the window's: the next one has to be told again. */
  function markUnread(): void {
    if (process.platform !== 'win32' || window === null || window.isDestroyed()) return
    window.setOverlayIcon(unread === 0 ? null : nativeImage.createFromPath(parts.unreadImage), unread === 0 ? '' : `${unread} unread`)
  }

  /** A full disk must not keep the window from closing. */
  function remember(closing: BrowserWindow): void {
    place = placeAt(closing.webContents.getURL())
    const { x, y, width, height } = closing.getNormalBounds()
    try {
      parts.bounds.write({ x, y, width, height, isMaximized: closing.isMaximized() })
    } catch (error) {
      log.error('the place of the window could not be remembered', error)
    }
  }

  /** Asked at the moment of closing, as panels and extensions come and go. */
  async function closeOrMinimise(closing: BrowserWindow): Promise<void> {
    const reachable = await parts.isReachableWithout()
    if (closing.isDestroyed()) return
    if (reachable) {
      closing.destroy()
      return
    }
    closing.minimize()
    if (!wasToldMinimised) parts.onMinimised()
    wasToldMinimised = true
  }

  function recover(crashed: BrowserWindow, reason: string): void {
    if (isQuitting || crashed.isDestroyed() || reason === 'clean-exit') return
    log.warn(`page: its process is gone (${reason})`)
    if (mayReload()) {
      crashed.webContents.reload()
      return
    }
    crashed.destroy()
    // It may be the place that it crashes at.
    place = ''
    parts.onGivenUp(
      `The window crashed again and again (${reason}) and was closed. Deliveries are still received and kept; opening the window tries anew.`,
    )
  }

  return {
    async show() {
      if (window === null) window = create()
      // One that is still being made shows itself, once it has something to show.
      else if (isReady) {
        if (window.isMinimized()) window.restore()
        window.show()
        window.focus()
      }
      await loaded
    },
    contents: () => (window === null || window.isDestroyed() ? null : window.webContents),
    isTimelineFocused() {
      if (window === null || window.isDestroyed()) return false
      return window.isFocused() && showsWholeTimeline(window.webContents.getURL())
    },
    setUnread(count) {
      unread = count
      markUnread()
    },
    async stop() {
      isQuitting = true
      if (window !== null && !window.isDestroyed()) {
        remember(window)
        window.destroy()
      }
    },
  }
}

/** Follows the system, or what the user chose; the page sees it as `prefers-color-scheme`. */
export function applyTheme(theme: Settings['theme']): void {
  nativeTheme.themeSource = theme
}
