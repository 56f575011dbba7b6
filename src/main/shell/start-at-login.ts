import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

/** Whether the desktop starts Tocsin when the user logs in, as the desktop itself has it. */
export type StartAtLogin = {
  read(): boolean
  /** `detail` is for people: what happened, what is safe, what to do next. */
  write(isOn: boolean): { readonly kind: 'written' } | { readonly kind: 'refused'; readonly detail: string }
}

/** What keeps the window shut at such a start, where the tray stands for it. */
export const hiddenFlag = '--hidden'

export type LoginItems = {
  getLoginItemSettings(options: { readonly args: string[] }): { readonly openAtLogin: boolean }
  setLoginItemSettings(settings: { readonly openAtLogin: boolean; readonly args: string[] }): void
}

export type StartAtLoginParts = {
  readonly platform: string
  readonly env: Readonly<Record<string, string | undefined>>
  readonly home: string
  /** The program and what it is given before anything else: of an app that is not packaged its folder. */
  readonly command: readonly string[]
  readonly loginItems: LoginItems
}

/** On Linux an entry of XDG autostart, elsewhere a login item of the system. */
export function createStartAtLogin(parts: StartAtLoginParts): StartAtLogin {
  const { platform, loginItems } = parts
  if (platform === 'linux') return createAutostart(parts)
  const [, ...folder] = parts.command
  // Windows takes them as they are, one after the other, for its command line.
  const args = [...folder.map((path) => `"${path}"`), hiddenFlag]
  return {
    read: () => loginItems.getLoginItemSettings({ args }).openAtLogin,
    write(isOn) {
      loginItems.setLoginItemSettings({ openAtLogin: isOn, args })
      if (loginItems.getLoginItemSettings({ args }).openAtLogin === isOn) return { kind: 'written' }
      return {
        kind: 'refused',
        detail:
          'The system did not take the login item. Nothing else was changed. Its own settings for what starts at login may forbid it.',
      }
    },
  }
}

function createAutostart({ env, home, command }: StartAtLoginParts): StartAtLogin {
  const given = env['XDG_CONFIG_HOME']
  // A path that is not absolute is to be taken for none, by the XDG base directory specification.
  const folder = given?.startsWith('/') === true ? given : join(home, '.config')
  const file = join(folder, 'autostart', 'tocsin.desktop')

  return {
    read() {
      try {
        // Desktops switch an entry off by this line, and leave the file.
        return !/^(Hidden=true|X-GNOME-Autostart-enabled=false)\s*$/m.test(readFileSync(file, 'utf8'))
      } catch {
        return false
      }
    },
    write(isOn) {
      try {
        if (!isOn) rmSync(file, { force: true })
        else {
          mkdirSync(dirname(file), { recursive: true })
          // Whole or not at all: a desktop may read it at any moment.
          const half = `${file}.${process.pid}`
          writeFileSync(half, entryOf(env['APPIMAGE'] === undefined ? command : [env['APPIMAGE']]), { mode: 0o644 })
          renameSync(half, file)
        }
        return { kind: 'written' }
      } catch (error) {
        const detail = error instanceof Error ? error.message : String(error)
        return {
          kind: 'refused',
          detail: `${file} could not be ${isOn ? 'written' : 'removed'} (${detail}). The setting is as it was. See who may write to that folder.`,
        }
      }
    },
  }
}

function entryOf(command: readonly string[]): string {
  return [
    '[Desktop Entry]',
    'Type=Application',
    'Name=Tocsin',
    'Comment=The desktop watch for SlashID identity detections',
    `Exec=${[...command, hiddenFlag].map(quoted).join(' ')}`,
    'Terminal=false',
    'X-GNOME-Autostart-enabled=true',
    '',
  ].join('\n')
}

/** An argument as the key Exec has it: quoted, then escaped once more as every string of such a file; a percent sign would begin a field code. */
function quoted(argument: string): string {
  const inQuotes = argument.replace(/["`$\\]/g, (sign) => `\\${sign}`).replace(/%/g, '%%')
  return `"${inQuotes}"`.replace(/\\/g, '\\\\').replace(/\n/g, '\\n')
}
