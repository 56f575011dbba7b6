import { appCommands } from './app-commands.ts'
import type { CommandsOf } from './command.ts'
import { placeCommands } from './place-commands.ts'
import { searchCommands } from './search-commands.ts'
import { triageCommands } from './triage-commands.ts'
import { viewCommands } from './view-commands.ts'

/** Everything that can be done now, by name: what one is at comes first. */
export const createCommands: CommandsOf = (app, shell) =>
  [triageCommands, viewCommands, placeCommands, searchCommands, appCommands].flatMap((commandsOf) => commandsOf(app, shell))
