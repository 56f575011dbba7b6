/** An Electron app that runs, ours or a bare one, and what a benchmark has it do. The app is started as a user starts it. */
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export type AppWindow = {
  readonly pid: number
  /** Just before it was started, in epoch ms. */
  readonly startedAt: number
  /** An expression, worked out in the page of the first window once that is there. */
  inPage<T>(expression: string): Promise<T>
  /** The same in the main process, with `electron` and `probe` of in-main.cjs. */
  inMain<T>(expression: string): Promise<T>
  /** Quits as a user would, and waits until every process of it is gone. */
  close(): Promise<void>
}

type Reply = { readonly number: number; readonly value?: unknown; readonly error?: string }

const executable = process.env['ELECTRON_EXEC_PATH'] ?? 'electron'
/** Chromium's sandbox does not work for root. */
const sandboxFlags = process.getuid?.() === 0 ? ['--no-sandbox'] : []
const probe = fileURLToPath(new URL('./in-main.cjs', import.meta.url))
export const root = fileURLToPath(new URL('../..', import.meta.url))
const mostMs = 60_000

export function now(): number {
  return performance.timeOrigin + performance.now()
}

export function openWindow(app: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): AppWindow {
  const startedAt = now()
  const child = spawn(executable, [...sandboxFlags, '-r', probe, app, ...args], {
    // Nobody sits in front of it to answer a dialog.
    env: { ...process.env, TOCSIN_NO_DIALOG: '1', ...env },
    stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
  })
  const gone = once(child, 'exit')
  const asked = new Map<number, { resolve(value: unknown): void; reject(error: Error): void }>()
  let number = 0
  child.on('message', (reply: Reply) => {
    const { resolve, reject } = asked.get(reply.number) ?? {}
    asked.delete(reply.number)
    if (reply.error === undefined) resolve?.(reply.value)
    else reject?.(new Error(reply.error))
  })
  child.on('exit', () => {
    for (const { reject } of asked.values()) reject(new Error('the window is gone'))
  })

  async function ask<T>(where: 'page' | 'main', script: string): Promise<T> {
    number += 1
    const answer = new Promise<unknown>((resolve, reject) => asked.set(number, { resolve, reject }))
    child.send({ number, where, script })
    const timer = setTimeout(() => child.kill('SIGKILL'), mostMs)
    try {
      return (await answer) as T
    } finally {
      clearTimeout(timer)
    }
  }

  return {
    pid: child.pid ?? 0,
    startedAt,
    inPage: (expression) => ask('page', expression),
    inMain: (expression) => ask('main', expression),
    async close() {
      if (child.exitCode !== null || child.signalCode !== null) return
      ask('main', 'electron.app.quit()').catch(() => {})
      const timer = setTimeout(() => child.kill('SIGKILL'), 10_000)
      await gone
      clearTimeout(timer)
    },
  }
}

/** The real app, as it was built; `flags` are Chromium's. */
export function openApp(profile: string, env: Readonly<Record<string, string>> = {}, flags: readonly string[] = []): AppWindow {
  return openWindow(root, ['--user-data', profile, ...flags], env)
}

/** Not one that is on its way. */
export const realRow = '[role=option]:not([aria-busy=true]) time'

/** Where deliveries reach it, once it listens. */
export async function addressOf(window: AppWindow, profile: string): Promise<string> {
  await window.inPage(`benchmark.shown('${realRow}')`)
  const { url, pid } = JSON.parse(readFileSync(join(profile, 'connection.json'), 'utf8')) as { readonly url: string; readonly pid: number }
  if (pid !== window.pid) throw new Error('another app listens')
  return url
}

/** What an app of ours must not be made to wait for: the folder is made beforehand, so that every start finds the same. */
export function bareProfile(folder: string, name: string): string {
  const profile = join(folder, name)
  mkdirSync(profile, { recursive: true })
  return profile
}
