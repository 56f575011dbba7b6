import { createConnection, type Socket } from 'node:net'
import { NatsConnectionImpl, setTransportFactory, type ConnectionOptions, type NatsConnection } from '@nats-io/transport-node'
import { NodeTransport, nodeResolveHost } from '@nats-io/transport-node/lib/node_transport.js'
import { createFrameGuard } from './nats-frames.ts'

/** What a connection is held to. */
export type NatsGuard = {
  /** Ends the connection at any time, also while it is being made: the library has no way to give that up. */
  readonly signal: AbortSignal
  /** The server sent what no server sends: `what` names it. */
  readonly onBroken: (what: string) => void
}

type GuardedOptions = ConnectionOptions & { readonly guard: NatsGuard }

const mostInfoBytes = 64 * 1024
/** A server asks every few minutes whether we are there, and reads the answer. */
const mostPingsUnread = 1_000

/** The library's transport leaves its socket open where connecting takes too long, and keeps whatever a server sends. This one does neither. */
class GuardedTransport extends NodeTransport {
  guard: NatsGuard | null = null

  override connect(server: Parameters<NodeTransport['connect']>[0], options: ConnectionOptions): Promise<void> {
    this.guard = (options as GuardedOptions).guard
    return super.connect(server, options)
  }

  override dial({ hostname, port }: { hostname: string; port: number }): Promise<Socket> {
    const { guard } = this
    return new Promise((resolve, reject) => {
      if (guard === null || guard.signal.aborted) return reject(new Error('given up'))
      const socket = createConnection(port, hostname)
      let greeting = 0
      const hangUp = (): void => void socket.destroy()
      guard.signal.addEventListener('abort', hangUp, { once: true })
      socket.setNoDelay(true)
      socket.once('error', reject)
      socket.once('close', () => reject(new Error('the connection was closed')))
      socket.once('connect', () => {
        socket.removeAllListeners()
        // Until the library has read the first line; then it takes this listener off with its own.
        socket.on('data', (chunk: Uint8Array) => {
          greeting += chunk.length
          if (greeting > mostInfoBytes) socket.destroy(new Error('the server greets without an end'))
        })
        resolve(socket)
      })
    })
  }

  override async *iterate(): AsyncIterableIterator<Uint8Array> {
    const guard = createFrameGuard()
    let pings = 0
    for await (const chunk of super.iterate()) {
      const passed = guard(chunk)
      if (passed.kind === 'wrong') {
        this.guard?.onBroken(passed.what)
        return
      }
      pings = passed.pings + (this.socket.writableLength === 0 ? 0 : pings)
      if (pings > mostPingsUnread) {
        this.guard?.onBroken('questions without end and read no answer')
        return
      }
      if (passed.bytes.length > 0) yield passed.bytes
    }
  }
}

/** Connects once. Rejects as the library does, and holds nothing open then. */
export async function dialNats(options: ConnectionOptions, guard: NatsGuard): Promise<NatsConnection> {
  setTransportFactory({ factory: () => new GuardedTransport(), dnsResolveFn: nodeResolveHost })
  const guarded: GuardedOptions = { ...options, guard }
  return NatsConnectionImpl.connect(guarded)
}
