import type { Core } from '../core-parts.ts'
import { createChangePush } from './change-push.ts'
import type { Gate } from './ipc.ts'
import type { Tray } from './tray.ts'
import { applyTheme, type MainWindow } from './window.ts'

export type Following = {
  /** How many are unread, and how it stands. */
  showCounts(): void
  stop(): void
}

/** Hands on what the core tells: to the page, to the tray and to the button of the window. */
export function followCore(parts: {
  readonly core: Pick<Core, 'subscribe' | 'unread'>
  readonly gate: Pick<Gate, 'push'>
  readonly tray: Pick<Tray, 'changed'>
  readonly window: Pick<MainWindow, 'setUnread'>
}): Following {
  const { core, gate, tray, window } = parts
  const pushes = createChangePush((changed) => gate.push('detections:changed', changed))

  function showCounts(): void {
    tray.changed()
    window.setUnread(core.unread())
  }
  function showAnew(): void {
    gate.push('detections:changed', { changed: [], more: true })
    showCounts()
  }
  const unsubscribe = core.subscribe({
    changes(changes) {
      pushes.add(changes.map(({ detection }) => detection))
      tray.changed()
    },
    touched({ changed, more }) {
      pushes.add(changed, more)
      showCounts()
    },
    gone: showAnew,
    foreign: showAnew,
    health(health) {
      gate.push('health:changed', health)
      showCounts()
    },
    organizations: (states) => gate.push('organizations:changed', states),
    quarantine: (counts) => gate.push('quarantine:changed', counts),
    inbox: () => gate.push('inbox:changed', null),
    views: (views) => gate.push('views:changed', views),
    rules(rules) {
      gate.push('rules:changed', rules)
      tray.changed()
    },
    hooks: (hooks) => gate.push('hooks:changed', hooks),
    ways: (ways) => gate.push('ways:changed', ways),
    gap: (gap) => gate.push('gap:changed', gap),
    task: (task) => gate.push('task:changed', task),
    settings(settings) {
      applyTheme(settings.theme)
      gate.push('settings:changed', settings)
      tray.changed()
    },
  })

  return {
    showCounts,
    stop() {
      unsubscribe()
      pushes.stop()
    },
  }
}
