import { expect, test } from 'vitest'
import type { OrganizationId } from '../../shared/detection.ts'
import { defaultSettings } from '../../shared/settings.ts'
import { createSettings } from './settings.ts'
import { temporaryFile, testDatabase } from './test-support.ts'

const setUp = () => {
  const db = testDatabase(temporaryFile())
  return { db, settings: createSettings(db) }
}

test('settings have defaults until they are written', () => {
  const { settings } = setUp()
  expect(settings.read()).toEqual(defaultSettings)
  expect(settings.readApp()).toEqual({
    receiverPort: null,
    pathSecret: null,
    windowBounds: null,
    secretHeaderHashes: [],
    unsignedPort: null,
    unsignedPathSecret: null,
    unsignedHeaderHash: null,
  })
})

test('what is written is read by the next one who opens the history, the rest is left alone', () => {
  const { db, settings } = setUp()
  expect(settings.write({ theme: 'dark' })).toEqual({ ...defaultSettings, theme: 'dark' })
  settings.write({ publicOrigin: 'https://example.ngrok.app' })
  settings.writeApp({ receiverPort: 47_110, pathSecret: 'secret', secretHeaderHashes: ['ab'.repeat(32)] })
  settings.writeApp({ windowBounds: { x: null, y: -10, width: 900, height: 600, isMaximized: false } })
  expect(createSettings(db).read()).toEqual({ ...defaultSettings, theme: 'dark', publicOrigin: 'https://example.ngrok.app' })
  expect(createSettings(db).readApp()).toEqual({
    receiverPort: 47_110,
    pathSecret: 'secret',
    windowBounds: { x: null, y: -10, width: 900, height: 600, isMaximized: false },
    secretHeaderHashes: ['ab'.repeat(32)],
    unsignedPort: null,
    unsignedPathSecret: null,
    unsignedHeaderHash: null,
  })
})

test.each([
  ['settings.theme', '"purple"'],
  ['settings.notify', '"yes"'],
  ['settings.publicOrigin', '"http://example.com"'],
  ['settings.theme', '{not json'],
  ['settings.requireSecretHeader', '1'],
  ['settings.unsignedInlet', '{"organizationId":7}'],
])('a damaged %s = %s reads as its default and harms no other', (key, value) => {
  const { db, settings } = setUp()
  const good = {
    theme: 'light',
    notify: false,
    publicOrigin: 'https://example.com',
    requireSecretHeader: true,
    unsignedInlet: { organizationId: 'org-1' as OrganizationId },
  } as const
  settings.write(good)
  db.prepare('UPDATE settings SET value = ? WHERE key = ?').run(value, key)
  const name = key.replace('settings.', '') as keyof typeof good
  expect(settings.read()).toEqual({ ...good, [name]: defaultSettings[name] })
})

test('a damaged port or window reads as not remembered', () => {
  const { db, settings } = setUp()
  settings.writeApp({ receiverPort: 1, pathSecret: 'secret' })
  db.exec(
    `UPDATE settings SET value = '70000' WHERE key = 'app.receiverPort'; INSERT INTO settings VALUES ('app.windowBounds', '{"width":-1}')`,
  )
  expect(settings.readApp()).toMatchObject({ receiverPort: null, pathSecret: 'secret', windowBounds: null, secretHeaderHashes: [] })
})
