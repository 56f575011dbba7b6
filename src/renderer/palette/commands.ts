import type { AppState } from '../state/app.ts'
import { startOf } from '../state/location.ts'
import { toInstant } from '../state/instant.ts'
import { keysOf } from '../ui/shortcuts.ts'
import type { View } from '../../shared/view.ts'
import { mutableOf, noiseOf } from '../state/hushing.svelte.ts'
import { emptyRule } from '../state/rule-editor.svelte.ts'
import { fieldWords } from '../rules/rule-words.ts'
import { muteFields } from '../../shared/rules.ts'
import type { Dialog } from '../state/dialogs.svelte.ts'

/** Something the app can do, by its name. Only what can be done now is among them. */
export type PaletteCommand = { readonly id: string; readonly name: string; readonly keys?: readonly string[]; run(): void }

const viewNames: Readonly<Record<View, string>> = {
  timeline: 'Timeline',
  inbox: 'Inbox',
  entities: 'Entities',
  posture: 'Posture',
  attack: 'ATT&CK',
  digest: 'While you were away',
  rules: 'Rules',
  connections: 'Connections',
  settings: 'Settings',
}
const offeredSearches = ['kind:threat is:open', 'kind:posture is:open', 'is:unread', 'confidence>=0.8 last:7d']
const ranges = [
  ['24 hours', 1],
  ['7 days', 7],
  ['30 days', 30],
] as const
const dayMs = 86_400_000

export function createCommands(
  app: AppState,
  shell: { readonly focusSearch: () => void; readonly now: () => number },
): readonly PaletteCommand[] {
  const {
    navigation,
    timeline,
    selection,
    settings,
    savedViews,
    triage,
    tasks,
    sample,
    care,
    searches,
    dialogs,
    rules,
    ruleEditor,
    hushing,
  } = app
  const command = (id: string, name: string, run: () => void, keys?: readonly string[]): PaletteCommand => ({
    id,
    name,
    run,
    ...(keys ? { keys } : {}),
  })
  const show = (dialog: Dialog) => () => dialogs.show(dialog)
  const searchFor = (text: string): void => {
    navigation.go('timeline')
    timeline.search(text)
    timeline.searchNow()
  }
  const isTimeline = navigation.view === 'timeline'
  const opened = isTimeline ? (selection.detail?.detection ?? null) : null
  const query = isTimeline ? timeline.text : ''
  const silence = rules.silenceAt(shell.now())
  const writeRule = (text: string) => (): void => {
    ruleEditor.begin({ ...emptyRule, query: text })
    navigation.open({ view: 'rules', part: 'new' })
  }
  const { density, theme } = settings.value
  const otherDensity = density === 'compact' ? 'comfortable' : 'compact'
  return [
    ...(Object.keys(startOf) as View[]).map((view) =>
      command(`go ${view}`, `Go to ${viewNames[view]}`, () => navigation.go(view), keysOf({ go: view })),
    ),
    command(
      'go quarantine',
      'Go to Quarantine',
      () => navigation.go('connections', 'quarantine'),
      keysOf({ go: 'connections', place: 'quarantine' }),
    ),
    command('go drift', 'Go to Drift', () => navigation.go('connections', 'drift'), keysOf({ go: 'connections', place: 'drift' })),
    command('connect', 'Add a way in', () => navigation.go('connections', 'connect')),
    ...savedViews.list.map((view) => command(`view ${view.id}`, `View: ${view.name}`, () => navigation.follow(view.address))),
    command('search', 'Search the history', shell.focusSearch, keysOf('search')),
    // One that is offered anyway may be among the recent ones too.
    ...[...new Set([...searches.recent.slice(0, 8), ...offeredSearches])].map((text) =>
      command(`search ${text}`, `Search: ${text}`, () => searchFor(text)),
    ),
    ...(timeline.typed === '' ? [] : [command('clear', 'Clear the search', () => searchFor(''))]),
    ...(searches.recent.length === 0 ? [] : [command('forget', 'Forget recent searches', () => searches.forget())]),
    ...ranges.map(([name, days]) =>
      command(`range ${days}`, `Zoom to the last ${name}`, () => {
        navigation.go('timeline')
        const to = shell.now()
        timeline.setRange({ from: toInstant(to - days * dayMs), to: toInstant(to) })
      }),
    ),
    ...(timeline.wanted.range === null ? [] : [command('range all', 'Zoom out to everything', () => timeline.setRange(null))]),
    command('save view', 'Save this view…', show('save-view')),
    command('views', 'Manage saved views…', show('views')),
    command('link', 'Copy a link to this view', () => void app.copyLink()),
    ...(isTimeline ? [command('export', 'Export this view…', show('export'))] : []),
    command('import', 'Import archives or tokens…', () => void tasks.startImport()),
    ...(isTimeline && triage.canAct
      ? [
          command('acknowledge', 'Acknowledge', () => void triage.act('acknowledge'), keysOf('acknowledge')),
          command('done', 'Mark as done', () => void triage.act('done'), keysOf('done')),
          command('snooze', 'Snooze for 1 hour', () => void triage.act('snooze'), keysOf('snooze')),
          command('unread', 'Mark as unread', () => void triage.act('unread'), keysOf('unread')),
        ]
      : []),
    ...(silence === null
      ? [command('mute', 'Mute…', () => hushing.mute())]
      : [command('unmute', 'Unmute Tocsin', () => void rules.unmute(silence, 'Tocsin speaks again'))]),
    ...(opened === null
      ? []
      : [
          ...muteFields
            .filter((field) => mutableOf(opened)[field] !== null)
            .map((field) =>
              command(`mute ${field}`, `Mute this ${fieldWords[field].toLowerCase()}…`, () => hushing.mute(field, mutableOf(opened))),
            ),
          command('suppress like', 'Suppress detections like this one…', () => hushing.suppress(noiseOf(opened))),
        ]),
    ...(query.trim() === '' ? [] : [command('suppress', 'Suppress what this search finds…', () => hushing.suppress(query))]),
    command('rule', query.trim() === '' ? 'Write a rule…' : 'Write a rule for this search…', writeRule(query)),
    ...(triage.canUndo ? [command('undo', 'Undo', () => void triage.undoLast(), keysOf('undo'))] : []),
    ...(selection.phase === 'ready' ? [command('close', 'Close the detection', () => selection.close(), keysOf('close'))] : []),
    ...(['system', 'dark', 'light'] as const)
      .filter((other) => other !== theme)
      .map((other) =>
        command(
          `theme ${other}`,
          `Theme: ${other === 'system' ? 'follow the system' : other}`,
          () => void settings.write({ theme: other }),
        ),
      ),
    command('density', `Rows: ${otherDensity}`, () => void settings.write({ density: otherDensity })),
    command(
      'notify',
      settings.value.notify ? 'Turn notifications off' : 'Turn notifications on',
      () => void settings.write({ notify: !settings.value.notify }),
    ),
    command('backup', 'Make a backup now', () => void care.makeBackup()),
    command('sample', 'Send a sample detection', () => void sample.send()),
    command('help', 'Keys, marks and searches', show('help'), keysOf('help')),
  ]
}
