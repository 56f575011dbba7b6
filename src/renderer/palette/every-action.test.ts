import { expect, onTestFinished, test, vi } from 'vitest'
import type { AttackAnswer } from '../../shared/attack.ts'
import type { Instant } from '../../shared/detection.ts'
import { healthOf } from '../../shared/health-test-support.ts'
import type { Digest } from '../../shared/inbox.ts'
import type { InletId, InletReport } from '../../shared/inlets.ts'
import type { PostureOverview } from '../../shared/posture.ts'
import type { Mute, RuleId } from '../../shared/rules.ts'
import { defaultSettings } from '../../shared/settings.ts'
import type { Task, TaskId } from '../../shared/tasks.ts'
import { detailOf, detectionOf, inletOf, waysOf } from '../state/memory-bridge.ts'
import { emptyRule } from '../state/rule-editor.svelte.ts'
import { placeShortcuts, shortcuts } from '../ui/shortcuts.ts'
import { actionOf, actions, choices, wordsOf } from './action.ts'
import type { PaletteCommand } from './command.ts'
import { commandsAt } from './commands-at.ts'
import { scoreOf } from './fuzzy.ts'

const relay = 'relay:aaaaaaaa' as InletId
const taskOf = (id: string, state: Task['state']): Task => ({ id: id as TaskId, kind: 'export', title: id, done: 0, total: null, state })
const rule = { ...emptyRule, id: 7 as RuleId, name: 'nightly' }
const silence = { id: 1, of: { kind: 'all' }, since: detectionOf(1).changedAt, until: null } as unknown as Mute
const about = { entityId: 'ci-deploy', sourceType: 'okta_org', metadata: { ip: '10.0.0.1' } }

/** The app at a place, and all that can be the case anywhere is. */
const fullAt = async (path: string) => {
  const made = await commandsAt(path, {
    'settings:read': () => ({ ...defaultSettings, recentSearches: ['okta'] }),
    'views:list': () => [{ id: 1, name: 'Threats', address: 'timeline?q=kind%3Athreat', isPinned: false }],
    'tasks:list': () => [taskOf('a', { kind: 'running' }), taskOf('b', { kind: 'done', detail: 'All of it.' })],
    'rules:list': () => ({ rules: [rule], mutes: [silence], suppressions: [], broken: [], brokenSuppressions: [] }),
    'ways:read': () => waysOf([inletOf(relay, { setUp: { kind: 'relay' } as unknown as InletReport['setUp'] })]),
    'health:read': () =>
      healthOf({ receiver: { kind: 'stopped' }, ways: [{ id: relay, name: 'relay', state: 'down', because: 'asleep' }] }),
    'timeline:count': () => ({ kind: 'count', count: 2, isCapped: false }),
    'detection:open': () => detailOf(2, { ...about, triage: { ...detectionOf(2).triage, verdict: 'expected' } }),
    'digest:read': () => ({ since: detectionOf(1).changedAt, until: detectionOf(2).changedAt }) as unknown as Digest,
  })
  onTestFinished(() => made.app.stop())
  return made
}

/** What is offered at each place, where everything is the case that a command asks for. */
async function everywhere(): Promise<readonly PaletteCommand[]> {
  const timeline = await fullAt('timeline')
  const { app } = timeline
  await vi.waitFor(() => expect([app.ways.inlets.length, app.health.outages.length, app.savedViews.list.length]).toEqual([1, 1, 1]))
  app.timeline.setRange({ from: detectionOf(1).changedAt, to: '2031-06-01T00:00:00.000Z' as Instant })
  await vi.waitFor(() => expect([app.timeline.range !== null, app.timeline.count]).toEqual([true, 3]))
  await app.cursor.moveTo(1)
  await app.selection.open(detectionOf(2))
  await app.triage.act('acknowledge')
  await app.triage.act('mark')
  app.timeline.typed = 'okta'
  app.timeline.searchedTo = detectionOf(1).changedAt
  app.chart.lanes.value = { bars: [] } as unknown as typeof app.chart.lanes.value
  app.suppressed.value = { kind: 'count', count: 2, isCapped: false }

  const posture = await fullAt('posture')
  posture.app.posture.value = { framework: null } as unknown as PostureOverview
  const attack = await fullAt('attack')
  attack.app.attack.value = { kind: 'attack' } as unknown as AttackAnswer & { kind: 'attack' }
  const digest = await fullAt('digest')
  await digest.app.digest.read(null)
  const rules = await fullAt('rules')
  await vi.waitFor(() => expect(rules.app.ruleArranger.list).toHaveLength(1))
  rules.app.ruleArranger.turn(rule, !rule.isOn)
  return [timeline, posture, attack, digest, rules].flatMap(({ commands }) => commands())
}

test('every action has a command, and every word is one for a command', async () => {
  const ids = new Set((await everywhere()).map(({ id }) => id))
  expect([...new Set([...ids].map(actionOf))].sort()).toEqual([...actions].sort())
  expect(choices.filter((id) => !ids.has(id))).toEqual([])
})

test('whatever has a key in the help has a command that shows it, but for the palette itself', async () => {
  const shown = (await everywhere()).flatMap(({ keys }) => (keys ? [keys.join(' ')] : []))
  const all = [...shortcuts, ...placeShortcuts].map(({ keys }) => keys.join(' '))
  expect(all.filter((keys) => !shown.includes(keys))).toEqual(['Ctrl K'])
  expect(shown.filter((keys) => !all.includes(keys))).toEqual([])
})

/** What people type, and the command they look for. */
const looked = [
  ['ack', 'acknowledge'],
  ['fp', 'done false-positive'],
  ['false positive', 'done false-positive'],
  ['tag', 'label'],
  ['unsnooze', 'wake'],
  ['deselect', 'select none'],
  ['download evidence', 'evidence'],
  ['star', 'keep'],
  ['print', 'report pdf'],
  ['mitre layer', 'navigator'],
  ['url', 'link'],
  ['share', 'link'],
  ['silence', 'mute'],
  ['noise', 'suppress'],
  ['dark mode', 'theme dark'],
  ['night mode', 'theme dark'],
  ['compact', 'density'],
  ['clipboard json', 'copy detection'],
  ['select all', 'select all'],
  ['report html', 'report html'],
  ['pdf', 'report pdf'],
  ['mark as seen', 'seen'],
  ['user', 'entity'],
  ['autostart', 'login'],
  ['shortcuts', 'help'],
  ['previous view', 'back'],
  ['mitre', 'go attack'],
  ['users', 'go entities'],
  ['bookmark', 'save view'],
  ['tenant', 'organization'],
  ['siem', 'hook'],
  ['older', 'further'],
] as const

test('a command is found by the words people would type, among the first that are seen', async () => {
  const commands = await everywhere()
  const foundBy = (typed: string) => [
    ...new Set(
      commands
        .map(({ id, name }) => ({ id, points: scoreOf(name, wordsOf(id), typed) }))
        .filter(({ points }) => points > 0)
        .sort((one, other) => other.points - one.points)
        .map(({ id }) => id),
    ),
  ]
  const seen = (typed: string) => foundBy(typed).slice(0, 6)
  expect(looked.filter(([typed, id]) => !seen(typed).includes(id)).map(([typed]) => [typed, seen(typed)])).toEqual([])
})
