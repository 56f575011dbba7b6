/** What is used of the library, whose own types cover little of it. */
type Call = {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly signature: string
  readonly body: readonly unknown[]
  readonly flags: number
}
type Bus = {
  readonly connection: { readonly stream: { destroy(): void }; on(event: 'error' | 'end', listener: () => void): void }
  invoke(call: Call, answer: (error: unknown, value: unknown) => void): void
}
export type TrayHostParts = { readonly platform: string; readonly busAddress: string | undefined; readonly deadlineMs?: number }
type Connect = (options: { readonly busAddress: string }) => Bus

const watcher = 'org.kde.StatusNotifierWatcher'
/** Only ask who is there: never have the bus start a service for it. */
const noAutoStart = 2

/**
 * Whether a tray icon would be seen. Linux desktops without a StatusNotifier host (plain GNOME) take an icon and show it nowhere;
 * so does no session bus, or one that does not answer within `deadlineMs`.
 */
export async function hasTrayHost(parts: TrayHostParts = ownSession()): Promise<boolean> {
  const { platform, busAddress, deadlineMs = 1_000 } = parts
  if (platform !== 'linux') return true
  if (busAddress === undefined || busAddress === '') return false
  // Only where there is a bus to ask.
  const { createClient } = (await import('@homebridge/dbus-native')) as unknown as { readonly createClient: Connect }
  return new Promise((resolve) => {
    let bus: Bus | null = null
    const settle = (answer: boolean): void => {
      clearTimeout(deadline)
      bus?.connection.stream.destroy()
      resolve(answer)
    }
    const deadline = setTimeout(() => settle(false), deadlineMs)
    try {
      bus = createClient({ busAddress })
    } catch {
      settle(false)
      return
    }
    bus.connection.on('error', () => settle(false))
    bus.connection.on('end', () => settle(false))
    bus.invoke(
      {
        destination: watcher,
        path: '/StatusNotifierWatcher',
        interface: 'org.freedesktop.DBus.Properties',
        member: 'Get',
        signature: 'ss',
        body: [watcher, 'IsStatusNotifierHostRegistered'],
        flags: noAutoStart,
      },
      // Nobody owns the name, or nobody answers for it: an error either way.
      (error, value) => settle(error === null && variantValue(value) === true),
    )
  })
}

function ownSession(): TrayHostParts {
  return { platform: process.platform, busAddress: process.env['DBUS_SESSION_BUS_ADDRESS'] }
}

/** The library gives a variant as [its type, [its value]]. */
function variantValue(variant: unknown): unknown {
  if (!Array.isArray(variant)) return undefined
  const [, values] = variant as readonly unknown[]
  return Array.isArray(values) ? values[0] : undefined
}
