import { muteFields } from '../../shared/rules.ts'
import { snoozes, snoozeWords } from '../../shared/snooze.ts'
import { verdicts } from '../../shared/triage.ts'
import { hasMembers } from '../detection/words.ts'
import { fieldWords } from '../rules/rule-words.ts'
import { mutableOf, noiseOf } from '../state/hushing.svelte.ts'
import { verdictWords } from '../state/triage.svelte.ts'
import { copyMarked } from '../timeline/copy-marked.ts'
import { keysOf } from '../ui/shortcuts.ts'
import { command, type CommandsOf } from './command.ts'

/** What is done with detections: with those that are marked, with the one the keyboard stands on, and with the one that is open. */
export const triageCommands: CommandsOf = (app) => {
  const { navigation, timeline, marks, cursor, triage, rules } = app
  const { undoesRules } = app
  const canUndo = undoesRules ? rules.undoable !== null : triage.canUndo
  const undone = canUndo ? [command('undo', 'Undo', () => void (undoesRules ? rules.undoLast() : triage.undoLast()), keysOf('undo'))] : []
  if (navigation.view !== 'timeline') return undone
  return [
    ...undone,
    ...(timeline.count > 0
      ? [
          command('next', 'Next detection', () => void cursor.step(1), keysOf('down')),
          command('previous', 'Previous detection', () => void cursor.step(-1), keysOf('up')),
          command('newest', 'To the newest detection', () => void cursor.moveTo(0), keysOf('first')),
          command('oldest', 'To the oldest detection', () => void cursor.moveTo(timeline.count - 1), keysOf('last')),
        ]
      : []),
    ...(triage.canAct
      ? [
          command('acknowledge', 'Acknowledge', () => void triage.act('acknowledge'), keysOf('acknowledge')),
          command('done', 'Mark as done', () => void triage.act('done'), keysOf('done')),
          ...verdicts.map((verdict) =>
            command(`done ${verdict}`, `Mark as done: ${verdictWords[verdict].toLowerCase()}`, () => void triage.done(verdict)),
          ),
          ...snoozes.map((snooze) =>
            command(
              `snooze ${snooze}`,
              `Snooze ${snoozeWords[snooze]}`,
              () => void triage.snooze(snooze),
              snooze === 'hour' ? keysOf('snooze') : undefined,
            ),
          ),
          command('wake', 'Wake what is snoozed', () => void triage.wake()),
          command('label', 'Label…', () => app.dialogs.show('label')),
          command('unread', 'Mark as unread', () => void triage.act('unread'), keysOf('unread')),
        ]
      : []),
    ...(cursor.index >= 0
      ? [
          command('open', 'Open the detection', () => cursor.open(), keysOf('open')),
          command('mark', 'Select or unselect this row', () => void triage.act('mark'), keysOf('mark')),
        ]
      : []),
    ...(timeline.count > marks.count ? [command('select all', 'Select all', () => marks.all(), keysOf('all'))] : []),
    ...(triage.hasMarks ? [command('select none', 'Select nothing', () => triage.unmark(), keysOf('close'))] : []),
    ...(marks.rows.length > 0 ? [command('copy rows', 'Copy the selected rows', () => copyMarked(app))] : []),
    ...openCommands(app),
  ]
}

function openCommands(app: Parameters<CommandsOf>[0]): ReturnType<CommandsOf> {
  const { selection, hushing, evidence, navigation, triage } = app
  const { detail } = selection
  const closing = selection.phase === 'none' ? [] : [command('close', 'Close the detection', () => selection.close(), keysOf('close'))]
  if (detail === null) return closing
  const { detection, isKept, verdictReason } = detail
  const { entityId } = detection
  const { verdict } = detection.triage
  const alike = noiseOf(detection)
  return [
    ...closing,
    command('keep', isKept ? 'Do not keep this detection any more' : 'Keep this detection', () => void app.keepOpen(!isKept)),
    ...verdicts
      .filter((other) => other !== verdict)
      .map((other) =>
        command(
          `verdict ${other}`,
          `Give a verdict only: ${verdictWords[other].toLowerCase()}`,
          () => void triage.judge(detection, other, verdictReason ?? ''),
        ),
      ),
    ...(verdict === null ? [] : [command('verdict none', 'Take the verdict away', () => void triage.judge(detection, null, ''))]),
    ...(evidence.isSaving ? [] : [command('evidence', 'Save evidence of this detection…', () => void evidence.save(detection))]),
    command('copy detection', 'Copy this detection as JSON', () => void app.copyDetection(detection)),
    ...(hasMembers(detection.metadata) ? [command('copy metadata', 'Copy its metadata', () => void app.copyMetadata(detection))] : []),
    ...(entityId === null
      ? []
      : [command('entity', 'Go to its entity', () => navigation.open({ view: 'entities', entity: { entityId, organizationId: null } }))]),
    ...muteFields
      .filter((field) => mutableOf(detection)[field] !== null)
      .map((field) =>
        command(`mute ${field}`, `Mute this ${fieldWords[field].toLowerCase()}…`, () => hushing.mute(field, mutableOf(detection))),
      ),
    ...(alike === ''
      ? []
      : [
          command('suppress like', 'Suppress detections like this one…', () => hushing.suppress(alike)),
          command('rule like', 'Write a rule for detections like this one…', () => app.writeRule(alike)),
        ]),
  ]
}
