import { app, ipcMain, safeStorage, session } from 'electron'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { startCore } from './core.ts'
import { createPaced } from './paced.ts'
import { openProfile } from './profile.ts'
import { careInUtilityProcess } from './shell/care-process.ts'
import { askAfterCrash } from './shell/dialogs.ts'
import { schedule } from './schedule.ts'
import { followCore } from './shell/follow-core.ts'
import { createHandlers } from './shell/handlers.ts'
import { createGate } from './shell/ipc.ts'
import { launch, type Launch } from './shell/launch.ts'
import { createLinks, registerLinks } from './shell/links.ts'
import { createMuting } from './shell/muting.ts'
import { createNoteActions } from './shell/note-actions.ts'
import { minimisedNote, minimisedNotice, notDoneNote, proofNote } from './shell/notices.ts'
import { createNotifier } from './shell/notifier.ts'
import { openTarget } from './shell/open-target.ts'
import { createKeychain } from './shell/secrets.ts'
import { sealPages } from './shell/security.ts'
import { createStartAtLogin, hiddenFlag } from './shell/start-at-login.ts'
import { hasTrayHost } from './shell/tray-host.ts'
import { createTray } from './shell/tray.ts'
import { watchComputer } from './shell/wake.ts'
import { applyTheme, createMainWindow } from './shell/window.ts'

const resources = join(app.getAppPath(), 'resources')
const out = join(app.getAppPath(), 'out')
const developerTools = !app.isPackaged && process.env['TOCSIN_DEVTOOLS'] === '1'
/** Who closes the window by mistake opens it again within this. */
const restAfterMs = 1_000
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
    exportThread: join(out, 'main', 'export.cjs'),
    logThread: join(out, 'main', 'log.cjs'),
    careProcess: careInUtilityProcess(join(out, 'main', 'care.cjs')),
    resources,
  })
  if (started.kind !== 'started') return fail({ kind: `history-${started.kind}`, detail: started.detail })
  const core = ending.add(started.core)

  sealPages({ session: session.defaultSession, page: join(out, 'renderer'), developerTools, log })
  applyTheme(core.settings().theme)
  const muting = createMuting({
    rules: core.rules,
    onRefused: (detail) => void notifier.show(notDoneNote('Muting did not go as asked', detail)),
    now: Date.now,
  })
  const tray = ending.add(
    createTray({
      resources,
      hasTrayHost,
      shows: () => ({
        health: core.health(),
        unread: core.unread(),
        muted: muting.read(),
        newest: core.newest(5),
        isHidden: core.settings().notificationContent === 'hidden',
      }),
      onOpen: show,
      onChosen: (key) => void window.show().then(() => openTarget(gate, { kind: 'detection', key })),
      onMute: muting.choose,
      onQuit: () => app.quit(),
      schedule,
      pace: (work) => createPaced(work, { everyMs: 1_000, schedule }),
      now: Date.now,
    }),
  )
  const startAtLogin = createStartAtLogin({
    platform: process.platform,
    env: process.env,
    home: homedir(),
    command: app.isPackaged ? [process.execPath] : [process.execPath, app.getAppPath()],
    loginItems: app,
  })
  // The user may have taken it away at the desktop.
  if (core.settings().startAtLogin === true && !startAtLogin.read()) core.writeSettings({ startAtLogin: false })
  const notifier = ending.add(
    createNotifier({
      content: () => core.settings().notificationContent,
      knownAs: core.speaking.knownAs,
      earlierNumbers: core.speaking.earlierNumbers,
      onMoved: core.speaking.moved,
      onChosen: (target) => void window.show().then(() => openTarget(gate, target)),
      onAction: (id, action) => void act(id, action),
      onClosed: core.speaking.closed,
      schedule,
    }),
  )
  const act = createNoteActions({
    keysOf: core.speaking.keysOf,
    write: core.triage.write,
    close: notifier.close,
    show: notifier.show,
    onFault: (error) => log.error('what a notification was asked to do could not be done', error),
    now: Date.now,
  })
  const window = ending.add(
    createMainWindow({
      preload: join(out, 'preload', 'index.cjs'),
      icon: join(resources, 'icon.png'),
      unreadImage: join(resources, 'unread.png'),
      developerTools,
      bounds: core.windowBounds,
      isReachableWithout: tray.isSeen,
      onClosed: () => void schedule(() => window.contents() === null && core.rest(), restAfterMs),
      onMinimised() {
        void notifier.show(minimisedNote)
        gate.push('notice:raised', minimisedNotice)
      },
      onGivenUp: (detail) => void askAfterCrash(detail).then((next) => (next === 'open' ? show() : next === 'quit' && app.quit())),
      log,
      now: Date.now,
    }),
  )
  const gate = ending.add(createGate({ ipcMain, handlers: createHandlers({ core, profile, startAtLogin }), page: window.contents, log }))
  const following = ending.add(followCore({ core, gate, tray, window }))

  function show(): void {
    void window.show()
  }

  ending.add(watchComputer(core.wake))
  app.on('second-instance', show)
  app.on('activate', show)
  app.on('window-all-closed', () => {})
  following.showCounts()
  const note = proofNote(core.health().proof)
  if (note !== null) void notifier.show(note)
  // Started at login: where the tray stands for Tocsin, no window is opened.
  if (!process.argv.includes(hiddenFlag) || !(await tray.isSeen())) show()
  links.follow((address) => void window.show().then(() => gate.push('address:chosen', address)))
  registerLinks({ app, platform: process.platform, argv: process.argv, isAsked: process.env['TOCSIN_LINKS'] === '1' })
  // Last: whether the user may be disturbed is to be known first. What comes until then waits in the history.
  await notifier.looked()
  // A window keeps its focus behind a locked screen, where nobody looks at it.
  ending.add(core.speaking.start({ notifier, timelineFocused: () => window.isTimelineFocused() && !notifier.isScreenLocked() }))
}
