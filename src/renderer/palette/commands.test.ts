import { expect, test, vi } from 'vitest'
import { linkTo } from '../../shared/link.ts'
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

test('a link is copied only where it would be opened, and else the user hears why', async () => {
  const copied: string[] = []
  const main = createMemoryBridge({ 'clipboard:write': (text) => (copied.push(text), null) })
  const app = createAppState(main.bridge, { read: () => '', write: () => {}, listen: () => () => {} }, () => 0)
  const copyOf = async (text: string) => {
    copied.length = 0
    app.navigation.open({ view: 'timeline', text, range: null, open: null })
    createCommands(app, { focusSearch: () => {}, now: () => 0 })
      .find(({ id }) => id === 'link')
      ?.run()
    await vi.waitFor(() => expect(app.notices.list.length).toBe(1))
    const [{ title, text: words } = { title: '', text: '' }] = app.notices.list
    app.notices.dismiss('copied')
    return { copied: copied.map((link) => linkTo(link).kind), title, words }
  }
  expect(await copyOf('type:MissingMFA')).toEqual({ copied: ['link'], title: 'Copied a link to this view', words: '' })
  const long = await copyOf('ü'.repeat(900))
  expect(long).toMatchObject({ copied: [], title: 'No link was copied', words: expect.stringMatching(/4,000 characters.+Shorten/) })
  const control = await copyOf('entity:"a\nb"')
  expect(control).toMatchObject({
    copied: [],
    title: 'No link was copied',
    words: expect.stringMatching(/control character.+Save the view/),
  })
  app.stop()
})
