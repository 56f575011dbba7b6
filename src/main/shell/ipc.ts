import type { IpcMain, IpcMainInvokeEvent, WebContents } from 'electron'
import { isRequestName, pushChannel, requestChannel, type Reply } from '../../shared/channels.ts'
import type { Answer, Argument, PushName, Pushes, RequestName } from '../../shared/ipc.ts'
import { argumentSchemas } from './arguments.ts'
import { isPageUrl } from './page.ts'

export type Handlers = { readonly [N in RequestName]: (argument: Argument<N>) => Answer<N> | Promise<Answer<N>> }

export type Gate = {
  /** Tells the page, if there is one; it asks for the present state whenever it opens. */
  push<N extends PushName>(name: N, value: Pushes[N]): void
  stop(): Promise<void>
}

/** What the gate reads of a call: who sent it. */
export type Sender = Pick<IpcMainInvokeEvent, 'sender' | 'senderFrame'>

export type GateParts = {
  readonly ipcMain: Pick<IpcMain, 'handle' | 'removeHandler'>
  readonly handlers: Handlers
  /** The main window's contents while it is there. */
  readonly page: () => WebContents | null
  readonly log: { warn(text: string): void; error(text: string, error: unknown): void }
}

/**
 * The only way from the page into main: one channel, a closed list of names, the main window's own page as the only caller, and
 * an argument of exactly the agreed shape. The page learns nothing of a refusal or a bug but that there was one.
 */
export function createGate(parts: GateParts): Gate {
  const { ipcMain, handlers, page, log } = parts

  async function answer<N extends RequestName>(name: N, argument: unknown): Promise<Reply> {
    const parsed = argumentSchemas[name].safeParse(argument)
    if (!parsed.success) {
      log.warn(`ipc: ${name} refused: its argument has another shape`)
      return refused
    }
    try {
      return { kind: 'answered', value: await handlers[name](parsed.data) }
    } catch (error) {
      log.error(`ipc: ${name} failed`, error)
      return { kind: 'failed' }
    }
  }

  ipcMain.handle(requestChannel, async (event, name: unknown, argument: unknown): Promise<Reply> => {
    if (!isFromPage(event, page())) {
      log.warn('ipc: a call from elsewhere than the page was refused')
      return refused
    }
    // The name is of the page's making: it is not repeated in the log.
    if (!isRequestName(name)) {
      log.warn('ipc: an unknown request was refused')
      return refused
    }
    return answer(name, argument)
  })

  return {
    push(name, value) {
      const contents = page()
      if (contents === null || contents.isDestroyed() || contents.isCrashed() || !isPageUrl(contents.getURL())) return
      contents.send(pushChannel, name, value)
    },
    async stop() {
      ipcMain.removeHandler(requestChannel)
    },
  }
}

const refused: Reply = { kind: 'refused' }

/** The frame's place is compared by its ids, as Electron may hand out a new object for the same frame. */
function isFromPage(event: Sender, contents: WebContents | null): boolean {
  const frame = event.senderFrame
  if (frame === null || contents === null || contents.isDestroyed() || event.sender.id !== contents.id) return false
  const main = contents.mainFrame
  return frame.processId === main.processId && frame.routingId === main.routingId && isPageUrl(frame.url)
}
