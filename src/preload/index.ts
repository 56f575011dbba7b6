import { contextBridge, ipcRenderer } from 'electron'
import { isPushName, isRequestName, pushChannel, requestChannel, type Reply } from '../shared/channels.ts'
import type { Answer, Bridge, PushName, Pushes } from '../shared/ipc.ts'

const listeners = new Set<{ readonly name: PushName; readonly take: (value: unknown) => void }>()

/** Verbs over two closed lists and nothing else of Electron. Main checks all of it again: this side runs in the page's process. */
const bridge: Bridge = {
  async invoke(name, argument) {
    if (!isRequestName(name)) throw new Error('There is no such request')
    const reply = (await ipcRenderer.invoke(requestChannel, name, argument)) as Reply
    if (reply.kind !== 'answered')
      throw new Error(reply.kind === 'refused' ? 'Tocsin refused this request' : 'Tocsin could not do this; its log says why')
    return reply.value as Answer<typeof name>
  },
  on<N extends PushName>(name: N, listener: (value: Pushes[N]) => void) {
    if (!isPushName(name)) throw new Error('There is no such push')
    const entry = { name, take: listener as (value: unknown) => void }
    listeners.add(entry)
    return () => void listeners.delete(entry)
  },
}

// Heard once for all listeners, however many; Electron's event never reaches the page, as it carries the sender.
ipcRenderer.on(pushChannel, (_event: unknown, pushed: unknown, value: unknown) => {
  for (const { name, take } of [...listeners]) if (name === pushed) take(value)
})

contextBridge.exposeInMainWorld('tocsin', bridge)
