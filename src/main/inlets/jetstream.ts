import { createConnection, type Link, type LinkEnd, type LinkReport } from './connection.ts'
import { refused } from './far-end.ts'
import type { FetchingInlet } from './inlet.ts'
import type { Memory, Timing } from './jetstream-begin.ts'
import { fetchMessages, type JetstreamParts } from './jetstream-fetch.ts'
import { consumerLimits } from './jetstream-set-up.ts'
import { connectNats, explainNats } from './nats.ts'

/** Fetches from a stream by a durable consumer of its own, and acknowledges each message once its delivery is committed. */
export function createJetstreamInlet(
  parts: JetstreamParts,
  { ackWaitMs = consumerLimits.ackWaitMs, expiresMs = 10_000 }: Partial<Timing> = {},
): FetchingInlet {
  const { setUp, onState, onBug, now, random, schedule } = parts
  const memory: Memory = { sharedSince: null, givenBack: { count: 0, at: 0 } }

  function open(report: LinkReport): Link {
    let close = (): void => {}
    const closed = new Promise<LinkEnd>((resolve) => {
      close = () => resolve({ kind: 'lost', detail: 'The connection was given up.' })
    })
    return { ended: hold(report, closed), close }
  }

  async function hold(report: LinkReport, closed: Promise<LinkEnd>): Promise<LinkEnd> {
    const secret = parts.secret()
    if (secret.kind === 'unreadable') return refused(secret.detail)
    const dial = new AbortController()
    let isIn = false
    void closed.then(() => {
      // Later there is something to settle first.
      if (!isIn) dial.abort()
    })
    const { url, login, caFile } = setUp
    const connected = await connectNats({ url, login, caFile, secret: secret.kind === 'known' ? secret.value : null }, dial.signal)
    if (connected.kind === 'ended') return connected.end
    isIn = true
    const { nats, far, ended, close, hangUp } = connected
    try {
      const over = Promise.race([ended, closed])
      const { end, isDead } = await fetchMessages(nats, parts, { report, over, timing: { ackWaitMs, expiresMs }, memory })
      if (isDead) hangUp()
      return end
    } catch (error) {
      return explainNats(far, error)
    } finally {
      await close()
    }
  }

  return createConnection({ open, onState, onBug, now, random, schedule })
}
