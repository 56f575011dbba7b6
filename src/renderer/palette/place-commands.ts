import { mostHooks } from '../../shared/hooks.ts'
import type { View } from '../../shared/view.ts'
import { sinceWords } from '../digest/span-words.ts'
import { filterWords } from '../inbox/said-words.ts'
import { ruleParts, startOf } from '../state/location.ts'
import { keysOf } from '../ui/shortcuts.ts'
import { command, type CommandsOf } from './command.ts'

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
const partNames: Readonly<Record<(typeof ruleParts)[number], string | null>> = {
  // The view itself.
  list: null,
  // A command of its own, which brings the search along.
  new: null,
  mutes: 'Mutes',
  suppressions: 'Suppressions',
}

/** To every place that has an address, and the way back. */
export const placeCommands: CommandsOf = ({ navigation, savedViews, hooks, organizations }, { step }) => [
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
  ...ruleParts.flatMap((part) => {
    const name = partNames[part]
    return name === null ? [] : [command(`go ${part}`, `Go to ${name}`, () => navigation.open({ view: 'rules', part }))]
  }),
  ...(['told', 'quiet'] as const).map((filter) =>
    command(`inbox ${filter}`, `Inbox: ${filterWords[filter].toLowerCase()}`, () => navigation.open({ ...startOf.inbox, filter })),
  ),
  ...(['day', 'week'] as const).map((since) =>
    command(`digest ${since}`, `While you were away: ${sinceWords[since]}`, () => navigation.open({ view: 'digest', since })),
  ),
  command('connect', 'Add a way in', () => navigation.go('connections', 'connect')),
  command('organization', 'Add an organization', () => {
    navigation.go('connections')
    organizations.beginAdding()
  }),
  ...(hooks.list.length < mostHooks
    ? [
        command('hook', 'Add a hook', () => {
          navigation.go('rules')
          hooks.edit(null)
        }),
      ]
    : []),
  ...savedViews.list.map((view) => command(`view ${view.id}`, `View: ${view.name}`, () => navigation.follow(view.address))),
  command('back', 'Back to where you were', () => step(-1), keysOf('back')),
  command('forward', 'Forward again', () => step(1), keysOf('forward')),
]
