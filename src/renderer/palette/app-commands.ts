import { usualNight } from '../../shared/rules.ts'
import { columnNames, notificationContents, type NotificationContent } from '../../shared/settings.ts'
import { columnWords, toggledColumn } from '../ui/column-words.ts'
import { keysOf } from '../ui/shortcuts.ts'
import { command, type CommandsOf } from './command.ts'

const contentNames: Readonly<Record<NotificationContent, string>> = {
  full: 'say what they are about',
  'hidden-when-locked': 'say nothing while the screen is locked',
  hidden: 'never say what they are about',
}

/** Settings, and what is of no view. */
export const appCommands: CommandsOf = (app) => {
  const { settings, tasks, care, sample, dialogs, health, ways } = app
  const down = health.outages.filter(({ because, id }) => because !== 'offline' && ways.get(id)?.setUp).map(({ id }) => id)
  const { density, theme, columns, notify, notificationContent, quietHours, startAtLogin } = settings.value
  const otherDensity = density === 'compact' ? 'comfortable' : 'compact'
  return [
    ...(health.isReceiverDown ? [command('listen', 'Try to listen again', () => void health.restartReceiver())] : []),
    ...(down.length === 0 ? [] : [command('reconnect', 'Reconnect what is down', () => down.forEach((id) => void ways.reconnect(id)))]),
    ...tasks.list.map((task) =>
      task.state.kind === 'running'
        ? command(`cancel ${task.id}`, `Cancel: ${task.title}`, () => void tasks.end(task))
        : command(`dismiss ${task.id}`, `Dismiss: ${task.title}`, () => void tasks.end(task)),
    ),
    command('import', 'Import archives or tokens…', () => void tasks.startImport()),
    ...(['system', 'dark', 'light'] as const)
      .filter((other) => other !== theme)
      .map((other) =>
        command(`theme ${other}`, `Theme: ${other === 'system' ? 'follow the system' : other}`, () => void app.choose({ theme: other })),
      ),
    command('density', `Rows: ${otherDensity}`, () => void app.choose({ density: otherDensity })),
    ...columnNames.map((name) =>
      command(
        `column ${name}`,
        `Rows: ${columns.includes(name) ? 'without' : 'with'} ${columnWords[name]}`,
        () => void app.choose({ columns: toggledColumn(columns, name) }),
      ),
    ),
    command('notify', notify ? 'Turn notifications off' : 'Turn notifications on', () => void app.choose({ notify: !notify })),
    command('quiet hours', quietHours === null ? 'Quiet hours at night' : 'No quiet hours', () => {
      void app.choose({ quietHours: quietHours === null ? usualNight : null })
    }),
    ...notificationContents
      .filter((other) => other !== notificationContent)
      .map((other) =>
        command(`content ${other}`, `Notifications ${contentNames[other]}`, () => void app.choose({ notificationContent: other })),
      ),
    command('login', startAtLogin === true ? 'Do not start at login' : 'Start at login', () => {
      void app.choose({ startAtLogin: startAtLogin !== true })
    }),
    command('backup', 'Make a backup now', () => void care.makeBackup()),
    command('sample', 'Send a sample detection', () => void sample.send()),
    command('help', 'Keys, marks and searches', () => dialogs.show('help'), keysOf('help')),
  ]
}
