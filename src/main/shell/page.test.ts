import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { contentSecurityPolicy, isPageUrl, listPage, mayRequest, pageHeaders, placeAt, showsWholeTimeline, viewAt } from './page.ts'

describe('the page that is served', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'tocsin-page-'))
    mkdirSync(join(folder, 'page', 'assets'), { recursive: true })
    writeFileSync(join(folder, 'secret.js'), 'outside')
    for (const file of ['index.html', 'assets/a.js', 'assets/a.js.map', 'assets/a.css', 'assets/mark.svg', 'assets/note.txt'])
      writeFileSync(join(folder, 'page', file), file)
    symlinkSync(join(folder, 'secret.js'), join(folder, 'page', 'assets', 'link.js'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  test('is exactly what was built: known types only, no source maps, no links', () => {
    const files = listPage(join(folder, 'page'))
    expect([...files.keys()].sort()).toEqual([
      'app://tocsin/',
      'app://tocsin/assets/a.css',
      'app://tocsin/assets/a.js',
      'app://tocsin/assets/mark.svg',
      'app://tocsin/index.html',
    ])
    expect(files.get('app://tocsin/')).toEqual({ file: join(folder, 'page', 'index.html'), type: 'text/html; charset=utf-8' })
    expect(files.get('app://tocsin/assets/a.js')?.type).toBe('text/javascript; charset=utf-8')
  })

  test('is found by equality: nothing that merely resolves to a file, and nothing made later', () => {
    const files = listPage(join(folder, 'page'))
    writeFileSync(join(folder, 'page', 'assets', 'late.js'), 'late')
    for (const address of [
      'app://tocsin/assets/late.js',
      'app://tocsin/assets/../assets/a.js',
      'app://tocsin/assets/%2e%2e/%2e%2e/secret.js',
      'app://tocsin/../secret.js',
      'app://tocsin//assets/a.js',
      'app://tocsin/assets/a.js?x',
      'app://tocsin/assets/A.JS',
      'app://tocsin/assets/',
      'app://other/assets/a.js',
      'constructor',
    ])
      expect(files.get(address), address).toBeUndefined()
  })
})

describe('the address of the page', () => {
  test.each(['app://tocsin/', 'app://tocsin/index.html', 'app://tocsin/#timeline'])('%s is ours', (url) => {
    expect(isPageUrl(url)).toBe(true)
    expect(mayRequest(url, { developerTools: false })).toBe(true)
  })

  test.each([
    'app://tocsin.example/',
    'app://tocsin:80/',
    'app://tocsin@evil/',
    'app://evil@tocsin/',
    'app://evil/tocsin',
    'app:tocsin',
    'apps://tocsin/',
    'http://tocsin/',
    'https://app://tocsin/',
    'file:///app://tocsin/',
    'ws://127.0.0.1/',
    'ftp://tocsin/',
    'blob:app://tocsin/x',
    'filesystem:app://tocsin/x',
    'about:blank',
    'chrome://gpu',
    'devtools://devtools/x',
    'data:text/html,x',
    '',
    'tocsin',
  ])('%s is not', (url) => {
    expect(isPageUrl(url)).toBe(false)
    expect(mayRequest(url, { developerTools: false })).toBe(false)
  })

  test('developer tools may load themselves where they are on, and nothing else', () => {
    expect(mayRequest('devtools://devtools/bundled/x.js', { developerTools: true })).toBe(true)
    expect(mayRequest('https://devtools/', { developerTools: true })).toBe(false)
  })
})

test.each([
  ['app://tocsin/', 'timeline'],
  ['app://tocsin/#/timeline', 'timeline'],
  ['app://tocsin/#/settings', 'settings'],
  ['app://tocsin/index.html#/connections', 'connections'],
  ['app://tocsin/#/connections/quarantine', 'connections'],
  ['app://tocsin/#/timeline?q=kind%3Athreat', 'timeline'],
  ['app://tocsin/#/inbox?show=quiet', 'inbox'],
  ['app://tocsin/#/entities/00u1?org=org-1', 'entities'],
  ['app://tocsin/#/posture', 'posture'],
  ['app://tocsin/#/attack?q=x', 'attack'],
  ['app://tocsin/#/digest', 'digest'],
  ['app://tocsin/#/inboxes', 'timeline'],
  ['app://tocsin/?/inbox', 'timeline'],
])('the page at %s shows %s', (url, view) => {
  expect(viewAt(url)).toBe(view)
})

test.each([
  ['app://tocsin/', true],
  ['app://tocsin/#/timeline', true],
  ['app://tocsin/#/timeline?open=org-1%2Fd-1', true],
  ['app://tocsin/#/timeline?q=', true],
  ['app://tocsin/#/timeline?q=kind%3Athreat', false],
  ['app://tocsin/#/timeline?from=2026-03-01T00%3A00%3A00.000Z&to=2026-03-02T00%3A00%3A00.000Z', false],
  ['app://tocsin/#/inbox', false],
])('the page at %s shows whatever arrives: %s', (url, shows) => {
  expect(showsWholeTimeline(url)).toBe(shows)
})

describe('the policy', () => {
  const directives = new Map(contentSecurityPolicy.split('; ').map((part) => [part.split(' ')[0], part.split(' ').slice(1)] as const))

  test('forbids all and gives back only what the page itself carries', () => {
    expect(directives.get('default-src')).toEqual(["'none'"])
    expect(directives.get('script-src')).toEqual(["'self'"])
    expect(directives.get('style-src')).toEqual(["'self'"])
    for (const closed of ['connect-src', 'base-uri', 'form-action', 'frame-ancestors'])
      expect(directives.get(closed), closed).toEqual(["'none'"])
    expect(directives.get('trusted-types')).toEqual(['svelte-trusted-html'])
    expect(contentSecurityPolicy).not.toMatch(/unsafe|\*|https?:/)
  })

  test('has no directive Chromium would not know, since a misspelt one blocks nothing', () => {
    const known = [
      'default-src',
      'script-src',
      'style-src',
      'img-src',
      'font-src',
      'connect-src',
      'base-uri',
      'form-action',
      'frame-ancestors',
    ]
    expect([...directives.keys()].sort()).toEqual([...known, 'require-trusted-types-for', 'trusted-types'].sort())
  })

  test('travels with every answer, and no answer is sniffed', () => {
    expect(pageHeaders).toMatchObject({ 'Content-Security-Policy': contentSecurityPolicy, 'X-Content-Type-Options': 'nosniff' })
  })
})

test('a place is led back to from an address of ours only, and only where it can be read', () => {
  expect(placeAt('app://tocsin/#/timeline?q=is:open&open=org/d1')).toBe('#/timeline?q=is:open&open=org/d1')
  for (const none of [
    '',
    'app://tocsin/',
    'app://tocsin/#timeline',
    'https://example.com/#/timeline',
    `app://tocsin/#/timeline?q=${'x'.repeat(4_000)}`,
  ])
    expect(placeAt(none)).toBe('')
})
