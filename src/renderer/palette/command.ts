import type { AppState } from '../state/app.ts'
import type { CommandId } from './action.ts'

/** Something the app can do, by its name. Only what can be done now is among them. */
export type PaletteCommand = { readonly id: CommandId; readonly name: string; readonly keys?: readonly string[]; run(): void }

/** What the page has around the app: its field, its clock, and the way it came. */
export type Shell = {
  readonly focusSearch: () => void
  readonly now: () => number
  /** Back by -1, forward by 1. */
  readonly step: (by: -1 | 1) => void
}

/** Commands of one kind, as they are when they are asked for. */
export type CommandsOf = (app: AppState, shell: Shell) => readonly PaletteCommand[]

export function command(id: CommandId, name: string, run: () => void, keys?: readonly string[]): PaletteCommand {
  return { id, name, run, ...(keys ? { keys } : {}) }
}
