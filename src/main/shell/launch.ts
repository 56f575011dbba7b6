import { app } from 'electron'
import { join } from 'node:path'
import type { OpenedProfile } from '../profile.ts'
import { failToStart } from './dialogs.ts'
import { createEnding, type Ending } from './ending.ts'
import { createLog, type Log } from './log.ts'
import { claimScheme } from './security.ts'
import { nameForWindows } from './windows-name.ts'

/** What every start is given. `fail` says in words why there is none, and ends the app. */
export type Launch = {
  readonly profile: string
  readonly log: Log
  readonly ending: Ending
  readonly fail: (trouble: Parameters<typeof failToStart>[0]) => void
}

/** What has to happen before anything is built: one instance, on a profile of its own, that can end in order from its first moment. */
export function launch(openProfile: () => OpenedProfile, start: (launch: Launch) => Promise<void>): void {
  // Every file of this process, Chromium's among them, is its user's alone.
  process.umask(0o077)
  claimScheme()
  nameForWindows(app, process.platform)
  // Where nobody sits in front of the screen, a dialog would wait for ever.
  const silent = process.env['TOCSIN_NO_DIALOG'] === '1'
  const fail: Launch['fail'] = (trouble) => failToStart(trouble, { silent })

  const opened = openProfile()
  if (opened.kind === 'refused') {
    void app.whenReady().then(() => fail({ kind: 'profile-unusable', detail: opened.detail }))
    return
  }
  const { profile } = opened
  app.setPath('userData', profile)
  app.setPath('sessionData', join(profile, 'page'))
  if (!app.requestSingleInstanceLock()) {
    // The instance that is there was told, and shows its window.
    app.exit(0)
    return
  }
  const log = createLog(profile)
  process.on('uncaughtException', (error) => log.error('a bug', error))
  process.on('unhandledRejection', (error) => log.error('a bug', error))
  const ending = createEnding(log)
  const starting = app.whenReady().then(() => start({ profile, log, ending, fail }))
  ending.starting(
    starting.catch((error: unknown) => {
      log.error('the app could not start', error)
      fail({ kind: 'unexpected', detail: String(error) })
    }),
  )
}
