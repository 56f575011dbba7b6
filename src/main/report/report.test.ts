import { createHash } from 'node:crypto'
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import type { InletId } from '../../shared/inlets.ts'
import type { PostureReport } from '../store/posture-report.ts'
import type { organization } from '../store/test-support.ts'
import { at, content, start, temporaryFile, testStore, trusted, unsigned } from '../store/test-support.ts'
import { writeReport } from './report.ts'
import { saveReport } from './save.ts'
import { lasting } from './words.ts'

const now = start + 30 * 86_400_000
const about = { framework: null, madeAt: now, madeBy: 'Tocsin 1.2.3' }

/** What has broken out of markup, styles, scripts and lines elsewhere. */
const hostile = [
  '<script>alert(1)</script>',
  '</style><script>alert(1)</script>',
  '</title><img src=x onerror=alert(1)>',
  '"><svg/onload=alert(1)>',
  "'><iframe srcdoc='<script>alert(1)</script>'>",
  '<a href="javascript:alert(1)">click</a>',
  '<meta http-equiv="refresh" content="0;url=https://example.invalid/">',
  '<link rel=stylesheet href=https://example.invalid/x.css>',
  '<img src="https://example.invalid/pixel.png">',
  '<base href="https://example.invalid/">',
  '<form action="https://example.invalid/"><button>go</button></form>',
  '<!-- --><!--',
  ']]><![CDATA[',
  '&lt;script&gt;&#60;script&#62;&amp;',
  '`${alert(1)}`',
  'style="background:url(https://example.invalid/)"',
  'expression(alert(1))',
  '\u0000\u0001\u001b[31m\r\nSet-Cookie: a=b',
  '\u202egnp.exe\u202c \u2066left\u2069',
  'zero\u200bwidth\u200d\ufeffjoined\u00ad',
  '\ud800 lone \udfff',
  'مرحبا بالعالم',
  'Ṱ̺̺̕o͞ ̷i̲̬͇̪͙n̝̗͕v̟̜̘̦͟o̶̙̰̠kè͚̮̺̪̹̱̤',
  '👩‍👩‍👧‍👦🏳️‍🌈',
  "'; DROP TABLE detections; --",
  '{{constructor.constructor("alert(1)")()}}',
  '__proto__',
  'x'.repeat(5_000),
]

function reportOf(fill: (store: ReturnType<typeof testStore>) => void, framework: string | null = null): PostureReport {
  const store = testStore({ file: temporaryFile(), now: () => now })
  fill(store)
  const steps = store.posture.report({ framework })
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}

const issue = (id: string, status: string, issued: number, more = {}) =>
  trusted(content({ id, status, kind: 'posture', type: 'MissingMFA', detectedAt: at(0), frameworks: ['SOC 2'], ...more }), { issued })

describe('a report', () => {
  test('says what is open and what was resolved, since when, until when and how long it took', () => {
    const report = reportOf((store) => {
      store.keeper.keep([
        issue('open-1', 'ongoing', 60, { type: 'StaleKey' }),
        issue('closed-1', 'ongoing', 60),
        issue('closed-1', 'resolved', 2 * 86_400),
        issue('closed-2', 'resolved', 86_400, { frameworks: ['ISO 27001'] }),
        unsigned(content({ id: 'unsigned-1', kind: 'posture', type: 'Told', frameworks: [], detectedAt: at(0) }), { issued: 10 }),
        trusted(content({ id: 'threat-1' })),
      ])
    })
    expect(report.overview).toMatchObject({ open: 2, closed: 2 })
    expect(report.counts).toEqual({ trust: { verified: 3, unsigned: 1 }, demo: 0, imported: 0 })
    expect(report.closed.map(({ key, lastMs }) => [key.id, lastMs])).toEqual([
      ['closed-1', 2 * 86_400_000],
      ['closed-2', 86_400_000],
    ])
    const html = writeReport(report, about)
    const rowOf = (id: string) =>
      html
        .split('<tr>')
        .find((row) => row.includes(id))
        ?.replace(/<[^>]*>/g, ' ')
    expect(rowOf('open-1')).toMatch(/StaleKey.*00u1.*okta_user.*okta_org.*2026-03-01 08:00.*ongoing.*verified.*SOC 2/s)
    expect(rowOf('closed-1')).toMatch(/MissingMFA.*2026-03-01 08:00.*2026-03-03 08:00.*2 d.*verified.*SOC 2/s)
    expect(rowOf('unsigned-1')).toMatch(/unsigned/)
    expect(html).not.toContain('threat-1')
    expect(html).toContain('Tocsin 1.2.3')
    expect(html).toContain('nobody signed it')
  })

  test('of one framework is of the detections that name it', () => {
    const fill = (store: ReturnType<typeof testStore>) =>
      void store.keeper.keep([issue('one', 'ongoing', 1), issue('other', 'ongoing', 1, { frameworks: ['ISO 27001'] })])
    const report = reportOf(fill, 'SOC 2')
    expect(report.open.map(({ key }) => key.id)).toEqual(['one'])
    const html = writeReport(report, { ...about, framework: 'SOC 2' })
    expect(html).toContain('Identity posture: SOC 2')
    expect(html).not.toContain('ISO 27001')
  })

  test('says when nobody listened, why, and what became of it', () => {
    const report = reportOf((store) => {
      const gap = {
        inlet: 'relay-1' as InletId,
        from: at(100),
        to: at(200),
        because: 'asleep',
        end: { kind: 'lost', count: 3, delivered: 1 },
      } as const
      store.gaps.add(gap)
      store.gaps.add({
        ...gap,
        from: new Date(start - 400 * 86_400_000).toISOString() as never,
        to: new Date(start - 399 * 86_400_000).toISOString() as never,
      })
    })
    expect(report.gaps).toHaveLength(1)
    const html = writeReport(report, about)
    expect(html).toContain('the computer was asleep')
    expect(html).toContain('3 deliveries are lost')
  })

  test('says of the times without listening only what can be known: from the first delivery on', () => {
    const report = reportOf((store) => void store.keeper.keep([issue('one', 'ongoing', 1)]))
    const said = (firstReceivedAt: PostureReport['history']['firstReceivedAt']) =>
      writeReport({ ...report, history: { ...report.history, firstReceivedAt } }, about)
    expect(said(report.period.from)).toMatch(/None is known between[^.]*\.<\/p>/)
    expect(said(report.period.from)).not.toContain('Nothing is known')
    expect(said(at(1))).toMatch(/None is known between .*when the first delivery came, and .*Nothing is known of the time before\./)
    expect(said(null)).toContain('Nothing is known of this time')
    expect(said(null)).not.toContain('None is known')
  })

  test('carries the head of the chain of its history', () => {
    const store = testStore({ file: temporaryFile(), now: () => now })
    store.keeper.keep([issue('one', 'ongoing', 1), issue('two', 'ongoing', 2)])
    const steps = store.posture.report({ framework: null })
    let step = steps.next()
    while (!step.done) step = steps.next()
    const head = Buffer.from(store.chain.head()!.chainHash).toString('hex')
    expect(step.value.history).toMatchObject({ deliveries: 2, head, removed: 0, waiting: 0 })
    expect(writeReport(step.value, about)).toContain(head)
  })

  test('of an empty history is whole, and says that there is nothing', () => {
    const html = writeReport(
      reportOf(() => {}),
      about,
    )
    expect(html).toContain('It has not received any yet.')
    expect(html).toContain('There are none.')
    expect(html).toContain('There is none yet.')
    expect(html).not.toMatch(/undefined|NaN|\[object/)
  })

  test('says where it lists fewer than there are', () => {
    const report = reportOf((store) => void store.keeper.keep([issue('one', 'ongoing', 1), issue('two', 'ongoing', 2)]))
    const html = writeReport({ ...report, open: report.open.slice(0, 1), overview: { ...report.overview, isExact: false } }, about)
    expect(html).toContain('1 more are counted above and not listed')
    expect(html).toContain('more detections than this report looked at')
  })

  test('lists at most 2,000 of either, the longest open first', () => {
    const report = reportOf((store) => {
      for (let from = 0; from < 2_500; from += 500)
        store.keeper.keep(
          Array.from({ length: 500 }, (_, index) =>
            issue(`d-${from + index}`, 'ongoing', from + index + 10, { detectedAt: at(from + index) }),
          ),
        )
    })
    expect(report.open).toHaveLength(2_000)
    expect(report.open[0]?.key.id).toBe('d-0')
    expect(report.counts.trust).toEqual({ verified: 2_500 })
  })
})

describe('a report of hostile text', () => {
  const hostileReport = (): PostureReport => {
    const report = reportOf((store) => {
      for (const [index, text] of hostile.entries())
        for (const status of ['ongoing', 'resolved'])
          store.keeper.keep([
            issue(`${status}-${index}-${text}`.slice(0, 500), status, 10, {
              ...{ type: text, entityId: text, entityType: text, sourceType: text, frameworks: [text, `${text} again`] },
              ...(status === 'ongoing' ? { status: index % 2 === 0 ? text : 'ongoing' } : {}),
            }),
          ])
    })
    const gap = { id: 1, from: at(0), to: null, because: 'asleep', end: { kind: 'open' } } as const
    return {
      ...report,
      organizations: hostile.map((text) => ({ id: text as typeof organization, name: text, isDemo: false })),
      gaps: hostile.map((text) => ({ ...gap, inlet: text as InletId })),
    }
  }

  test('is text, in every place where a field can stand', () => {
    const report = hostileReport()
    for (const text of hostile) {
      const html = writeReport(report, { ...about, framework: text })
      // Only what the report itself is made of: no other element, no attribute that could act or ask for anything.
      const tags = new Set([...html.matchAll(/<\/?([a-z!][a-z0-9]*)/gi)].map(([, tag]) => tag!.toLowerCase()))
      const ours = [
        '!doctype',
        'html',
        'head',
        'meta',
        'title',
        'style',
        'body',
        'header',
        'main',
        'section',
        'footer',
        'h1',
        'h2',
        'h3',
        'p',
        'dl',
        'dt',
        'dd',
      ]
      const more = ['ul', 'li', 'b', 'table', 'thead', 'tbody', 'tr', 'th', 'td', 'bdi', 'code', 'div', 'svg', 'rect', 'line']
      expect([...tags].filter((tag) => ![...ours, ...more].includes(tag))).toEqual([])
      const attributes = [...html.matchAll(/<[a-z][^>]*>/gi)].flatMap(([tag]) =>
        [...tag.matchAll(/\s([a-z-]+)=/gi)].map(([, name]) => name!),
      )
      const acting = attributes.filter((name) => /^on|href|src|style|action|formaction|srcdoc|data/i.test(name))
      expect(acting).toEqual([])
      expect(html.match(/<meta http-equiv/g)).toHaveLength(1)
      // Nothing that hides or reorders is left, but for the line breaks that the report itself has.
      expect(html.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u)
    }
  })

  test('shows what is invisible by name, and as much of what is long as fits', () => {
    const html = writeReport(hostileReport(), about)
    expect(html).toContain('⟨U+202E⟩gnp.exe⟨U+202C⟩')
    expect(html).toContain(`${'x'.repeat(300)}…`)
    expect(html).not.toContain('x'.repeat(301))
  })

  test('forbids everything but its own style, which is the one it has', () => {
    const html = writeReport(hostileReport(), about)
    const [, policy] = /<meta http-equiv="Content-Security-Policy" content="([^"]*)" \/>/.exec(html) ?? []
    const [, style = ''] = /<style>([^]*?)<\/style>/.exec(html) ?? []
    const hash = createHash('sha256').update(style).digest('base64')
    expect(policy).toBe(`default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'`)
  })
})

describe('a report that is saved', () => {
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'tocsin-report-'))
    onTestFinished(() => rmSync(path, { recursive: true, force: true }))
    return path
  }

  test('is there whole, for this user alone', async () => {
    const path = join(folder(), 'report.html')
    expect(await saveReport(path, async () => 'whole')).toEqual({ kind: 'saved', path })
    expect(readFileSync(path, 'utf8')).toBe('whole')
    expect(statSync(path).mode & 0o077).toBe(0)
  })

  test('that cannot be made leaves what was there, and nothing else', async () => {
    const at = folder()
    const path = join(at, 'report.pdf')
    writeFileSync(path, 'before')
    const saved = await saveReport(path, () => Promise.reject(new Error('printing took too long')))
    expect(saved).toEqual({ kind: 'failed', detail: expect.stringContaining('printing took too long') })
    expect(readdirSync(at)).toEqual(['report.pdf'])
    expect(readFileSync(path, 'utf8')).toBe('before')
  })

  test('to a folder that is not there is said to be not saved', async () => {
    const path = join(folder(), 'nowhere', 'report.html')
    expect((await saveReport(path, async () => 'x')).kind).toBe('failed')
    expect(existsSync(path)).toBe(false)
  })
})

test.each([
  [null, '–'],
  [0, '< 1 min'],
  [59 * 60_000, '59 min'],
  [3 * 3_600_000, '3 h'],
  [3 * 3_600_000 + 60_000, '3 h 1 min'],
  [50 * 3_600_000 + 60_000, '2 d 2 h'],
  [48 * 3_600_000 + 5 * 60_000, '2 d'],
])('%j ms are %j', (ms, words) => expect(lasting(ms)).toBe(words))
