import { Notification, powerMonitor } from 'electron'
import { connectToBus } from './notifications/bus-address.ts'
import { composeNotifier, type ComposedParts, type DesktopNotifier } from './notifications/composed-notifier.ts'

export type NotifierParts = Omit<ComposedParts, 'connect' | 'electron' | 'watchScreen'>

/** The notifier of this computer. To be made once the app is ready. */
export function createNotifier(parts: NotifierParts): DesktopNotifier {
  const isLinux = process.platform === 'linux'
  return composeNotifier({
    ...parts,
    connect: isLinux ? () => connectToBus(process.env['DBUS_SESSION_BUS_ADDRESS'], process.env['XDG_RUNTIME_DIR']) : null,
    electron: { platform: process.platform, isSupported: () => Notification.isSupported(), make: (options) => new Notification(options) },
    watchScreen,
  })
}

/** macOS and Windows say it of themselves; on Linux the desktop says it on its session bus. */
function watchScreen(onLocked: () => void): { isLocked(): boolean; stop(): void } {
  let isLocked = process.platform !== 'linux' && powerMonitor.getSystemIdleState(1) === 'locked'
  const locked = (): void => {
    isLocked = true
    onLocked()
  }
  const unlocked = () => void (isLocked = false)
  powerMonitor.on('lock-screen', locked)
  powerMonitor.on('unlock-screen', unlocked)
  return {
    isLocked: () => isLocked,
    stop() {
      powerMonitor.off('lock-screen', locked)
      powerMonitor.off('unlock-screen', unlocked)
    },
  }
}
