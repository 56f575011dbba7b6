import { EventEmitter } from 'node:events'
import { describe, expect, test } from 'vitest'
import type { App } from 'electron'
import { linkPrefix, longestLink, views } from '../../shared/view.ts'
import { createLinks, linkIn, readLink, registerLinks } from './links.ts'

describe('a link', () => {
  test.each(views)('leads to %s', (view) => {
    expect(readLink(`tocsin://open/${view}`)).toBe(view)
  })

  test.each([
    'timeline?q=kind%3Athreat%20entity%3A%22a%2Fb%22&from=2026-03-01T00%3A00%3A00.000Z&to=2026-03-02T00%3A00%3A00.000Z',
    'timeline?open=org-1/d-1',
    'entities/Jos%C3%A9?org=org-1',
    "posture?framework=CIS%20(v1.2)!*'",
  ])('keeps what its address says: %s', (address) => {
    expect(readLink(linkPrefix + address)).toBe(address)
  })

  test.each([
    '',
    'timeline',
    'tocsin://open/',
    'tocsin://open',
    'tocsin:open/timeline',
    'tocsin:///open/timeline',
    'TOCSIN://open/timeline',
    'tocsin://OPEN/timeline',
    'tocsin://opened/timeline',
    'tocsin://open.example/timeline',
    'tocsin://open@example/timeline',
    'tocsin://open/../timeline',
    'tocsin://open//timeline',
    'tocsin://open/Timeline',
    'tocsin://open/timelines',
    'tocsin://open/nothing',
    'tocsin://open/__proto__',
    'tocsin://open/timeline#/settings',
    'tocsin://open/timeline?q=a b',
    'tocsin://open/timeline?q="a"',
    'tocsin://open/timeline?q=<b>',
    'tocsin://open/timeline?q=a\\b',
    'tocsin://open/timeline?q=é',
    'tocsin://open/timeline?q=a\n',
    'tocsin://open/timeline?q=%',
    'tocsin://open/timeline?q=%C3',
    'tocsin://open/timeline?q=a%0Ab',
    'tocsin://open/timeline?q=%00',
    'tocsin://open/timeline?q=%C2%85',
    'tocsin://open/timeline?q=%7F',
    ' tocsin://open/timeline',
    'https://tocsin/open/timeline',
    'app://tocsin/#/timeline',
    '--link=tocsin://open/timeline',
  ])('that is none leads nowhere: %j', (link) => {
    expect(readLink(link)).toBeNull()
  })

  test('has a length it may not pass', () => {
    const longest = `${linkPrefix}timeline?q=`.padEnd(longestLink, 'a')
    expect(readLink(longest)).not.toBeNull()
    expect(readLink(`${longest}a`)).toBeNull()
  })

  test('is found wherever it stands on a command line, and the last one counts', () => {
    expect(linkIn(['/usr/bin/tocsin', '--user-data', '/home/x', '--no-sandbox'])).toBeNull()
    expect(linkIn(['tocsin', 'tocsin://open/inbox', '--flag', 'tocsin://open/digest', 'tocsin://open/nowhere'])).toBe('digest')
  })
})

describe('links that are opened', () => {
  function setUp(argv: readonly string[] = []) {
    const events = new EventEmitter()
    const links = createLinks({ app: events as unknown as App, argv })
    const told: string[] = []
    let prevented = 0
    return {
      told,
      follow: () => links.follow((address) => told.push(address)),
      openUrl(link: string) {
        events.emit('open-url', { preventDefault: () => (prevented += 1) }, link)
        return prevented
      },
      secondInstance: (...others: string[]) => events.emit('second-instance', {}, others, '/'),
    }
  }

  test('before anybody follows wait, and the newest of them is told once', () => {
    const { told, follow, openUrl } = setUp(['tocsin', 'tocsin://open/inbox'])
    expect(openUrl('tocsin://open/posture')).toBe(1)
    expect(openUrl('tocsin://open/posture%0A')).toBe(2)
    expect(told).toEqual([])
    follow()
    expect(told).toEqual(['posture'])
    follow()
    expect(told).toEqual(['posture'])
  })

  test('with the app itself, later by the desktop, or by a second start are all told', () => {
    const { told, follow, openUrl, secondInstance } = setUp(['tocsin', 'tocsin://open/inbox'])
    follow()
    openUrl('tocsin://open/posture')
    secondInstance('tocsin', 'tocsin://open/timeline?q=a')
    secondInstance('tocsin')
    secondInstance('tocsin', 'tocsin://evil/timeline')
    expect(told).toEqual(['inbox', 'posture', 'timeline?q=a'])
  })
})

describe('the desktop is asked to open them here', () => {
  function register(isPackaged: boolean, platform: NodeJS.Platform, isAsked: boolean) {
    const asked: unknown[][] = []
    const app = { isPackaged, setAsDefaultProtocolClient: (...all: unknown[]) => asked.push(all) > 0 }
    registerLinks({ app, platform, argv: ['/opt/electron', '/src/tocsin'], isAsked })
    return asked
  }

  test('by an installed app, for itself', () => {
    for (const platform of ['linux', 'win32', 'darwin'] as const) expect(register(true, platform, false)).toEqual([['tocsin']])
  })

  test('by one that runs from its sources where it was told to, but never in desktop files of Linux', () => {
    expect(register(false, 'darwin', true)).toEqual([['tocsin', '/opt/electron', ['/src/tocsin']]])
    expect(register(false, 'darwin', false)).toEqual([])
    expect(register(false, 'linux', true)).toEqual([])
  })
})
