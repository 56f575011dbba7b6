import { net, powerMonitor } from 'electron'
import { uptime } from 'node:os'
import type { Core } from '../core-parts.ts'
import { createSleepWatch } from './sleep-watch.ts'

/** Tells when the computer slept and when it has a network, by the system's own signals and by looking. */
export function watchComputer(wake: Core['wake']): { stop(): void } {
  const watch = createSleepWatch({
    wake,
    // Goes on through sleep, and is not moved by whoever sets the clock.
    uptimeMs: () => uptime() * 1_000,
    now: Date.now,
    zone: zoneNow,
    isOnline: () => net.isOnline(),
  })
  const timer = setInterval(watch.look, watch.lookEveryMs)
  powerMonitor.on('suspend', watch.suspended)
  powerMonitor.on('resume', watch.resumed)
  watch.look()
  return {
    stop() {
      clearInterval(timer)
      powerMonitor.off('suspend', watch.suspended)
      powerMonitor.off('resume', watch.resumed)
    },
  }
}

/** Node goes on with the zone it began with until it is told to look. One that Tocsin was started with stays. */
function zoneNow(): number {
  if (process.env['TZ'] === undefined) delete process.env['TZ']
  return new Date().getTimezoneOffset()
}
