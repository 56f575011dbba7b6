import type { NotificationId } from '../../../shared/inbox.ts'
import type { NoteAction, Shown, Target } from '../../notify/notifier.ts'
import { plain } from '../plain-text.ts'
import { goneError, variantValue, type BusAnswer, type BusConnection, type BusSignal } from './bus-connection.ts'
import { followService, propertiesInterface } from './followed-service.ts'
import { isNoteAction, notifyBody, notifySignature, type Shape } from './notify-call.ts'

/** What a notification on the desktop is about. */
export type Known = { readonly id: NotificationId | null; readonly target: Target }

/** It is there, by this number. */
export type OnDesktop = { readonly kind: 'shown'; readonly nativeId: number; readonly service: string }
/** `missing`: nobody shows notifications on this desktop, and nothing was handed to anybody. */
export type DesktopShown = Shown | { readonly kind: 'missing' }

/** The notification service of a Linux desktop, whichever it is, by org.freedesktop.Notifications. */
export type DesktopService = {
  /**
   * Answers within `answerMs`. `shape` is asked at the last moment. What was handed over once is never handed over again; where it is shown after
   * it was given up, `onLate` is told.
   */
  show(known: Known, shape: () => Shape, onLate: (shown: OnDesktop) => void): Promise<DesktopShown>
  /** Resolves once the service has heard of it, or is gone. */
  close(id: NotificationId): Promise<void>
  /** Takes away what earlier runs left with this service, once: nobody knows what it shows. */
  closeEarlier(): Promise<void>
  isInhibited(): boolean
  /** Resolves once it is known of this bus whether the user may be disturbed. */
  looked(): Promise<void>
  opened(bus: BusConnection): void
  ended(): void
}

export type DesktopServiceParts = {
  readonly connection: () => Promise<BusConnection | null>
  /** What a notification of an earlier run is about, by its number and the service that numbered it; null where it is not ours. */
  readonly knownAs: (nativeId: number, service: string) => Known | null
  /** By what numbers this service may still show what earlier runs told. */
  readonly earlierNumbers: (service: string) => readonly number[]
  readonly onChosen: (target: Target) => void
  readonly onAction: (id: NotificationId, action: NoteAction) => void
  readonly onClosed: (id: NotificationId) => void
  /** Whoever showed what is on the screen is gone, and all of it with it. */
  readonly onForgotten: () => void
  readonly schedule: (task: () => void, afterMs: number) => () => void
}

export const serviceName = 'org.freedesktop.Notifications'
const path = '/org/freedesktop/Notifications'
/** A service that does not answer for so long is given up, for this note. */
export const answerMs = 10_000
/** Notes that are on their way at once: more than that, and the service is stuck. */
export const mostOutstanding = 3
/** Of the newest notifications it is known here what they are about. */
const mostKnown = 500

type Service = {
  readonly owner: string
  /** What stands for it after a restart too: its name on the bus, and which bus that is. */
  readonly lasting: string
  /** null where it went before it answered. */
  readonly facts: Promise<Facts | null>
  inhibited: boolean
  readInhibited: Promise<void>
}
type Facts = { readonly can: ReadonlySet<string>; readonly named: string }

const startErrors = /^org\.freedesktop\.DBus\.Error\.(ServiceUnknown|NameHasNoOwner|Spawn\..*)$/
const safe = 'Detections are in the inbox and on the timeline all the same.'

export function createDesktopService(parts: DesktopServiceParts): DesktopService {
  const { knownAs, onChosen, onAction, onClosed, onForgotten, schedule } = parts
  let connection: BusConnection | null = null
  let firstOwner: Promise<void> = Promise.resolve()
  let service: Service | null = null
  /** The service that was asked already to take away what earlier runs left. */
  let cleared: Service | null = null
  let outstanding = 0
  const byNumber = new Map<number, Known>()
  const open = new Map<NotificationId, number>()
  /** Notes of one id go one after the other, since the next has to know the number of the one before. */
  const turns = new Map<NotificationId, Promise<unknown>>()

  function ask(bus: BusConnection, owner: string, member: string, signature?: string, body?: readonly unknown[]): Promise<BusAnswer> {
    const isProperty = member === 'Get'
    const call = { destination: owner, path, interface: isProperty ? propertiesInterface : serviceName, member }
    return bus.call(signature === undefined ? call : { ...call, signature, ...(body && { body }) })
  }

  function serviceOf(bus: BusConnection, owner: string): Service {
    const facts = readFacts(bus, owner)
    const made: Service = { owner, lasting: `${owner}@${bus.id}`, facts, inhibited: false, readInhibited: Promise.resolve() }
    made.readInhibited = readInhibited(bus, made)
    return made
  }

  async function readInhibited(bus: BusConnection, of: Pick<Service, 'owner' | 'inhibited'>): Promise<void> {
    const answer = await ask(bus, of.owner, 'Get', 'ss', [serviceName, 'Inhibited'])
    of.inhibited = answer.kind === 'answered' && variantValue(answer.values[0]) === true
  }

  async function readFacts(bus: BusConnection, owner: string): Promise<Facts | null> {
    const [can, named] = await Promise.all([ask(bus, owner, 'GetCapabilities'), ask(bus, owner, 'GetServerInformation')])
    if (can.kind === 'failed' && isNotThere(can.name)) return null
    const list = can.kind === 'answered' && Array.isArray(can.values[0]) ? (can.values[0] as readonly unknown[]) : []
    const [name, , version] = named.kind === 'answered' ? named.values : []
    return {
      can: new Set(list.filter((one): one is string => typeof one === 'string')),
      named: [name, version]
        .filter((one): one is string => typeof one === 'string' && one !== '')
        .map((one) => plain(one, 40))
        .join(' '),
    }
  }

  function remember(number: number, known: Known): void {
    byNumber.delete(number)
    byNumber.set(number, known)
    if (known.id !== null) open.set(known.id, number)
    const [oldest] = byNumber.keys()
    if (byNumber.size > mostKnown && oldest !== undefined) forget(oldest)
  }

  function forget(number: number): void {
    const id = byNumber.get(number)?.id ?? null
    byNumber.delete(number)
    if (id !== null && open.get(id) === number) open.delete(id)
  }

  function heard({ member, interface: name, body }: BusSignal): void {
    if (service === null) return
    if (name === propertiesInterface) {
      const [, changed, invalidated] = body
      const value = Array.isArray(changed) ? (changed as readonly (readonly unknown[])[]).find(([key]) => key === 'Inhibited') : undefined
      if (value !== undefined) service.inhibited = variantValue(value[1]) === true
      else if (connection !== null && Array.isArray(invalidated) && invalidated.includes('Inhibited'))
        void readInhibited(connection, service)
      return
    }
    const [number, what] = body
    if (typeof number !== 'number') return
    if (member === 'NotificationClosed') {
      const id = byNumber.get(number)?.id ?? null
      // A click may be told only after it: what it is about stays known.
      if (id !== null && open.get(id) === number) open.delete(id)
      if (id !== null) onClosed(id)
    } else if (member === 'ActionInvoked') {
      const known = byNumber.get(number) ?? knownAs(number, service.lasting)
      if (known === null) return
      if (what === 'default') onChosen(known.target)
      else if (isNoteAction(what) && known.id !== null) onAction(known.id, what)
    }
  }

  /** The service as it is now, started where the bus knows how. */
  async function present(bus: BusConnection): Promise<{ readonly service: Service; readonly facts: Facts } | null> {
    await firstOwner
    if (service === null)
      await bus.call({
        destination: 'org.freedesktop.DBus',
        path: '/org/freedesktop/DBus',
        interface: 'org.freedesktop.DBus',
        member: 'StartServiceByName',
        signature: 'su',
        body: [serviceName, 0],
      })
    const found = service
    const facts = found === null ? null : await found.facts
    return found === null || facts === null ? null : { service: found, facts }
  }

  async function tell(known: Known, shape: () => Shape, isLate: () => boolean, onLate: (shown: OnDesktop) => void): Promise<DesktopShown> {
    const bus = await parts.connection()
    if (bus === null) return missing
    // Looked for twice: a service that is found gone was handed nothing, and another may have taken its place.
    for (let tries = 0; tries < 2; tries++) {
      const there = await present(bus)
      if (isLate()) return late
      if (there === null) continue
      const { service: to, facts } = there
      const replaces = known.id !== null && to === service ? (open.get(known.id) ?? 0) : 0
      const answer = await ask(bus, to.owner, 'Notify', notifySignature, notifyBody(shape(), facts.can, replaces))
      if (answer.kind === 'failed') {
        if (startErrors.test(answer.name)) continue
        return notShown(refusedWords(answer.name, facts.named))
      }
      const [number] = answer.values
      if (typeof number !== 'number') return notShown(refusedWords('an answer without a number', facts.named))
      if (to === service) remember(number, known)
      const shown: OnDesktop = { kind: 'shown', nativeId: number, service: to.lasting }
      if (to === service && isLate()) onLate(shown)
      return shown
    }
    return missing
  }

  async function inTurn(known: Known, work: () => Promise<DesktopShown>): Promise<DesktopShown> {
    if (known.id === null) return work()
    const { id } = known
    const mine = (turns.get(id) ?? Promise.resolve()).then(work)
    turns.set(id, mine)
    try {
      return await mine
    } finally {
      if (turns.get(id) === mine) turns.delete(id)
    }
  }

  return {
    async show(known, shape, onLate) {
      if (outstanding >= mostOutstanding) return notShown(stuckWords)
      outstanding += 1
      let isLate = false
      // One that is given up stays outstanding until it is answered or the service goes: then its number is still good for a click.
      const told = inTurn(known, () => tell(known, shape, () => isLate, onLate)).finally(() => {
        outstanding -= 1
      })
      return new Promise((resolve, reject) => {
        const cancel = schedule(() => {
          isLate = true
          resolve(late)
        }, answerMs)
        told.finally(cancel).then(resolve, reject)
      })
    },

    async close(id) {
      const number = open.get(id)
      if (number === undefined || connection === null || service === null) return
      open.delete(id)
      await ask(connection, service.owner, 'CloseNotification', 'u', [number])
    },

    async closeEarlier() {
      await firstOwner
      const [bus, of] = [connection, service]
      if (bus === null || of === null || of === cleared) return
      cleared = of
      const numbers = parts.earlierNumbers(of.lasting).filter((number) => !byNumber.has(number))
      await Promise.all(numbers.map((number) => ask(bus, of.owner, 'CloseNotification', 'u', [number])))
    },

    isInhibited: () => service?.inhibited ?? false,

    async looked() {
      await firstOwner
      await service?.readInhibited
    },

    opened(bus) {
      connection = bus
      firstOwner = followService(bus, {
        name: serviceName,
        interface: serviceName,
        onOwner(owner) {
          if (bus !== connection) return
          // Another service counts anew, and knows nothing of what the one before it showed.
          byNumber.clear()
          open.clear()
          onForgotten()
          service = owner === null ? null : serviceOf(bus, owner)
        },
        onSignal: (signal) => bus === connection && heard(signal),
      })
    },

    ended() {
      connection = null
      service = null
      byNumber.clear()
      open.clear()
      onForgotten()
    },
  }
}

const missing = { kind: 'missing' } as const

function notShown(detail: string): Shown {
  return { kind: 'not-shown', detail }
}

const stuckWords = `The desktop has not answered the last ${mostOutstanding} notifications, so no more are handed to it until it does. ${safe}`
const late = notShown(
  `The desktop did not answer within ${answerMs / 1_000} seconds whether it shows a notification. ${safe} It is not shown again.`,
)

function refusedWords(name: string, service: string): string {
  const who = service === '' ? 'The desktop' : `The desktop (${service})`
  if (name === goneError || name === 'org.freedesktop.DBus.Error.NoReply')
    return `${who} went away before it said whether it shows a notification. ${safe} It is not shown again.`
  return `${who} refused a notification (${plain(name, 80)}). ${safe}`
}

function isNotThere(name: string): boolean {
  return name === goneError || name === 'org.freedesktop.DBus.Error.NoReply' || startErrors.test(name)
}
