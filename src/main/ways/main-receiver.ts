import type { ReceiverHealth } from '../../shared/health.ts'
import { createPathSecret, createReceiver, receiverUrl, type Receiver, type ReceiverParts } from '../inlets/receiver.ts'
import { removeConnection, writeConnection } from '../profile.ts'
import type { Store } from '../store/store.ts'

/** The receiver of signed deliveries, at an address that stays the same from its first start on. */
export type MainReceiver = {
  /** Where deliveries reach this app on loopback, secret included; null while there is no port yet. */
  url(): string | null
  start(): Promise<void>
  /** Tries the same address again, e.g. after another program has given the port back. */
  restart(): Promise<void>
  stop(): Promise<void>
}

export function createMainReceiver(parts: {
  readonly profile: string
  readonly settings: Store['settings']
  readonly receiver: Omit<ReceiverParts, 'port' | 'secret' | 'inlet' | 'onHealth'>
  readonly onHealth: (health: ReceiverHealth) => void
  /** What lets senders on this machine in. */
  readonly localHeaders: Readonly<Record<string, string>>
  readonly log: { info(text: string): void; error(text: string): void }
}): MainReceiver {
  const { profile, settings, onHealth, localHeaders, log } = parts
  let receiver: Receiver | null = null

  /** The first start takes any free port and a new secret; every later one the same, so that a registered address goes on working. */
  async function start(): Promise<void> {
    const known = settings.readApp()
    const secret = known.pathSecret ?? createPathSecret()
    receiver = createReceiver({ ...parts.receiver, port: known.receiverPort ?? 0, secret, onHealth })
    const started = await receiver.start()
    if (started.kind !== 'listening') return log.error(`receiver: ${started.kind}`)
    if (known.receiverPort === null || known.pathSecret === null) settings.writeApp({ receiverPort: started.port, pathSecret: secret })
    writeConnection(profile, { url: receiverUrl(started.port, secret), pid: process.pid, headers: localHeaders })
    log.info(`receiver: listening on port ${started.port}`)
  }

  async function stop(): Promise<void> {
    await receiver?.stop()
    removeConnection(profile)
  }

  return {
    url() {
      const { receiverPort, pathSecret } = settings.readApp()
      return receiverPort === null || pathSecret === null ? null : receiverUrl(receiverPort, pathSecret)
    },
    start,
    async restart() {
      await stop()
      await start()
    },
    stop,
  }
}
