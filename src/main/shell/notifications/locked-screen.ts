import type { BusConnection } from './bus-connection.ts'
import { followService } from './followed-service.ts'

export type LockedScreen = {
  /** While it is asked, and nobody knows yet, the screen counts as locked: what it hides cannot be taken back. */
  isLocked(): boolean
  opened(bus: BusConnection): void
  ended(): void
}

/** Who can say so, by desktop. Each of them has the method GetActive and the signal ActiveChanged. */
const savers = [
  { name: 'org.freedesktop.ScreenSaver', path: '/org/freedesktop/ScreenSaver' },
  { name: 'org.gnome.ScreenSaver', path: '/org/gnome/ScreenSaver' },
  { name: 'org.cinnamon.ScreenSaver', path: '/org/cinnamon/ScreenSaver' },
  { name: 'org.mate.ScreenSaver', path: '/org/mate/ScreenSaver' },
  { name: 'org.xfce.ScreenSaver', path: '/org/xfce/ScreenSaver' },
] as const

/** One that does not answer for so long says nothing. */
export const askMs = 2_000

/** Whether the screen is locked, as far as a desktop on Linux says so on its session bus. */
export function createLockedScreen(parts: {
  /** It says that the screen is locked now, and said before that it is not. */
  readonly onLocked: () => void
  readonly schedule: (task: () => void, afterMs: number) => () => void
}): LockedScreen {
  const { onLocked, schedule } = parts
  const active = new Set<string>()
  const asking = new Set<string>()
  /** What is said on an earlier bus, or by an earlier owner, is not heard any more. */
  let connection: BusConnection | null = null

  function follow(bus: BusConnection, { name, path }: (typeof savers)[number]): void {
    let turn = 0
    function heard(isActive: boolean): void {
      asking.delete(name)
      const wasLocked = active.size > 0
      if (isActive) active.add(name)
      else active.delete(name)
      if (!wasLocked && isActive) onLocked()
    }
    async function ask(): Promise<void> {
      const mine = ++turn
      asking.add(name)
      const cancel = schedule(() => mine === turn && bus === connection && asking.delete(name), askMs)
      const answer = await bus.call({ destination: name, path, interface: name, member: 'GetActive' })
      cancel()
      // Where it was signalled meanwhile, the signal is the newer of the two.
      if (mine === turn && bus === connection) heard(answer.kind === 'answered' && answer.values[0] === true)
    }
    asking.add(name)
    void followService(bus, {
      name,
      interface: name,
      onOwner(owner) {
        if (bus !== connection) return
        turn += 1
        heard(false)
        if (owner !== null) void ask()
      },
      onSignal({ member, body: [isActive] }) {
        if (bus !== connection || member !== 'ActiveChanged' || typeof isActive !== 'boolean') return
        turn += 1
        heard(isActive)
      },
    })
  }

  return {
    isLocked: () => active.size > 0 || asking.size > 0,
    opened(bus) {
      connection = bus
      for (const saver of savers) follow(bus, saver)
    },
    ended() {
      connection = null
      active.clear()
      asking.clear()
    },
  }
}
