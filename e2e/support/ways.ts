import type { Instant } from '../../src/shared/detection.ts'
import type { GapEnd, GapReason, InletId, InletSetUp } from '../../src/shared/inlets.ts'
import { contentOf } from '../../src/main/ingest/content-of.ts'
import { historyFile, prepareProfile } from '../../src/main/profile.ts'
import { openStore } from '../../src/main/store/store.ts'

const hourMs = 3_600_000
const receiver = 'receiver' as InletId
const relay = 'relay:aaaaaaaa' as InletId
const stream = 'jetstream:bbbbbbbb' as InletId
const smee = 'smee:dddddddd' as InletId

// Names that lead nowhere: what is looked at is how a way in that is down looks.
const inlets: readonly InletSetUp[] = [
  {
    id: relay,
    kind: 'relay',
    name: 'Tocsin relay',
    isOn: true,
    url: 'https://tocsin-relay.invalid',
    address: 'https://tocsin-relay.invalid/in/mZk3v0xQh1c8yT2uWn5rLA',
  },
  {
    id: stream,
    kind: 'jetstream',
    name: 'Team stream',
    isOn: false,
    url: 'tls://nats.invalid:4222',
    stream: 'TOCSIN',
    consumer: 'tocsin-x7',
    login: { kind: 'creds' },
    caFile: null,
    address: 'https://hooks.invalid/in/mZk3v0xQh1c8yT2uWn5rLA',
  },
  { id: smee, kind: 'smee', name: 'smee.io', isOn: true, url: 'https://smee.invalid/a1B2c3D4', address: 'https://smee.invalid/a1B2c3D4' },
]

type Ended = {
  readonly inlet: InletId
  readonly hours: readonly [from: number, to: number]
  readonly because: GapReason
  readonly end: GapEnd
}

/** Hours before now, the newest last. */
const gaps: readonly Ended[] = [
  { inlet: relay, hours: [54, 53], because: 'offline', end: { kind: 'backlog', delivered: 3 } },
  { inlet: relay, hours: [31, 29.5], because: 'app-closed', end: { kind: 'lost', count: 40, delivered: 12 } },
  { inlet: relay, hours: [9, 3.4], because: 'asleep', end: { kind: 'backlog', delivered: 312 } },
  { inlet: stream, hours: [9, 3.4], because: 'asleep', end: { kind: 'backlog', delivered: 308 } },
  { inlet: receiver, hours: [2.2, 1.8], because: 'tunnel-down', end: { kind: 'unknown' } },
]

/** Sets a profile up with ways in of every kind of state, and with the gaps of a few days. */
export function seedWays(profile: string): void {
  const prepared = prepareProfile(profile)
  if (prepared.kind === 'refused') throw new Error(prepared.detail)
  const opened = openStore({ file: historyFile(profile), contentOf, now: Date.now })
  if (opened.kind !== 'opened') throw new Error(opened.detail)
  const { store } = opened
  const instant = (hoursAgo: number): Instant => new Date(Date.now() - hoursAgo * hourMs).toISOString() as Instant
  store.settings.write({ inlets, publicOrigin: 'https://tocsin.invalid' })
  for (const { inlet, hours, because, end } of gaps) store.gaps.add({ inlet, from: instant(hours[0]), to: instant(hours[1]), because, end })
  store.close()
}
