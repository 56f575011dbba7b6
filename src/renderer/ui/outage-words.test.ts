import { expect, test } from 'vitest'
import type { GapReason, InletId } from '../../shared/inlets.ts'
import { blipMs, toBanners } from './outage-words.ts'

const outage = (id: string, name: string, because: GapReason, since = 0) => ({ id: id as InletId, name, because, since })

test('a blip raises no banner', () => {
  const outages = [outage('relay:aaaaaaaa', 'Relay', 'relay-down')]
  expect(toBanners(outages, blipMs - 1, () => null)).toEqual([])
  expect(toBanners(outages, blipMs, () => null)).toHaveLength(1)
  expect(
    toBanners(outages, -3_600_000, () => null),
    'the clock was set back',
  ).toHaveLength(1)
})

test('a banner names the way in, why, what to do and what becomes of what is sent', () => {
  const [banner] = toBanners([outage('relay:aaaaaaaa', 'Relay', 'refused')], blipMs, () => 'It does not know the token. Enter another.')
  expect(banner?.title).toBe('Relay is not listening: not let in.')
  expect(banner?.text).toBe('It does not know the token. Enter another. What is sent meanwhile waits at the relay for up to 7 days.')
})

test('ways in that are down for the same reason share one', () => {
  const outages = [
    outage('relay:aaaaaaaa', 'Relay', 'offline'),
    outage('jetstream:bbbbbbbb', 'NATS', 'offline'),
    outage('receiver', 'Receiver', 'tunnel-down'),
  ]
  expect(toBanners(outages, blipMs, () => 'unused for several').map(({ title, ids }) => [title, ids.length])).toEqual([
    ['Relay and NATS are not listening: no network.', 2],
    ['Receiver is not listening: tunnel down.', 1],
  ])
  expect(toBanners(outages.slice(0, 2), blipMs, () => 'x')[0]?.text).toBe('It connects by itself once the network is back.')
})
