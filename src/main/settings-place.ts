import type { SettingsWritten } from '../shared/ipc.ts'
import type { Settings } from '../shared/settings.ts'
import type { SettingsStore, WindowBounds } from './store/settings.ts'
import { readSettings } from './ways/public-origin.ts'

/** What the user chose, and where the window was. */
export type SettingsPlace = {
  settings(): Settings
  readonly windowBounds: { read(): WindowBounds | null; write(bounds: WindowBounds): void }
  writeSettings(changes: Partial<Settings>): SettingsWritten
}

export function createSettingsPlace(rows: SettingsStore, onWritten: (settings: Settings) => void): SettingsPlace {
  return {
    settings: rows.read,
    windowBounds: {
      read: () => rows.readApp().windowBounds,
      write: (windowBounds) => void rows.writeApp({ windowBounds }),
    },
    writeSettings(changes) {
      const read = readSettings(changes)
      if (read.kind === 'refused') return read
      const settings = rows.write(read.changes)
      onWritten(settings)
      return { kind: 'written', settings }
    },
  }
}
