import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { _electron, expect, type ElectronApplication, type Page } from '@playwright/test'

export const root = dirname(dirname(dirname(fileURLToPath(import.meta.url))))

/** The Electron that the scripts set up. */
export const electronExecutable = process.env['ELECTRON_EXEC_PATH'] ?? 'electron'
const sandboxFlags = process.getuid?.() === 0 ? ['--no-sandbox'] : []

export type Environment = Readonly<Record<string, string>>
export type RunningApp = { readonly electron: ElectronApplication; readonly page: Page; readonly profile: string; readonly url: string }

/** A profile of one test, in a folder that is gone with `remove()`. */
export function temporaryProfile(): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-e2e-'))
  return { path: join(folder, 'profile'), remove: () => rmSync(folder, { recursive: true, force: true }) }
}

/** Starts the real app, built before, and waits until its receiver listens and its window shows. */
export async function startApp(profile: string, env: Environment = {}): Promise<RunningApp> {
  const { electron, page } = await launchApp(profile, env)
  return { electron, page, profile, url: await listening(profile, electron.process().pid ?? 0) }
}

/** The same for an app that asks before it does what only a person may grant, and a person who grants all of it. */
export async function startAllowedApp(profile: string, env: Environment = {}): Promise<RunningApp> {
  const app = await startApp(profile, { ...env, TOCSIN_NO_DIALOG: '' })
  await app.electron.evaluate(({ dialog }) => {
    dialog.showMessageBox = () => Promise.resolve({ response: 1, checkboxChecked: false })
  })
  return app
}

/** Starts the real app and waits for its window only. */
export async function launchApp(profile: string, env: Environment = {}): Promise<Pick<RunningApp, 'electron' | 'page'>> {
  const electron = await _electron.launch({
    executablePath: electronExecutable,
    args: [...sandboxFlags, root, '--user-data', profile],
    env: { ...inherited(), ...env },
  })
  takeTurns(electron)
  const page = await electron.firstWindow()
  // It shows itself, and takes the focus, once it has something to show.
  await expect.poll(() => electron.evaluate(({ BrowserWindow }) => BrowserWindow.getAllWindows()[0]?.isVisible())).toBe(true)
  return { electron, page }
}

/**
 * What a test does in the main process is done in a turn of its own, as what a desktop does is: a debugger may otherwise begin in the middle
 * of the app's code, with a query half read.
 */
function takeTurns(electron: ElectronApplication): void {
  const evaluate = electron.evaluate.bind(electron) as (run: unknown, given: unknown) => Promise<never>
  electron.evaluate = (act: unknown, argument?: unknown) =>
    evaluate(
      (modules: unknown, [source, given]: readonly [string, unknown]) =>
        new Promise((resolve, reject) => {
          setImmediate(() => {
            try {
              resolve(((0, eval)(`(${source})`) as (modules: unknown, given: unknown) => unknown)(modules, given))
            } catch (error) {
              reject(error as Error)
            }
          })
        }),
      [String(act), argument],
    )
}

/** The same app as a bare process, for tests that kill or trace it. */
export function spawnApp(
  profile: string,
  options: { env?: Environment; wrapper?: readonly string[]; ownGroup?: boolean; args?: readonly string[] } = {},
): ChildProcess {
  const [command = electronExecutable, ...rest] = [
    ...(options.wrapper ?? []),
    electronExecutable,
    ...sandboxFlags,
    root,
    '--user-data',
    profile,
    ...(options.args ?? []),
  ]
  return spawn(command, rest, {
    env: { ...inherited(), ...options.env },
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: options.ownGroup ?? false,
  })
}

/** Waits for connection.json of a running app and resolves with the address it names. `pid` 0 accepts any live process. */
export async function listening(profile: string, pid = 0, timeoutMs = 20_000): Promise<string> {
  const file = join(profile, 'connection.json')
  let url = ''
  await expect
    .poll(
      () => {
        if (!existsSync(file)) return 'no connection.json'
        const connection = JSON.parse(readFileSync(file, 'utf8')) as { url: string; pid: number }
        if (pid !== 0 && connection.pid !== pid) return `connection.json names process ${connection.pid}`
        url = connection.url
        return 'listening'
      },
      { timeout: timeoutMs, intervals: [50] },
    )
    .toBe('listening')
  return url
}

/** Kills with SIGKILL, as a crash would, and waits until the process is gone. */
export async function killHard(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill('SIGKILL')
  await gone
}

export type CommandResult = { readonly code: number; readonly stdout: string; readonly stderr: string }

/** `tocsin COMMAND --user-data PROFILE` under plain Node, as `npm run tocsin` runs it. */
export async function tocsin(profile: string, ...args: readonly string[]): Promise<CommandResult> {
  const child = spawn('node', [join(root, 'src/cli/index.ts'), ...args, '--user-data', profile], { stdio: ['ignore', 'pipe', 'pipe'] })
  let stdout = ''
  let stderr = ''
  child.stdout.on('data', (chunk: Buffer) => (stdout += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()))
  const [code] = (await once(child, 'close')) as [number | null]
  return { code: code ?? -1, stdout, stderr }
}

/** Every detection of the history as `tocsin query --json` prints it. */
export async function detections(
  profile: string,
): Promise<readonly { id: string; organizationId: string; status: string; type: string }[]> {
  const { stdout } = await tocsin(profile, 'query', '--json', '--limit', '100000')
  return stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as { id: string; organizationId: string; status: string; type: string })
}

function inherited(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined))
}
