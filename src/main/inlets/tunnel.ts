import type { Instant } from '../../shared/detection.ts'
import type { TunnelSetUp, TunnelState } from '../../shared/inlets.ts'
import type { Schedule } from '../ingest/refresher.ts'
import { createBackoff } from './backoff.ts'
import { runGuarded, type GuardedProgram, type ProgramEnd } from './guarded-program.ts'
import { createMask, createOutput } from './program-words.ts'
import { findProgram, programOf } from './tunnel-programs.ts'

export type TunnelParts = {
  /** From `readTunnel`. */
  readonly setUp: TunnelSetUp
  /** The receiver's. */
  readonly port: number
  /** Told at every change. */
  readonly onState: (state: TunnelState) => void
  /** Epoch ms. */
  readonly now: () => number
  /** 0 to below 1. */
  readonly random: () => number
  readonly schedule: Schedule
  /** What the program is given, as it is, but for what is named for Tocsin alone. */
  readonly env: Readonly<NodeJS.ProcessEnv>
  /** Of what happened; never of what the program printed. */
  readonly log?: (text: string) => void
}

export type RunningTunnel = {
  start(): void
  /** Ends what runs and begins anew at once: many tunnels then have another address. For a person who asks. */
  restart(): void
  /** After a sleep, or when the network is back: what waits or was given up is tried at once, what runs is left alone. */
  tryNow(): void
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>
}

/** From its start until it has told its address. */
const addressMs = 30_000
/** Up that long, it was a success: the next wait is the shortest again. */
const successMs = 10_000
/** So many ends without one success, and it is not tried again by itself. */
const mostFailures = 8

/** Keeps one tunnel program running: finds its public address in what it prints, starts it again after a wait that grows, and says in words why it ended. */
export function createTunnel(parts: TunnelParts): RunningTunnel {
  const { setUp, port, onState, now, random, schedule, log = () => {} } = parts
  const env = withoutOurs(parts.env)
  const program = programOf(setUp, port)
  const backoff = createBackoff(random)
  let loop: Promise<void> | null = null
  let running: GuardedProgram | null = null
  let wake: (() => void) | null = null
  let isStopping = false
  let isHurried = false
  let failures = 0
  let hasWorked = false

  async function keepRunning(): Promise<void> {
    while (!isStopping) {
      isHurried = false
      const ended = await run()
      if (isStopping) break
      if (isHurried) continue
      const detail = ended.detail
      if (ended.kind === 'missing') {
        onState({ kind: 'missing', program: program.name, detail })
        await rest(null)
      } else if (!hasWorked && ++failures >= mostFailures) {
        log(`the tunnel ${program.name} is given up after ${failures} tries`)
        onState({
          kind: 'given-up',
          detail: `${detail} It was tried ${failures} times and never stayed up: mend what it says, then start it again.`,
        })
        await rest(null)
      } else {
        const waitMs = backoff.next()
        const retryAt = new Date(now() + waitMs).toISOString() as Instant
        onState({ kind: 'waiting', detail: `${detail} It is started again by itself.`, retryAt })
        await rest(waitMs)
      }
    }
    onState({ kind: 'off' })
  }

  /** One run of the program from its start to its end. */
  async function run(): Promise<{ readonly kind: 'missing' | 'ended'; readonly detail: string }> {
    onState({ kind: 'starting' })
    const path = await findProgram(program.programs, env)
    if (path === null)
      return { kind: 'missing', detail: `The program ${program.name} is not on this computer, or may not be run. ${program.install}` }
    if (isStopping || isHurried) return { kind: 'ended', detail: '' }

    const cancels: (() => void)[] = []
    const startedAt = now()
    let origin: string | null = null
    let isOver = false
    let isHung = false
    const up = (found: string): void => {
      // The first counts: what is printed later may quote what a stranger sent.
      if (origin !== null || isHung || isOver) return
      origin = found
      log(`the tunnel ${program.name} is up`)
      cancels.push(
        schedule(() => {
          backoff.reset()
          hasWorked = true
        }, successMs),
      )
      onState({ kind: 'running', origin, since: new Date(now()).toISOString() as Instant })
    }
    const output = createOutput({
      onLine(line) {
        const found = origin === null ? program.originOf(line) : null
        if (found !== null) up(found)
      },
      wordsOf: program.wordsOf,
      mask: createMask(env, program.arguments),
    })
    const guarded = runGuarded({ command: [path, ...program.arguments], env, onOutput: output.take })
    running = guarded
    log(`the tunnel ${program.name} is started`)
    const { settled } = program
    if (settled !== null) cancels.push(schedule(() => up(settled.origin), settled.afterMs))
    else {
      cancels.push(
        schedule(() => {
          if (origin !== null) return
          isHung = true
          guarded.stop()
        }, addressMs),
      )
    }
    const end = await guarded.ended
    isOver = true
    running = null
    for (const cancel of cancels) cancel()
    output.end()
    const words = isHung
      ? `ran for ${addressMs / 1_000} seconds and told no public address, so it was ended`
      : inWords(end, now() - startedAt)
    log(`the tunnel ${program.name} ${words}`)
    const said = output.said()
    return {
      kind: 'ended',
      detail: `${program.name} ${words}.${said === '' ? ' It printed nothing that says why.' : ` It said: “${said}”.`}`,
    }
  }

  /** Until it is time, or somebody asks. null: only then. */
  async function rest(waitMs: number | null): Promise<void> {
    if (isStopping || isHurried) return
    await new Promise<void>((resolve) => {
      const cancel = waitMs === null ? () => {} : schedule(resolve, waitMs)
      wake = () => {
        cancel()
        resolve()
      }
    })
    wake = null
  }

  function begin(): void {
    failures = 0
    backoff.reset()
    wake?.()
  }

  return {
    start() {
      if (loop !== null) throw new Error('a tunnel was started twice')
      loop = keepRunning()
    },
    restart() {
      isHurried = true
      begin()
      running?.stop()
    },
    tryNow() {
      if (wake !== null) begin()
    },
    async stop() {
      isStopping = true
      wake?.()
      running?.stop()
      await loop
    },
  }
}

function inWords(end: ProgramEnd, afterMs: number): string {
  const after = `after ${Math.max(0, Math.round(afterMs / 1_000))} s`
  switch (end.kind) {
    case 'exited':
      return end.signal === null ? `ended with exit code ${end.code ?? 0} ${after}` : `was ended by ${end.signal} ${after}`
    case 'not-started':
      return `could not be started (${end.reason})`
    case 'guard-lost':
      return `was ended ${after}, since the process that watches over it was killed`
  }
}

/** Our own switches mean nothing to a tunnel, and one of them turns Electron into Node. */
function withoutOurs(env: Readonly<NodeJS.ProcessEnv>): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(env).filter(([name]) => !/^(TOCSIN_|ELECTRON_RUN_AS_NODE$)/.test(name)))
}
