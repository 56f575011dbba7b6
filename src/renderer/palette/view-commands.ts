import { keysOf } from '../ui/shortcuts.ts'
import { command, type CommandsOf } from './command.ts'

/** What can be done with the view that is open. */
export const viewCommands: CommandsOf = (app, { now }) => {
  const { navigation, timeline, chart, tasks, posture, digest, attack, dialogs, rules, ruleArranger, hushing } = app
  const { location } = navigation
  const query = location.view === 'timeline' ? timeline.text : ''
  const silence = rules.silenceAt(now())
  const isChanged = location.view === 'rules' && location.part === 'list' && ruleArranger.isChanged && !rules.isWriting
  return [
    command('save view', 'Save this view…', () => dialogs.show('save-view')),
    command('views', 'Manage saved views…', () => dialogs.show('views')),
    command('link', 'Copy a link to this view', () => void app.copyLink()),
    ...(location.view === 'timeline' ? [command('export', 'Export this view…', () => dialogs.show('export'))] : []),
    ...(location.view === 'timeline' && chart.lanes.value !== null
      ? [
          command('table', chart.hasTable ? 'Hide the table of the chart' : 'Show the chart as a table', () => {
            chart.hasTable = !chart.hasTable
          }),
        ]
      : []),
    ...(location.view === 'posture' && posture.value !== null && posture.isSaving === null
      ? [
          command('report html', 'Save this report as HTML…', () => void posture.saveReport('html')),
          command('report pdf', 'Save this report as PDF…', () => void posture.saveReport('pdf')),
        ]
      : []),
    ...(location.view === 'attack' && attack.counts !== null
      ? [
          command(
            'navigator',
            'Export as a Navigator layer…',
            () => void tasks.startExport({ kind: 'view', ...timeline.wanted }, 'navigator'),
          ),
          command('all techniques', location.isWhole ? 'Only techniques with detections' : 'All techniques', () =>
            navigation.open({ ...location, isWhole: !location.isWhole }),
          ),
        ]
      : []),
    ...(location.view === 'digest' && digest.value !== null && !digest.isSeen
      ? [command('seen', 'Mark as seen', () => void digest.seen())]
      : []),
    ...(isChanged
      ? [
          command('save rules', 'Save the changes of the rules', () => void ruleArranger.save(), keysOf('save')),
          command('discard rules', 'Discard the changes of the rules', () => ruleArranger.discard()),
        ]
      : []),
    ...(silence === null ? [] : [command('unmute', 'Unmute Tocsin', () => void rules.unmute(silence, 'Tocsin speaks again'))]),
    command('mute', 'Mute…', () => hushing.mute()),
    command('suppress', query.trim() === '' ? 'Suppress…' : 'Suppress what this search finds…', () => hushing.suppress(query)),
    command('rule', query.trim() === '' ? 'Write a rule…' : 'Write a rule for this search…', () => app.writeRule(query)),
  ]
}
