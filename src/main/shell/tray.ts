import { app, Menu, nativeImage, Tray as ElectronTray, type NativeImage } from 'electron'
import { join } from 'node:path'
import type { Health } from '../../shared/health.ts'
import { trayFace, type TrayFace } from './tray-face.ts'

export type Tray = {
  update(health: Health, unread: number): void
  /** Asks the desktop anew whether the icon is seen; an icon that came before its host is made again. */
  isSeen(): Promise<boolean>
  stop(): Promise<void>
}

export type TrayParts = {
  /** The folder of the images. */
  readonly resources: string
  readonly health: Health
  readonly hasTrayHost: () => Promise<boolean>
  readonly onOpen: () => void
  readonly onQuit: () => void
}

/** The icon that stands for Tocsin while its window is closed. */
export function createTray(parts: TrayParts): Tray {
  const { hasTrayHost, onOpen, onQuit } = parts
  const images = { listening: load(parts.resources, 'listening'), trouble: load(parts.resources, 'trouble') }
  let face = trayFace(parts.health, 0)
  let tray: ElectronTray | null = null
  let stopped = false

  function paint(icon: ElectronTray, next: TrayFace): void {
    icon.setImage(images[next.image])
    icon.setToolTip(next.tooltip)
    // Where the menu is shown by the desktop, a change is seen only after it is set again.
    icon.setContextMenu(
      Menu.buildFromTemplate([
        { label: 'Open Tocsin', click: onOpen },
        { label: next.status, enabled: false },
        { type: 'separator' },
        { label: 'Quit', click: onQuit },
      ]),
    )
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

  // The desktop may take its time to answer; nothing waits for it.
  void isSeen()
  return {
    update(health, unread) {
      const next = trayFace(health, unread)
      if (next.tooltip === face.tooltip) return
      face = next
      if (tray !== null) paint(tray, face)
      // The dock on macOS and some Linux launchers show the number; others ignore it.
      if (process.platform !== 'win32') app.setBadgeCount(unread)
    },
    isSeen,
    async stop() {
      stopped = true
      tray?.destroy()
      tray = null
    },
  }
}

/** A template image on macOS, which the menu bar colours itself; elsewhere one that reads on light and dark panels. */
function load(resources: string, name: TrayFace['image']): NativeImage {
  const isMac = process.platform === 'darwin'
  const image = nativeImage.createFromPath(join(resources, isMac ? `tray-${name}-template.png` : `tray-${name}.png`))
  if (isMac) image.setTemplateImage(true)
  return image
}
