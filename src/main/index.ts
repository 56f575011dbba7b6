import { app, ipcMain, safeStorage, session } from 'electron'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { startCore } from './core.ts'
import { createNotify } from './notify/notify.ts'
import { openProfile } from './profile.ts'
import { careInUtilityProcess } from './shell/care-process.ts'
import { createChangePush } from './shell/change-push.ts'
import { askAfterCrash } from './shell/dialogs.ts'
import { schedule } from './schedule.ts'
import { createHandlers } from './shell/handlers.ts'
import { createGate } from './shell/ipc.ts'
import { launch, type Launch } from './shell/launch.ts'
import { createLinks, registerLinks } from './shell/links.ts'
import { minimisedNote, minimisedNotice, proofNote, silentDesktopNotice } from './shell/notices.ts'
import { createNotifier } from './shell/notifier.ts'
import { createKeychain } from './shell/secrets.ts'
import { sealPages } from './shell/security.ts'
import { hasTrayHost } from './shell/tray-host.ts'
import { createTray } from './shell/tray.ts'
import { watchComputer } from './shell/wake.ts'
import { applyTheme, createMainWindow } from './shell/window.ts'

const resources = join(app.getAppPath(), 'resources')
const out = join(app.getAppPath(), 'out')
const developerTools = !app.isPackaged && process.env['TOCSIN_DEVTOOLS'] === '1'
const links = createLinks({ app, argv: process.argv })
launch(() => openProfile(process.argv, process.env, process.platform, homedir()), start)

/** Builds every part and wires them. */
async function start({ profile, log, ending, fail }: Launch): Promise<void> {
  const keychain = createKeychain(safeStorage, process.platform)
  const started = await startCore({
    profile,
    log,
    now: Date.now,
    random: Math.random,
    schedule,
    keychain,
    env: process.env,
    readerThread: join(out, 'main', 'reader.cjs'),
    careProcess: careInUtilityProcess(join(out, 'main', 'care.cjs')),
    resources,
  })
  if (started.kind !== 'started') return fail({ kind: `history-${started.kind}`, detail: started.detail })
  const core = ending.add(started.core)

  sealPages({ session: session.defaultSession, page: join(out, 'renderer'), developerTools, log })
  applyTheme(core.settings().theme)
  const tray = ending.add(await createTray({ resources, health: core.health(), hasTrayHost, onOpen: show, onQuit: () => app.quit() }))
  const notifier = ending.add(
    createNotifier({
      onClick(key) {
        void window.show().then(() => key !== null && gate.push('detection:chosen', key))
      },
      onTrouble: (detail) => gate.push('notice:raised', silentDesktopNotice(detail)),
    }),
  )
  const window = ending.add(
    createMainWindow({
      preload: join(out, 'preload', 'index.cjs'),
      icon: join(resources, 'icon.png'),
      unreadImage: join(resources, 'unread.png'),
      developerTools,
      bounds: core.windowBounds,
      isReachableWithout: tray.isSeen,
      onMinimised() {
        notifier.show(minimisedNote)
        gate.push('notice:raised', minimisedNotice)
      },
      onGivenUp: (detail) => void askAfterCrash(detail).then((next) => (next === 'open' ? show() : next === 'quit' && app.quit())),
      log,
      now: Date.now,
    }),
  )
  const gate = ending.add(createGate({ ipcMain, handlers: createHandlers({ core, profile }), page: window.contents, log }))
  const notify = ending.add(
    createNotify({
      notifier,
      context: () => ({ enabled: core.settings().notify, timelineFocused: window.isTimelineFocused() }),
      onDecided: core.inbox.record,
      schedule,
    }),
  )
  const pushes = ending.add(createChangePush((changed) => gate.push('detections:changed', changed)))

  function show(): void {
    void window.show()
  }
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

  ending.add(watchComputer(core.wake))
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
