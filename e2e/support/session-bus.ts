import {
  openTestBus,
  startStandIn,
  type NotifyCall,
  type StandIn,
  type StandInOptions,
} from '../../src/main/shell/notifications/session-bus-test-support.ts'

export type SessionBus = {
  /** What a process needs to find this bus. */
  readonly env: { readonly DBUS_SESSION_BUS_ADDRESS: string }
  /** Every org.freedesktop.Notifications.Notify call so far. */
  calls(): readonly NotifyCall[]
  /** The user clicks the notification with this id; the first one shown has the id 1. */
  click(id: number, action?: string): Promise<void>
  /** The notification service that is there now. */
  readonly desktop: StandIn
  /** Another one takes its place. */
  restart(options?: StandInOptions): Promise<StandIn>
  close(): Promise<void>
}

/** A session bus of its own with a notification service on it (python3-dbusmock). */
export async function openSessionBus(options: StandInOptions = {}): Promise<SessionBus> {
  const bus = await openTestBus()
  let desktop = await startStandIn(bus.address, options)
  return {
    env: { DBUS_SESSION_BUS_ADDRESS: bus.address },
    calls: () => desktop.calls(),
    click: (id, action) => desktop.click(id, action),
    get desktop() {
      return desktop
    },
    async restart(next = options) {
      await desktop.stop()
      desktop = await startStandIn(bus.address, next)
      return desktop
    },
    async close() {
      await desktop.stop()
      await bus.close()
    },
  }
}
