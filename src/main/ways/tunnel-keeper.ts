import { isDeepStrictEqual } from 'node:util'
import type { Tunnel, TunnelSetUp, TunnelState } from '../../shared/inlets.ts'
import { commandText, readTunnel } from '../inlets/tunnel-set-up.ts'
import type { RunningTunnel, TunnelParts } from '../inlets/tunnel.ts'
import type { Store } from '../store/store.ts'
import type { Consent } from './consent.ts'

export type CreateTunnel = (parts: TunnelParts) => RunningTunnel

/** The tunnel that Tocsin runs while the user wants one and the receiver listens. */
export type TunnelKeeper = {
  read(): Tunnel
  /** Where it begins; null while nobody knows. */
  origin(): string | null
  /** Every place where it began since this start of the app: what was registered may still be sent there. */
  origins(): readonly string[]
  /** The receiver's port, null while it does not listen: then there is nothing to lead to. */
  lead(port: number | null): void
  save(setUp: TunnelSetUp | null): Promise<{ readonly kind: 'saved' } | { readonly kind: 'refused'; readonly detail: string }>
  restart(): void
  /** After sleep, or when the network is back. */
  tryNow(): void
  stop(): Promise<void>
}

const mostOrigins = 16

export function createTunnelKeeper(parts: {
  readonly create: CreateTunnel
  readonly settings: Store['settings']
  readonly onChanged: () => void
  readonly run: Omit<TunnelParts, 'setUp' | 'port' | 'onState'>
}): TunnelKeeper {
  const { create, settings, onChanged } = parts
  let setUp = settings.read().tunnel
  let state: TunnelState = { kind: 'off' }
  let origins: readonly string[] = []
  let port: number | null = null
  let running: { readonly tunnel: RunningTunnel; readonly port: number } | null = null
  let turn: Promise<unknown> = Promise.resolve()
  let isStopping = false

  function start(): void {
    if (setUp === null || port === null || running !== null || isStopping) return
    const tunnel = create({
      ...parts.run,
      setUp,
      port,
      onState(next) {
        if (running?.tunnel !== tunnel) return
        state = next
        if (next.kind === 'running') origins = [next.origin, ...origins.filter((one) => one !== next.origin)].slice(0, mostOrigins)
        onChanged()
      },
    })
    running = { tunnel, port }
    state = { kind: 'starting' }
    tunnel.start()
    onChanged()
  }

  async function end(): Promise<void> {
    const ending = running
    running = null
    state = { kind: 'off' }
    await ending?.tunnel.stop()
  }

  /** One after another: two of them would fight over one address. */
  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }

  return {
    read: () => ({ setUp, state }),
    origin: () => (state.kind === 'running' ? state.origin : null),
    origins: () => origins,
    lead(next) {
      port = next
      // While the receiver is away for a moment, the tunnel keeps its address.
      if (next === null) return
      void inTurn(async () => {
        if (running !== null && running.port !== next) await end()
        start()
      })
    },
    async save(wanted) {
      const read = wanted === null ? null : readTunnel(wanted)
      if (read?.kind === 'refused') return read
      return inTurn(async () => {
        await end()
        setUp = settings.write({ tunnel: read?.setUp ?? null }).tunnel
        start()
        onChanged()
        return { kind: 'saved' }
      })
    },
    restart: () => running?.tunnel.restart(),
    tryNow: () => running?.tunnel.tryNow(),
    stop() {
      isStopping = true
      return inTurn(end)
    },
  }
}

/** What the user has to agree to before it is saved; null where nothing. A page must not be able to have programs run. */
export function tunnelConsent(wanted: TunnelSetUp | null, saved: TunnelSetUp | null): Consent {
  if (wanted === null) return null
  const read = readTunnel(wanted)
  // What cannot be saved, or shown whole, is said by saving it.
  if (read.kind === 'refused' || isDeepStrictEqual(read.setUp, saved)) return null
  const { setUp } = read
  if (setUp.kind !== 'command' && setUp.kind !== 'ssh') return null
  const command = setUp.kind === 'command' ? commandText(setUp.command) : `ssh ${setUp.destination} (-R ${setUp.remotePort})`
  const origin =
    setUp.origin === null
      ? 'SlashID is given the public address that it prints.'
      : `SlashID is given ${setUp.origin} as its public address.`
  return {
    message: 'Let Tocsin run this program as its tunnel?',
    detail: `${command}\n\nIt runs with your rights, now and whenever Tocsin is open. ${origin} Nothing is run or saved if you cancel.`,
  }
}
