import type { Socket } from 'node:net'
import * as dbus from '@homebridge/dbus-native'

/** `mayStart`: the bus may start a service for it. Without `signature` there are no arguments. */
export type BusCall = {
  readonly destination: string
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly signature?: string
  readonly body?: readonly unknown[]
  readonly mayStart?: boolean
}
/** `name` is the D-Bus name of an error, of ours where the bus itself is gone or could not be spoken to. */
export type BusAnswer =
  { readonly kind: 'answered'; readonly values: readonly unknown[] } | { readonly kind: 'failed'; readonly name: string }
export type BusSignal = {
  readonly sender: string
  readonly path: string
  readonly interface: string
  readonly member: string
  readonly body: readonly unknown[]
}

export type BusConnection = {
  /** What tells this bus from every other one, before and after. */
  readonly id: string
  /** Settles when it is answered, or when the connection ends: that may be never. Never rejects, and never asks twice. */
  call(call: BusCall): Promise<BusAnswer>
  /** Every signal that reaches us, until the connection ends. */
  onSignal(listener: (signal: BusSignal) => void): void
  /** Has the bus hand over signals that fit. */
  match(rule: string): Promise<BusAnswer>
  close(): void
}

/** What is used of the library, whose own types cover little of it. */
type Message = {
  readonly type: number
  readonly sender?: string
  readonly path?: string
  readonly interface?: string
  readonly member?: string
  readonly body?: readonly unknown[]
}
type Bus = {
  readonly connection: {
    readonly stream: Socket
    on(event: 'error', listener: (error: unknown) => void): void
    on(event: 'end', listener: () => void): void
    on(event: 'message', listener: (message: Message) => void): void
  }
  invoke(
    call: Omit<BusCall, 'mayStart'> & { readonly flags: number },
    answer: (error: unknown, ...values: readonly unknown[]) => void,
  ): void
}
type CreateClient = (options: { readonly stream: Socket; readonly authMethods: readonly string[] }) => Bus
const { createClient } = dbus as unknown as { readonly createClient: CreateClient }

const signalType = 4
const noAutoStart = 2
/** Our own name for an error, as the bus would name one. */
export const goneError = 'dev.tocsin.Error.Gone'
/** A bus that is there answers at once; one that does not will not carry notifications either. */
const helloMs = 3_000

/** Speaks to the bus behind a socket; null where it is no bus that lets us in. `onEnd` is called once, if it ends on its own. */
export function openConnection(
  socket: Socket,
  { onEnd, schedule }: { readonly onEnd: () => void; readonly schedule: (task: () => void, afterMs: number) => () => void },
): Promise<BusConnection | null> {
  return new Promise((resolve) => {
    const waiting = new Set<(answer: BusAnswer) => void>()
    const listeners: ((signal: BusSignal) => void)[] = []
    let state: 'opening' | 'open' | 'ended' = 'opening'

    function end(isOurs: boolean): void {
      if (state === 'ended') return
      const wasOpen = state === 'open'
      state = 'ended'
      giveUp()
      socket.destroy()
      for (const settle of waiting) settle({ kind: 'failed', name: goneError })
      waiting.clear()
      if (!wasOpen) resolve(null)
      else if (!isOurs) onEnd()
    }
    const giveUp = schedule(() => end(true), helloMs)
    // One that is destroyed may still have an error to tell.
    socket.on('error', () => end(false))
    socket.on('close', () => end(false))

    // The one way in that a session bus has: the user's id, vouched for by the kernel.
    const bus = createClient({ stream: socket, authMethods: ['EXTERNAL'] })
    bus.connection.on('error', () => end(false))
    bus.connection.on('end', () => end(false))
    bus.connection.on('message', ({ type, sender, path, interface: name, member, body = [] }) => {
      if (type !== signalType || sender === undefined || path === undefined || name === undefined || member === undefined) return
      // An answer that came before it in the same piece is taken in first: a click may be told right behind the number of what was clicked.
      setImmediate(() => {
        if (state === 'ended') return
        for (const listener of listeners) listener({ sender, path, interface: name, member, body })
      })
    })

    function call({ mayStart = false, ...wanted }: BusCall): Promise<BusAnswer> {
      return new Promise((answer) => {
        if (state === 'ended') return answer({ kind: 'failed', name: goneError })
        const settle = (value: BusAnswer): void => {
          waiting.delete(settle)
          answer(value)
        }
        waiting.add(settle)
        try {
          bus.invoke({ ...wanted, flags: mayStart ? 0 : noAutoStart }, (error, ...values) =>
            settle(error === null ? { kind: 'answered', values } : { kind: 'failed', name: nameOf(error) }),
          )
        } catch {
          settle({ kind: 'failed', name: goneError })
        }
      })
    }

    const askBus = (member: string, ...body: readonly string[]): Promise<BusAnswer> =>
      call({
        destination: 'org.freedesktop.DBus',
        path: '/org/freedesktop/DBus',
        interface: 'org.freedesktop.DBus',
        member,
        ...(body.length > 0 && { signature: 's'.repeat(body.length), body }),
      })

    void askBus('GetId').then((answer) => {
      const id = answer.kind === 'answered' ? answer.values[0] : null
      if (state !== 'opening' || typeof id !== 'string') return end(true)
      state = 'open'
      giveUp()
      resolve({
        id,
        call,
        onSignal: (listener) => void listeners.push(listener),
        match: (rule) => askBus('AddMatch', rule),
        close: () => end(true),
      })
    })
  })
}

function nameOf(error: unknown): string {
  const name = (error as { readonly name?: unknown } | null)?.name
  return typeof name === 'string' ? name : 'unknown'
}

/** The library gives a variant as [its type, [its value]]. */
export function variantValue(variant: unknown): unknown {
  if (!Array.isArray(variant)) return undefined
  const [, values] = variant as readonly unknown[]
  return Array.isArray(values) ? values[0] : undefined
}
