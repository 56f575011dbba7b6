import { app, clipboard } from 'electron'
import type { Core } from '../core.ts'
import type { Handlers } from './ipc.ts'

/** What the page may ask of main. The shape of each argument was checked at the gate; what it could do with an answer is said there. */
export function createHandlers({ core, profile }: { readonly core: Core; readonly profile: string }): Handlers {
  return {
    'timeline:page': core.page,
    'detection:open': core.open,
    'health:read': () => core.health(),
    'app:read': () => ({
      version: app.getVersion(),
      electron: process.versions.electron ?? '',
      profile,
      platform: process.platform,
      receiverUrl: core.receiverUrl(),
    }),
    'sample:send': oneAtATime(core.sendSample),
    'organizations:list': () => core.organizations(),
    'organization:add': core.addOrganization,
    'receiver:restart': oneAtATime(core.restartReceiver),
    'settings:read': () => core.settings(),
    'settings:write': core.writeSettings,
    'clipboard:write': (text) => {
      void clipboard.writeText(text)
      return null
    },
  }
}

/** Whoever asks while one is under way gets that one's answer. */
function oneAtATime<T>(work: () => Promise<T>): () => Promise<T> {
  let running: Promise<T> | null = null
  return () => {
    running ??= work().finally(() => {
      running = null
    })
    return running
  }
}
