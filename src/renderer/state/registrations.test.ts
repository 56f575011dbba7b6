import { expect, test } from 'vitest'
import type { OrganizationId } from '../../shared/detection.ts'
import type { RegistrationState } from '../../shared/registration.ts'
import { createMemoryBridge, later } from './memory-bridge.ts'
import { Registrations } from './registrations.svelte.ts'

const id = 'org' as OrganizationId
const stateOf = (wantedUrl: string): RegistrationState => ({
  organizationId: id,
  key: { where: 'session', reference: null, next: 'session' },
  webhook: null,
  wantedUrl,
  standing: { kind: 'unknown' },
  requests: [],
})

test('what the user asks of SlashID is asked though what is known here is just being read, and its answer stays', async () => {
  const read = later<RegistrationState>()
  const { bridge, asked } = createMemoryBridge({
    'registration:read': () => read.promise,
    'registration:register': () => stateOf('https://registered.example'),
    'secret-header:read': () => null as never,
  })
  const registrations = new Registrations(bridge)
  const reading = registrations.read(id)
  expect(registrations.isBusy(id)).toBe(false)
  await registrations.register(id, 'Tocsin')
  expect(asked.map(({ name }) => name)).toContain('registration:register')
  read.resolve(stateOf('https://older.example'))
  await reading
  expect(registrations.of(id)?.wantedUrl).toBe('https://registered.example')
})

test('a key that was written meanwhile is not forgotten by an older answer', async () => {
  const read = later<RegistrationState>()
  const { bridge } = createMemoryBridge({
    'registration:read': () => read.promise,
    'secret:write': () => ({ kind: 'written', state: stateOf('https://written.example') }),
    'secret-header:read': () => null as never,
  })
  const registrations = new Registrations(bridge)
  const reading = registrations.read(id)
  expect(await registrations.writeKey(id, 'key')).toBeNull()
  read.resolve(stateOf('https://older.example'))
  await reading
  expect(registrations.of(id)?.wantedUrl).toBe('https://written.example')
})

test('a second press while SlashID is asked does nothing', async () => {
  const answer = later<RegistrationState>()
  const { bridge, asked } = createMemoryBridge({ 'registration:register': () => answer.promise, 'secret-header:read': () => null as never })
  const registrations = new Registrations(bridge)
  const first = registrations.register(id, 'Tocsin')
  expect(registrations.isBusy(id)).toBe(true)
  await registrations.register(id, 'Tocsin')
  answer.resolve(stateOf('https://registered.example'))
  await first
  expect(asked.filter(({ name }) => name === 'registration:register')).toHaveLength(1)
  expect(registrations.isBusy(id)).toBe(false)
})
