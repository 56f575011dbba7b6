import { expect, test } from 'vitest'
import type { InletId } from '../../shared/inlets.ts'
import { newFields } from '../connections/ways/way-draft.ts'
import { Connect } from './connect.svelte.ts'

const fresh = (kind: Parameters<typeof newFields>[0]) => newFields(kind, 'abc')
const id = 'relay:aaaaaaaa' as InletId

test('goes from choice to test, and past an organization that is there', () => {
  const connect = new Connect()
  expect(connect.isUnderWay).toBe(false)
  connect.choose('relay', fresh)
  connect.saved(id, false)
  expect(connect.step).toBe('organization')
  connect.back(false)
  connect.saved(id, true)
  expect([connect.step, connect.inlet]).toEqual(['register', id])
  connect.back(true)
  expect([connect.step, connect.isUnderWay]).toEqual(['set-up', true])
  connect.back(true)
  connect.back(true)
  expect(connect.step).toBe('choose')
})

test('going back keeps what was typed; another kind begins anew', () => {
  const connect = new Connect()
  connect.choose('relay', fresh)
  connect.fields = { ...fresh('relay'), url: 'https://relay.test' }
  connect.saved(id, true)
  connect.go('choose')
  connect.choose('relay', fresh)
  expect([connect.fields.url, connect.inlet]).toEqual(['https://relay.test', id])
  connect.go('choose')
  connect.choose('jetstream', fresh)
  expect([connect.fields.url, connect.fields.consumer, connect.inlet]).toEqual(['', 'tocsin-abc', null])
  connect.choose('tunnel', fresh)
  expect(connect.fields).toBeNull()
})
