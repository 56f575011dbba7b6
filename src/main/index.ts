import { app, ipcMain, safeStorage, session } from 'electron'
import { homedir } from 'node:os'
import { join } from 'node:path'
import type { Core } from './core.ts'
import { openProfile } from './profile.ts'
import { askAfterCrash } from './shell/dialogs.ts'
import { schedule } from './schedule.ts'
import { createGate, type Handlers } from './shell/ipc.ts'
import { launch, type Launch } from './shell/launch.ts'
import { createLinks, registerLinks } from './shell/links.ts'
import { minimisedNote, minimisedNotice, proofNote, silentDesktopNotice } from './shell/notices.ts'
import { createKeychain } from './shell/secrets.ts'
import { sealPages } from './shell/security.ts'
import { hasTrayHost } from './shell/tray-host.ts'
import { applyTheme, createMainWindow } from './shell/window.ts'

const resources = join(app.getAppPath(), 'resources')
const out = join(app.getAppPath(), 'out')
const developerTools = !app.isPackaged && process.env['TOCSIN_DEVTOOLS'] === '1'
const restAfterMs = 1_000
const links = createLinks({ app, argv: process.argv })
launch(() => openProfile(process.argv, process.env, process.platform, homedir()), start)

/** Builds every part and wires them: the window first, unseen, since its process takes as long to begin as the history to open. */
async function start({ profile, log, ending, fail }: Launch): Promise<void> {
  const sealed = sealPages({ session: session.defaultSession, page: join(out, 'renderer'), developerTools, log })
  let answerBy: (handlers: Handlers) => void = () => {}
  const handlers = new Promise<Handlers>((resolve) => (answerBy = resolve))
  const window = createMainWindow({
    preload: join(out, 'preload', 'index.cjs'),
    icon: join(resources, 'icon.png'),
    unreadImage: join(resources, 'unread.png'),
    developerTools,
    log,
    now: Date.now,
  })
  const gate = createGate({ ipcMain, handlers, page: window.contents, log })
  window.begin()

  const late = await import('./later.ts')
  // This thread hands out the page as well; it begins in its own process while the history is opened here.
  await sealed.served()
  const started = await late.startCore({
    profile,
    log,
    now: Date.now,
    random: Math.random,
    schedule,
    keychain: createKeychain(safeStorage, process.platform),
    env: process.env,
    readerThread: join(out, 'main', 'reader.cjs'),
    exportThread: join(out, 'main', 'export.cjs'),
    logThread: join(out, 'main', 'log.cjs'),
    careProcess: late.careInUtilityProcess(join(out, 'main', 'care.cjs')),
    resources,
    onBuilt: wire,
  })
  if (started.kind !== 'started') return fail({ kind: `history-${started.kind}`, detail: started.detail })
  const { core } = started
  ending.add(late.watchComputer(core.wake))

  function show(): void {
    void window.show()
  }

  function wire(core: Core): void {
    ending.add(core)
    applyTheme(core.settings().theme)
    const tray = ending.add(late.createTray({ resources, health: core.health(), hasTrayHost, onOpen: show, onQuit: () => app.quit() }))
    const notifier = ending.add(
      late.createNotifier({
        onClick(key) {
          void window.show().then(() => key !== null && gate.push('detection:chosen', key))
        },
        onTrouble: (detail) => gate.push('notice:raised', silentDesktopNotice(detail)),
      }),
    )
    ending.add(window).settle({
      bounds: core.windowBounds,
      isReachableWithout: tray.isSeen,
      // Not at once: who closes it by mistake opens it again.
      onClosed: () => void schedule(() => window.contents() === null && core.rest(), restAfterMs),
      onMinimised() {
        notifier.show(minimisedNote)
        gate.push('notice:raised', minimisedNotice)
      },
      onGivenUp: (detail) => void askAfterCrash(detail).then((next) => (next === 'open' ? show() : next === 'quit' && app.quit())),
    })
    ending.add(gate)
    answerBy(late.createHandlers({ core, profile }))
    const notify = ending.add(
      late.createNotify({
        notifier,
        context: () => ({ enabled: core.settings().notify, timelineFocused: window.isTimelineFocused() }),
        onDecided: core.inbox.record,
        schedule,
      }),
    )
    const pushes = ending.add(late.createChangePush((changed) => gate.push('detections:changed', changed)))

    function showCounts(): void {
      tray.update(core.health(), core.unread())
      window.setUnread(core.unread())
    }
    function showAnew(): void {
      gate.push('detections:changed', { changed: [], more: true })
      showCounts()
    }
    core.subscribe({
      changes(changes) {
        notify.changed(changes)
        pushes.add(changes.map(({ detection }) => detection))
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
      ways: (ways) => gate.push('ways:changed', ways),
      gap: (gap) => gate.push('gap:changed', gap),
      task: (task) => gate.push('task:changed', task),
      settings(settings) {
        applyTheme(settings.theme)
        gate.push('settings:changed', settings)
      },
    })

    app.on('second-instance', show)
    app.on('activate', show)
    app.on('window-all-closed', () => {})
    showCounts()
    const note = proofNote(core.health().proof)
    if (note !== null) notifier.show(note)
    show()
    links.follow((address) => void window.show().then(() => gate.push('address:chosen', address)))
    registerLinks({ app, platform: process.platform, argv: process.argv, isAsked: process.env['TOCSIN_LINKS'] === '1' })
  }
}
