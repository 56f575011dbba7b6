import { app, Menu, nativeImage, Tray as ElectronTray, type NativeImage } from 'electron'
import { join } from 'node:path'
import type { DetectionKey } from '../../shared/detection.ts'
import { snoozeWords } from '../../shared/snooze.ts'
import type { Schedule } from '../ingest/refresher.ts'
import { isSameFace, trayFace, trayImages, type TrayFace, type TrayImage, type TrayShows } from './tray-face.ts'

export type Tray = {
  /** Something of what it shows may have changed. Painted at most once a second, however much arrives. */
  changed(): void
  /** Asks the desktop anew whether the icon is seen; an icon that came before its host is made again. */
  isSeen(): Promise<boolean>
  stop(): Promise<void>
}

export type TrayMute = 'hour' | 'tomorrow'

export type TrayParts = {
  /** The folder of the images. */
  readonly resources: string
  readonly hasTrayHost: () => Promise<boolean>
  readonly shows: () => TrayShows
  readonly onOpen: () => void
  readonly onChosen: (key: DetectionKey) => void
  /** null: Tocsin speaks again. */
  readonly onMute: (mute: TrayMute | null) => void
  readonly onQuit: () => void
  readonly schedule: Schedule
  /** Lets something that may be asked for often happen at most once a second. */
  readonly pace: (work: () => void) => { tell(): void; stop(): void }
  readonly now: () => number
}

const leastWaitMs = 1_000
/** What ends by itself is looked at again this often at least. */
const longestWaitMs = 60_000

/** The icon that stands for Tocsin while its window is closed. It is made by itself, once the desktop says that it would be seen. */
export function createTray(parts: TrayParts): Tray {
  const { hasTrayHost, shows, onOpen, onChosen, onMute, schedule, now } = parts
  const images = Object.fromEntries(trayImages.map((name) => [name, load(parts.resources, name)])) as Readonly<
    Record<TrayImage, NativeImage>
  >
  let shown = shows()
  let face = trayFace(shown, now())
  /** An app begins without one, whatever is unread. */
  let badge = 0
  let tray: ElectronTray | null = null
  let stopped = false
  let cancelEnd: (() => void) | null = null
  const painting = parts.pace(repaint)

  function paint(icon: ElectronTray, next: TrayFace): void {
    icon.setImage(images[next.image])
    icon.setToolTip(next.tooltip)
    const newest = next.newest.map(({ key, label }) => ({ label: escaped(label), click: () => onChosen(key) }))
    // Where the menu is shown by the desktop, a change is seen only after it is set again.
    icon.setContextMenu(
      Menu.buildFromTemplate([
        { label: next.status, enabled: false },
        { type: 'separator' },
        ...newest,
        ...(newest.length === 0 ? [] : [{ type: 'separator' } as const]),
        ...(next.isMuted
          ? [{ label: 'Unmute', click: () => onMute(null) }]
          : (['hour', 'tomorrow'] as const).map((mute) => ({ label: `Mute ${snoozeWords[mute]}`, click: () => onMute(mute) }))),
        { type: 'separator' },
        { label: 'Open Tocsin', click: onOpen },
        { label: 'Quit', click: parts.onQuit },
      ]),
    )
  }

  function repaint(): void {
    if (stopped) return
    const before = face
    shown = shows()
    face = trayFace(shown, now())
    awaitEnd()
    if (!isSameFace(face, before) && tray !== null) paint(tray, face)
    // The dock on macOS and some Linux launchers show the number; others ignore it.
    if (shown.unread !== badge && process.platform !== 'win32') app.setBadgeCount((badge = shown.unread))
  }

  /** A mute ends by the clock, and nobody tells. */
  function awaitEnd(): void {
    cancelEnd?.()
    cancelEnd = null
    const until = shown.muted?.until ?? null
    if (until === null) return
    cancelEnd = schedule(painting.tell, Math.min(longestWaitMs, Math.max(leastWaitMs, Date.parse(until) - now())))
  }

  async function isSeen(): Promise<boolean> {
    const seen = await hasTrayHost()
    if (stopped) return false
    if (!seen) {
      tray?.destroy()
      tray = null
      return false
    }
    if (tray === null) {
      tray = new ElectronTray(images[face.image])
      tray.on('click', onOpen)
      paint(tray, face)
    }
    return true
  }

  void isSeen()
  awaitEnd()
  return {
    changed: painting.tell,
    isSeen,
    async stop() {
      stopped = true
      painting.stop()
      cancelEnd?.()
      tray?.destroy()
      tray = null
    },
  }
}

/** An ampersand marks the letter of a key in a menu, and would be gone from the text. */
function escaped(label: string): string {
  return label.replace(/&/g, '&&')
}

/** A template image on macOS, which the menu bar colours itself; elsewhere one that reads on light and dark panels. */
function load(resources: string, name: TrayImage): NativeImage {
  const isMac = process.platform === 'darwin'
  const image = nativeImage.createFromPath(join(resources, isMac ? `tray-${name}-template.png` : `tray-${name}.png`))
  if (isMac) image.setTemplateImage(true)
  return image
}
