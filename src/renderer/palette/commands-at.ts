import type { RequestName } from '../../shared/ipc.ts'
import { defaultSettings } from '../../shared/settings.ts'
import type { UndoId } from '../../shared/triage.ts'
import { createAppState } from '../state/app.ts'
import { toAddress } from '../state/location.ts'
import { createMemoryBridge, detailOf, detectionOf } from '../state/memory-bridge.ts'
import { createCommands } from './commands.ts'

/** For tests: the app at a place with three detections, what can be done by name there, and what main was asked for. It is the test's to stop. */
export async function commandsAt(path: string, answers: Parameters<typeof createMemoryBridge>[0] = {}) {
  const main = createMemoryBridge({
    'settings:read': () => defaultSettings,
    'settings:write': (change) => ({ kind: 'written', settings: { ...defaultSettings, ...change } }),
    'timeline:page': () => ({
      ...{ kind: 'page', first: null, next: null, total: 3, searchedTo: null, isWhole: true, asOf: { sequence: 3, late: 0 } },
      detections: [detectionOf(3), detectionOf(2), detectionOf(1)],
    }),
    'triage:write': ({ of }) => ({
      kind: 'triaged',
      undo: 1 as UndoId,
      count: of.kind === 'keys' ? of.keys.length : 3,
      isCapped: false,
      left: 0,
    }),
    'clipboard:write': () => null,
    'export:start': () => ({ kind: 'cancelled' }),
    'report:save': () => ({ kind: 'cancelled' }),
    'evidence:save': () => ({ kind: 'cancelled' }),
    'detection:open': () => detailOf(2),
    'detection:keep': ({ keep }) => ({ isKept: keep }),
    ...answers,
  })
  let now = path
  const app = createAppState(main.bridge, { read: () => now, write: (address) => (now = address), listen: () => () => {} }, () => 0)
  while (app.timeline.count === 0) await new Promise((done) => setTimeout(done))
  const steps: number[] = []
  const commands = () => createCommands(app, { focusSearch: () => {}, now: () => 0, step: (by) => steps.push(by) })
  const names = () => commands().map(({ id }) => id)
  const run = (id: string) => {
    const one = commands().find((command) => command.id === id)
    if (one === undefined) throw new Error(`there is no ${id} among ${names().join(', ')}`)
    one.run()
  }
  const asked = (name: RequestName) => main.asked.filter((one) => one.name === name).map(({ argument }) => argument)
  return { main, app, commands, run, names, asked, steps, address: () => toAddress(app.navigation.location) }
}
