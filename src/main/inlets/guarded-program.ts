import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import fs from 'node:fs'

/** How a program ended. `not-started` carries the system's word for why, such as ENOENT. */
export type ProgramEnd =
  | { readonly kind: 'exited'; readonly code: number | null; readonly signal: string | null }
  | { readonly kind: 'not-started'; readonly reason: string }
  /** Its guard was killed; what it guarded was killed by us. */
  | { readonly kind: 'guard-lost' }

export type GuardedProgram = {
  /** Resolves once neither the program nor anything else that it started is left, as far as it can be known for its own. Never rejects. */
  readonly ended: Promise<ProgramEnd>
  /** Asks it to end, and kills it after 3 s. May be called often. */
  stop(): void
}

/** The guard needs these 3 s; beyond them something is wrong with the guard itself. */
const lastResortMs = 5_000
/** How long what was still in the pipes is waited for: a process that left the group could hold them open for good. */
const drainMs = 500

/**
 * Runs a program, without a shell, so that it can never outlive us: between us and it stands a guard, a small Node process that holds
 * one end of a channel. When the channel closes, because we asked or because we were killed, the guard ends the program's whole group, and
 * on Linux what has left that group: everything it starts inherits a mark in its environment.
 */
export function runGuarded(parts: {
  readonly command: readonly [string, ...string[]]
  readonly env: Readonly<NodeJS.ProcessEnv>
  /** Bytes of its output and of its error output, as they come. */
  readonly onOutput: (from: 'stdout' | 'stderr', text: string) => void
  /** Runs Node, or Electron, which is told to be Node. */
  readonly node?: string
}): GuardedProgram {
  const { command, env, onOutput, node = process.execPath } = parts
  const isWindows = process.platform === 'win32'
  const mark = randomUUID()
  const child = spawn(node, ['-e', guardSource, '--', mark, ...command], {
    // A group of its own: what ends ours, such as Ctrl+C in a terminal, leaves the guard to do its work.
    detached: !isWindows,
    windowsHide: true,
    env: { ...env, ELECTRON_RUN_AS_NODE: '1' },
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  })
  let pid: number | null = null
  let told: ProgramEnd | null = null
  let isStopping = false
  let lastResort: NodeJS.Timeout | undefined

  for (const from of ['stdout', 'stderr'] as const) {
    const stream = child[from]
    if (stream === null) throw new Error('the guard has no pipes')
    stream.setEncoding('utf8')
    stream.on('data', (text: string) => onOutput(from, text))
    stream.on('error', () => {})
  }
  child.on('message', (message) => {
    const word = message as GuardWord
    if (word.kind === 'started') pid = word.pid
    else told = word
  })

  const ended = new Promise<ProgramEnd>((resolve) => {
    const finish = (end: ProgramEnd): void => {
      clearTimeout(lastResort)
      child.stdout?.destroy()
      child.stderr?.destroy()
      resolve(end)
    }
    child.once('error', (error: NodeJS.ErrnoException) => {
      if (child.pid === undefined) finish({ kind: 'not-started', reason: error.code ?? error.message })
    })
    child.once('exit', (code) => {
      // A guard that ends by itself has done its work.
      const isDone = code === 0
      if (!isDone) killGroup(pid)
      const end = (): void => finish(told ?? (isDone ? { kind: 'exited', code: null, signal: 'SIGTERM' } : { kind: 'guard-lost' }))
      const timer = setTimeout(end, drainMs)
      child.once('close', () => {
        clearTimeout(timer)
        end()
      })
    })
  })

  return {
    ended,
    stop() {
      if (isStopping) return
      isStopping = true
      if (child.connected) child.disconnect()
      lastResort = setTimeout(() => {
        killGroup(pid)
        child.kill('SIGKILL')
      }, lastResortMs)
    },
  }

  function killGroup(leader: number | null): void {
    if (leader === null) return
    for (const { pid } of markedProcesses(fs, mark)) {
      try {
        process.kill(pid, 'SIGKILL')
      } catch {
        // It is gone already.
      }
    }
    try {
      if (isWindows) spawn('taskkill', ['/pid', String(leader), '/T', '/F'], { stdio: 'ignore', windowsHide: true }).on('error', () => {})
      else process.kill(-leader, 'SIGKILL')
    } catch {
      // It is gone already.
    }
  }
}

type GuardWord = { readonly kind: 'started'; readonly pid: number } | ProgramEnd

/** The guard. It travels as text, so that no file of it has to be found at run time: it may use its arguments and nothing around it. */
function guard(system: {
  readonly spawn: typeof spawn
  readonly process: NodeJS.Process
  readonly fs: typeof fs
  readonly markedProcesses: typeof markedProcesses
}): void {
  const { spawn, process, fs, markedProcesses } = system
  const graceMs = 3_000
  const isWindows = process.platform === 'win32'
  process.title = 'tocsin tunnel guard'
  delete process.env['ELECTRON_RUN_AS_NODE']
  const [, mark = '', file = '', ...rest] = process.argv
  const program: ChildProcess = spawn(file, rest, {
    stdio: ['ignore', 'inherit', 'inherit'],
    detached: !isWindows,
    windowsHide: true,
    env: { ...process.env, TOCSIN_TUNNEL: mark },
  })

  function kill(signal: NodeJS.Signals): void {
    if (program.pid === undefined) return
    try {
      if (isWindows) spawn('taskkill', ['/pid', String(program.pid), '/T', '/F'], { stdio: 'ignore', windowsHide: true })
      else process.kill(-program.pid, signal)
    } catch {
      // Nobody is left in the group.
    }
    for (const { pid, group } of markedProcesses(fs, mark)) {
      // Being asked twice means something else to many programs.
      if (group === program.pid && signal !== 'SIGKILL') continue
      try {
        process.kill(pid, signal)
      } catch {
        // It is gone already.
      }
    }
  }
  function tell(word: unknown, then: () => void): void {
    if (process.connected && process.send) process.send(word, undefined, undefined, then)
    else then()
  }
  function stop(): void {
    kill('SIGTERM')
    setTimeout(() => kill('SIGKILL'), graceMs)
  }

  program.on('spawn', () => tell({ kind: 'started', pid: program.pid }, () => {}))
  program.on('error', (error: NodeJS.ErrnoException) => {
    if (program.pid === undefined) tell({ kind: 'not-started', reason: error.code ?? error.message }, () => process.exit())
  })
  program.on('exit', (code, signal) => {
    // What it started and left behind is in its group.
    if (!isWindows) kill('SIGKILL')
    tell({ kind: 'exited', code, signal }, () => process.exit())
  })
  process.on('disconnect', stop)
  for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, stop)
}

/** What carries the mark, whichever group or parent it has by now. Only Linux tells; it travels as text, too. */
function markedProcesses(system: Pick<typeof fs, 'readdirSync' | 'readFileSync'>, mark: string): { pid: number; group: number }[] {
  const found: { pid: number; group: number }[] = []
  let names: string[] = []
  try {
    names = system.readdirSync('/proc').filter((name) => /^\d+$/.test(name))
  } catch {
    // There is no such folder elsewhere.
  }
  for (const name of names) {
    try {
      if (!system.readFileSync(`/proc/${name}/environ`, 'latin1').split('\0').includes(`TOCSIN_TUNNEL=${mark}`)) continue
      const stat = system.readFileSync(`/proc/${name}/stat`, 'latin1')
      // The name before it may have anything in it.
      found.push({ pid: Number(name), group: Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) })
    } catch {
      // It ended meanwhile, or belongs to somebody else.
    }
  }
  return found
}

const guardSource = `(${guard.toString()})({ spawn: require('node:child_process').spawn, process, fs: require('node:fs'), markedProcesses: ${markedProcesses.toString()} })`
