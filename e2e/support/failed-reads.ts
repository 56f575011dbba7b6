import type { ElectronApplication } from '@playwright/test'
import type { RequestName } from '../../src/shared/ipc.ts'

/** From now on requests of these names fail, as they do where the disk cannot be read; with none named all are answered again. */
export async function failReads(electron: ElectronApplication, names: readonly RequestName[]): Promise<void> {
  await electron.evaluate(
    ({ ipcMain }, failing) => {
      type Handler = (event: unknown, name: unknown, argument: unknown) => Promise<unknown>
      // The app's own handler goes on answering the others; only Electron knows where it is.
      const handlers = (ipcMain as unknown as { _invokeHandlers: Map<string, Handler> })._invokeHandlers
      const kept = globalThis as unknown as { answerOfTheApp: Handler | undefined }
      const answer = (kept.answerOfTheApp ??= handlers.get('tocsin:request'))
      if (answer === undefined) throw new Error('the gate is closed')
      handlers.set('tocsin:request', (event, name, argument) =>
        failing.includes(name as string) ? Promise.resolve({ kind: 'failed' }) : answer(event, name, argument),
      )
    },
    names as readonly string[],
  )
}
