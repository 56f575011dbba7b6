import { expect, test, vi } from 'vitest'
import { defaultSettings } from '../../shared/settings.ts'
import { createAppState } from '../state/app.ts'
import { createMemoryBridge } from '../state/memory-bridge.ts'
import { createCommands } from './commands.ts'

test('every command is listed once, also where a search that is offered was a recent one', async () => {
  const main = createMemoryBridge({ 'settings:read': () => ({ ...defaultSettings, recentSearches: ['is:unread', 'okta'] }) })
  const app = createAppState(main.bridge, { read: () => '', write: () => {}, listen: () => () => {} }, () => 0)
  await vi.waitFor(() => expect(app.searches.recent).toEqual(['is:unread', 'okta']))
  const ids = createCommands(app, { focusSearch: () => {}, now: () => 0 }).map(({ id }) => id)
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([])
  expect(ids.filter((id) => id.startsWith('search '))[0]).toBe('search is:unread')
  app.stop()
})
