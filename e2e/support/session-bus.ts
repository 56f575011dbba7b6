import { spawn, execFileSync } from 'node:child_process'
import { once } from 'node:events'

export type NotifyCall = { readonly title: string; readonly body: string; readonly line: string }

export type SessionBus = {
  /** What a process needs to find this bus. */
  readonly env: { readonly DBUS_SESSION_BUS_ADDRESS: string }
  /** Every org.freedesktop.Notifications.Notify call so far. */
  calls(): readonly NotifyCall[]
  /** The user clicks the notification with this id; the first one shown has the id 1. */
  click(id: number): void
  close(): Promise<void>
}

/**
 * A session bus of its own with a notification service on it (python3-dbusmock's template), which prints each call.
 * dbus-launch rather than dbus-run-session: the latter fails where file limits cannot be raised.
 */
export async function openSessionBus(): Promise<SessionBus> {
  const launched = execFileSync('dbus-launch', { encoding: 'utf8' })
  const address = /^DBUS_SESSION_BUS_ADDRESS=(.*)$/m.exec(launched)?.[1]
  const pid = Number(/^DBUS_SESSION_BUS_PID=(\d+)$/m.exec(launched)?.[1])
  if (address === undefined || !Number.isInteger(pid)) throw new Error(`dbus-launch printed ${launched}`)
  const env = { DBUS_SESSION_BUS_ADDRESS: address }
  const service = spawn(
    '/usr/bin/python3',
    ['-u', '-m', 'dbusmock', '--template', 'notification_daemon', '-p', '{"capabilities":"body body-markup actions"}'],
    {
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let printed = ''
  service.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()))
  await untilOwned(env)
  return {
    env,
    calls: () =>
      printed
        .split('\n')
        .filter((line) => / Notify /.test(line))
        .map(readCall),
    click(id) {
      execFileSync('/usr/bin/python3', ['-c', emitClick, String(id)], { env: { ...process.env, ...env } })
    },
    async close() {
      const gone = once(service, 'exit')
      service.kill()
      await gone
      process.kill(pid)
    },
  }
}

/** The click has to come from the service itself: a signal of anybody else is not believed. */
const emitClick = `
import dbus, sys
service = dbus.SessionBus().get_object('org.freedesktop.Notifications', '/org/freedesktop/Notifications')
service.EmitSignal('org.freedesktop.Notifications', 'ActionInvoked', 'us', [dbus.UInt32(int(sys.argv[1])), 'default'], dbus_interface='org.freedesktop.DBus.Mock')
`

/** Waits until the notification service owns its name; a call before that would be lost. */
async function untilOwned(env: { DBUS_SESSION_BUS_ADDRESS: string }): Promise<void> {
  const question = [
    '--session',
    '--print-reply',
    '--dest=org.freedesktop.DBus',
    '/org/freedesktop/DBus',
    'org.freedesktop.DBus.NameHasOwner',
    'string:org.freedesktop.Notifications',
  ]
  for (let attempt = 0; attempt < 100; attempt++) {
    if (execFileSync('dbus-send', question, { env: { ...process.env, ...env }, encoding: 'utf8' }).includes('boolean true')) return
    await new Promise((done) => setTimeout(done, 50))
  }
  throw new Error('the notification service did not come up within 5 s')
}

/** dbusmock prints `TIME Notify "app" ID "icon" "title" "body" …`. */
function readCall(line: string): NotifyCall {
  const strings = [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map((match) => match[1] ?? '')
  return { title: strings[2] ?? '', body: strings[3] ?? '', line }
}
