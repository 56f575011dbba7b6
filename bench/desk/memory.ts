import { readFileSync, readdirSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import { openSessionBus } from '../../e2e/support/session-bus.ts'
import { openTrayHost } from '../../e2e/support/tray-host.ts'
import { median, summed, type Figure } from '../figure.ts'
import type { Benchmark } from '../index.ts'
import { openEmpty } from './bare.ts'
import { inTurns } from './rounds.ts'
import { openApp, realRow, type AppWindow } from './window.ts'

const million = 1_000_000
const rounds = 3
const restMs = 2_000
/** Where it goes, and what brought it nearer. */
const spent =
  'two page caches of up to 16 MB, the program as read and two threads of Node with stores of their own; that of the reader ends in the tray (1.13x before)'
const megabyte = 1024 * 1024

/** P14: what all processes together take of the memory, with the window open and when it is closed. */
export const memory: Benchmark = {
  id: 'P14',
  async run({ rows, histories }) {
    if (process.platform !== 'linux') {
      console.error('P14 is left out: what processes share is told by Linux only')
      return []
    }
    const size = rows ?? million
    const profile = await histories.profile(size)
    const bus = await openSessionBus()
    // Without one the window is minimised instead of closed.
    const tray = await openTrayHost(bus.env)
    try {
      const measured = await inTurns(rounds, [() => ofApp(openApp(profile, bus.env)), () => ofEmpty(openEmpty(histories.folder))])
      const figure = (state: 'open' | 'closed', most: number, measuredWords: string): Figure => {
        const ratios = measured.map(([ours, empty]) => (ours?.[state] ?? Number.NaN) / (empty?.open ?? Number.NaN))
        const [mine, theirs] = [0, 1].map((side) => median(measured.map((values) => values[side]?.[side === 0 ? state : 'open'] ?? 0)))
        const summary = summed('P14', measuredWords, 'an empty window of the same Electron', ratios)
        const note = `${megabytes(mine)} beside ${megabytes(theirs)}, of ${measured[0]?.[0]?.processes[state]} and ${measured[0]?.[1]?.processes.open} processes`
        const met = summary.ratio <= most
        return { ...summary, target: `≤ ${most}x`, met, note: met ? note : `${note}; ${spent}` }
      }
      return [
        figure('open', 1.3, `memory (PSS) with the window open, of ${size}`),
        figure('closed', 1, `memory (PSS) in the tray, of ${size}`),
      ]
    } finally {
      await tray.close()
      await bus.close()
    }
  },
}

type Taken = { readonly open: number; readonly closed: number; readonly processes: { readonly open: number; readonly closed: number } }

async function ofApp(window: AppWindow): Promise<Taken> {
  try {
    await window.inPage(`benchmark.shown('${realRow}')`)
    await pause(restMs)
    const open = taken(window.pid)
    await window.inMain('probe.window.close()')
    while ((await window.inMain<number>('electron.BrowserWindow.getAllWindows().length')) > 0) await pause(50)
    await pause(restMs)
    const closed = taken(window.pid)
    return { open: open.bytes, closed: closed.bytes, processes: { open: open.processes, closed: closed.processes } }
  } finally {
    await window.close()
  }
}

async function ofEmpty(window: AppWindow): Promise<Taken> {
  try {
    await window.inPage(`benchmark.shown('${realRow}')`)
    await pause(restMs)
    const { bytes, processes } = taken(window.pid)
    return { open: bytes, closed: Number.NaN, processes: { open: processes, closed: 0 } }
  } finally {
    await window.close()
  }
}

/** Of a process and all that came from it: pages that they share count once. */
function taken(root: number): { readonly bytes: number; readonly processes: number } {
  const parents = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map((name) => [Number(name), parentOf(Number(name))] as const)
  const family = new Set([root])
  for (let before = 0; before < family.size;) {
    before = family.size
    for (const [pid, parent] of parents) if (family.has(parent)) family.add(pid)
  }
  const sizes = [...family].map(proportionalBytes)
  return { bytes: sizes.reduce((sum, size) => sum + size, 0), processes: sizes.filter((size) => size > 0).length }
}

function parentOf(pid: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[1])
  } catch {
    return 0
  }
}

/** 0 for one that is gone. */
function proportionalBytes(pid: number): number {
  try {
    const kilobytes = /^Pss:\s+(\d+) kB$/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8'))?.[1]
    return Number(kilobytes ?? 0) * 1024
  } catch {
    return 0
  }
}

function megabytes(bytes = Number.NaN): string {
  return `${(bytes / megabyte).toFixed(0)} MB`
}
