import { toInstant } from '../state/instant.ts'
import { isHidingSuppressed, toggleSuppressed } from '../timeline/hide-suppressed.ts'
import { keysOf } from '../ui/shortcuts.ts'
import { command, type CommandsOf } from './command.ts'

const offeredSearches = ['kind:threat is:open', 'kind:posture is:open', 'is:unread', 'confidence>=0.8 last:7d']
const ranges = [
  ['24 hours', 1],
  ['7 days', 7],
  ['30 days', 30],
] as const
const dayMs = 86_400_000

/** What is listed: searches, ranges, and how far back was looked. */
export const searchCommands: CommandsOf = ({ navigation, timeline, searches, suppressed, showTimeline }, { focusSearch, now }) => {
  const onTimeline = (ask: () => void): void => {
    ask()
    if (navigation.view !== 'timeline') showTimeline()
  }
  const searchFor = (text: string): void =>
    onTimeline(() => {
      timeline.search(text)
      timeline.searchNow()
    })
  const isTimeline = navigation.view === 'timeline'
  const isHidden = isHidingSuppressed(timeline.typed)
  return [
    command('search', 'Search the history', focusSearch, keysOf('search')),
    // One that is offered anyway may be among the recent ones too.
    ...[...new Set([...searches.recent.slice(0, 8), ...offeredSearches])].map((text) =>
      command(`search ${text}`, `Search: ${text}`, () => searchFor(text)),
    ),
    ...(timeline.typed === '' ? [] : [command('clear', 'Clear the search', () => searchFor(''))]),
    ...(searches.recent.length === 0 ? [] : [command('forget', 'Forget recent searches', () => void searches.forget())]),
    ...(isTimeline && timeline.searchedTo !== null ? [command('further', 'Search further back', () => void timeline.goOn())] : []),
    ...(isTimeline && (isHidden || (suppressed.count?.count ?? 0) > 0)
      ? [command('hide suppressed', isHidden ? 'Show what is suppressed' : 'Hide what is suppressed', () => toggleSuppressed(timeline))]
      : []),
    ...ranges.map(([name, days]) =>
      command(`range ${days}`, `Zoom to the last ${name}`, () => {
        const to = now()
        onTimeline(() => timeline.setRange({ from: toInstant(to - days * dayMs), to: toInstant(to) }))
      }),
    ),
    ...(timeline.wanted.range === null
      ? []
      : [command('range all', 'Zoom out to everything', () => onTimeline(() => timeline.setRange(null)))]),
  ]
}
