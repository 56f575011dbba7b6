import { utilityProcess } from 'electron'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'
import type { Readable } from 'node:stream'
import type { StartCareProcess } from '../care/history-files.ts'

const drainMs = 500

/**
 * Runs the program that cares for history files in a process of Electron's own. Not as this program run as Node: where that is switched
 * off, as it should be in an app that is shipped, it would start the app again.
 */
export function careInUtilityProcess(script: string): StartCareProcess {
  return (task) => {
    const child = utilityProcess.fork(script, [...task], { stdio: ['ignore', 'pipe', 'pipe'], serviceName: 'Tocsin care of the history' })
    const { stdout, stderr } = child
    if (stdout === null || stderr === null) throw new Error('the process that cares for the history has no output')
    let isKilled = false
    // Its own way to be ended is polite, and one that reads gigabytes has no time for that.
    const kill = (): void => {
      isKilled = true
      if (child.pid !== undefined) process.kill(child.pid, 'SIGKILL')
    }
    child.once('spawn', () => isKilled && kill())
    const exited = new Promise<string>((resolve) => child.once('exit', (code) => resolve(`it ended by itself (${code})`)))
    // The pipes of one that ends by itself may stay open for good, so what it complained of has a moment to come.
    const emptied = Promise.all([once(stdout, 'close'), once(stderr, 'close')])
    const ended = exited.then(async (how) => {
      await Promise.race([emptied, delay(drainMs)])
      return how
    })
    return { stdout: stdout as Readable, stderr: stderr as Readable, ended, kill }
  }
}
