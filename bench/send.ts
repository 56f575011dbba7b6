import { fork } from 'node:child_process'
import { once } from 'node:events'

export type ToSend = {
  readonly url: string
  /** Each is sent once. */
  readonly bodies: readonly string[]
  readonly connections: number
  /** null sends as fast as answers come. */
  readonly perSecond: number | null
}
export type Sent = {
  readonly statuses: Readonly<Record<string, number>>
  /** Of each request, in ms. */
  readonly times: readonly number[]
  readonly seconds: number
}

/** Sends from another process, and throws where not everything is taken. */
export async function send(load: ToSend): Promise<Sent> {
  const sender = fork(new URL('./sender.ts', import.meta.url), { stdio: ['ignore', 'ignore', 'inherit', 'ipc'] })
  sender.send(load)
  const [result] = (await once(sender, 'message')) as [Sent]
  if (result.statuses['200'] !== load.bodies.length) throw new Error(`not everything was taken: ${JSON.stringify(result.statuses)}`)
  return result
}
