import { app, ipcMain, session } from 'electron'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import { startCore } from './core.ts'
import { createNotify } from './notify/notify.ts'
import { defaultProfile, prepareProfile, userDataOption } from './profile.ts'
import { createChangePush } from './shell/change-push.ts'
import { askAfterCrash, failToStart } from './shell/dialogs.ts'
import { createHandlers } from './shell/handlers.ts'
import { createGate } from './shell/ipc.ts'
import { createLog, type Log } from './shell/log.ts'
import { minimisedNote, minimisedNotice, silentDesktopNotice } from './shell/notices.ts'
import { createNotifier } from './shell/notifier.ts'
import { claimScheme, sealPages } from './shell/security.ts'
import { hasTrayHost } from './shell/tray-host.ts'
import { createTray } from './shell/tray.ts'
import { applyTheme, createMainWindow } from './shell/window.ts'

// Every file of this process, Chromium's among them, is its user's alone.
process.umask(0o077)
const profile = resolve(userDataOption(process.argv) ?? defaultProfile(process.env, process.platform, homedir()))
const resources = join(app.getAppPath(), 'resources')
const out = join(app.getAppPath(), 'out')
const developerTools = !app.isPackaged && process.env['TOCSIN_DEVTOOLS'] === '1'
// Where nobody sits in front of the screen, a dialog would wait for ever.
const silent = process.env['TOCSIN_NO_DIALOG'] === '1'
const after = (run: () => void, ms: number) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

claimScheme()
const prepared = prepareProfile(profile)
if (prepared.kind === 'ready') {
  app.setPath('userData', profile)
  app.setPath('sessionData', join(profile, 'page'))
}
if (prepared.kind === 'refused')
  void app.whenReady().then(() => failToStart({ kind: 'profile-unusable', path: profile, detail: prepared.detail }, { silent }))
else if (app.requestSingleInstanceLock()) void app.whenReady().then(() => start(createLog(profile)))
// The instance that is there was told, and shows its window.
else app.exit(0)

/** Builds every part, wires them, and stops them in reverse at quit. */
async function start(log: Log): Promise<void> {
  process.on('uncaughtException', (error) => log.error('a bug', error))
  process.on('unhandledRejection', (error) => log.error('a bug', error))
  const started = await startCore({ profile, log, now: Date.now, random: Math.random, schedule: after })
  if (started.kind !== 'started') return failToStart({ kind: `history-${started.kind}`, detail: started.detail }, { silent })
  const { core } = started

  sealPages({ session: session.defaultSession, page: join(out, 'renderer'), developerTools, log })
  applyTheme(core.settings().theme)
  const tray = await createTray({ resources, health: core.health(), hasTrayHost, onOpen: show, onQuit: () => app.quit() })
  const notifier = createNotifier({
    onClick(key) {
      void window.show().then(() => key !== null && gate.push('detection:chosen', key))
    },
    onTrouble: (detail) => gate.push('notice:raised', silentDesktopNotice(detail)),
  })
  const window = createMainWindow({
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
  })
  const gate = createGate({ ipcMain, handlers: createHandlers({ core, profile }), page: window.contents, log })
  const notify = createNotify({
    notifier,
    context: () => ({ enabled: core.settings().notify, timelineFocused: window.isTimelineFocused() }),
    schedule: after,
  })
  const pushes = createChangePush((changed) => gate.push('detections:changed', changed))

  function show(): void {
    void window.show()
  }
  function showCounts(): void {
    tray.update(core.health(), core.unread())
    window.setUnread(core.unread())
  }
  core.subscribe({
    changes(changes) {
      notify.changed(changes)
      pushes.add(changes.map(({ detection }) => detection))
    },
    touched(detection) {
      pushes.add([detection])
      showCounts()
    },
    health(health) {
      gate.push('health:changed', health)
      showCounts()
    },
    organizations: (states) => gate.push('organizations:changed', states),
    settings(settings) {
      applyTheme(settings.theme)
      gate.push('settings:changed', settings)
    },
  })

  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => app.quit())
  app.on('second-instance', show)
  app.on('activate', show)
  app.on('window-all-closed', () => {})
  let isStopped = false
  app.on('before-quit', (event) => {
    if (isStopped) return
    event.preventDefault()
    void stopAll().finally(() => {
      isStopped = true
      app.quit()
    })
  })
  async function stopAll(): Promise<void> {
    for (const part of [pushes, notify, gate, window, notifier, tray, core]) {
      await Promise.resolve(part.stop()).catch((error: unknown) => log.error('a part did not stop', error))
    }
  }
  showCounts()
  await window.show()
}
