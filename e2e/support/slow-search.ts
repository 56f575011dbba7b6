import type { ElectronApplication } from '@playwright/test'

/** From now on a search, unlike the whole history, is over after its first few rows, as if its time were: what follows is answered as it is. */
export async function endSearchesEarly(electron: ElectronApplication): Promise<void> {
  await electron.evaluate(({ ipcMain }) => {
    type Handler = (event: unknown, name: unknown, argument: unknown) => Promise<unknown>
    type Asked = { readonly text: string; readonly before: object | null }
    type Reply = {
      readonly kind: string
      readonly value: { kind: string; detections: { changedAt: string }[]; next: { changedAt: string; row: number } | null }
    }
    // The app's own handler goes on answering; only Electron knows where it is.
    const handlers = (ipcMain as unknown as { _invokeHandlers: Map<string, Handler> })._invokeHandlers
    const answer = handlers.get('tocsin:request')
    if (answer === undefined) throw new Error('the gate is closed')
    handlers.set('tocsin:request', async (event, name, argument) => {
      const asked = argument as Asked
      if (name !== 'timeline:page' || asked.text === '' || asked.before !== null) return answer(event, name, argument)
      const reply = (await answer(event, name, { ...asked, limit: 4 })) as Reply
      if (reply.value.kind !== 'page') return reply
      const weekAgo = new Date(Date.now() - 2 * 86_400_000).toISOString()
      const next = reply.value.next ?? { changedAt: weekAgo, row: 1 }
      return { ...reply, value: { ...reply.value, next, searchedTo: next.changedAt } }
    })
  })
}
