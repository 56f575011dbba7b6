import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { EventEmitter, once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'

/** Why no session bus can be had here; null where one can. */
export function lackOfBus(): string | null {
  const isThere = (command: string, ...args: readonly string[]) => spawnSync(command, args, { stdio: 'ignore' }).status === 0
  if (process.platform !== 'linux') return 'this system has no session bus'
  if (!isThere('dbus-daemon', '--version')) return 'dbus-daemon is not installed (Debian: dbus)'
  if (!isThere('/usr/bin/python3', '-c', 'import dbusmock, gi')) return 'Python has no dbusmock (Debian: python3-dbusmock)'
  return null
}

export type TestBus = {
  readonly address: string
  /** The bus goes, with everybody on it; its address stays. */
  stop(): Promise<void>
  start(): Promise<void>
  close(): Promise<void>
}

/** A real dbus-daemon on an address of its own. */
export async function openTestBus(): Promise<TestBus> {
  const folder = mkdtempSync(join(tmpdir(), 'tocsin-bus-'))
  const address = `unix:path=${join(folder, 'bus')}`
  let daemon: ChildProcess | null = null

  async function start(): Promise<void> {
    const child = spawn('dbus-daemon', ['--session', '--nofork', '--nopidfile', '--print-address=1', `--address=${address}`], {
      // It says that it may not raise its limits, which it does not need.
      stdio: ['ignore', 'pipe', 'ignore'],
    })
    daemon = child
    await once(child.stdout, 'data')
  }

  async function stop(): Promise<void> {
    if (daemon !== null) await ended(daemon, 'SIGTERM')
    daemon = null
    // It leaves its socket behind when it is killed before it is up.
    rmSync(join(folder, 'bus'), { force: true })
  }

  await start()
  return {
    address,
    start,
    stop,
    async close() {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** One call of Notify, as it arrived. */
export type NotifyCall = {
  readonly app: string
  readonly replaces: number
  readonly icon: string
  readonly title: string
  readonly body: string
  readonly actions: readonly string[]
  readonly hints: Readonly<Record<string, unknown>>
  readonly timeout: number
  /** What the service numbered it. */
  readonly id: number
}

export type StandIn = {
  calls(): readonly NotifyCall[]
  /** Numbers that CloseNotification was called with. */
  closed(): readonly number[]
  /** Resolves once so many Notify calls have come in. */
  called(count: number): Promise<readonly NotifyCall[]>
  /** Resolves once all that it was asked before is in `calls` and `closed`. */
  settled(): Promise<void>
  /** A signal of the service, or of another interface where `member` names it in full; to everybody or to one. */
  emit(member: string, signature: string, args: readonly unknown[], to?: string): Promise<void>
  click(id: number, action?: string): Promise<void>
  setProperty(name: string, value: boolean): Promise<void>
  /** It is there, and answers nothing. */
  freeze(): void
  thaw(): void
  stop(): Promise<void>
}

export type StandInOptions = {
  readonly capabilities?: readonly string[]
  readonly inhibited?: boolean
  /** It ends when a note of this title comes, without an answer. */
  readonly diesAt?: string
  /** Each note is clicked as soon as it is numbered. */
  readonly clicksAtOnce?: boolean
  /** One that takes the place of another gets a number of its own. */
  readonly renumbers?: boolean
  /** Another name than that of the notification service, whose methods answer these values. */
  readonly saver?: { readonly name: string; readonly path: string; readonly isActive: boolean }
}

/** A stand-in for a desktop's notification service, or its screen saver (python3-dbusmock), which tells of each call. */
export async function startStandIn(address: string, options: StandInOptions = {}): Promise<StandIn> {
  const child = spawn('/usr/bin/python3', ['-u', '-c', program, JSON.stringify(options)], {
    env: { ...process.env, DBUS_SESSION_BUS_ADDRESS: address },
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const told = new EventEmitter()
  const calls: NotifyCall[] = []
  const closed: number[] = []
  let done = 0
  let asked = 0
  createInterface({ input: child.stdout }).on('line', (line) => {
    // dbusmock logs on the same stream.
    if (!line.startsWith('{')) return
    const message = JSON.parse(line) as { notify?: NotifyCall; close?: number; done?: true; ready?: true }
    if (message.notify !== undefined) calls.push(message.notify)
    if (message.close !== undefined) closed.push(message.close)
    if (message.done === true) done += 1
    told.emit(message.ready === true ? 'ready' : 'told')
  })
  await once(told, 'ready')

  async function until(is: () => boolean): Promise<void> {
    while (!is()) await once(told, 'told')
  }

  async function command(what: object): Promise<void> {
    const mine = ++asked
    child.stdin.write(`${JSON.stringify(what)}\n`)
    await until(() => done >= mine)
  }

  const emit: StandIn['emit'] = (member, signature, args, to) => command({ member, signature, args, to: to ?? null })
  return {
    calls: () => calls,
    closed: () => closed,
    async called(count) {
      await until(() => calls.length >= count)
      return calls
    },
    settled: () => command({}),
    emit,
    click: (id, action = 'default') => emit('ActionInvoked', 'us', [id, action]),
    setProperty: (name, value) => command({ property: name, value }),
    freeze: () => void child.kill('SIGSTOP'),
    thaw: () => void child.kill('SIGCONT'),
    stop: () => ended(child, 'SIGKILL'),
  }
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const gone = once(child, 'exit')
  child.kill(signal)
  await gone
}

const program = `
import dbus, dbusmock, json, os, sys
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib

DBusGMainLoop(set_as_default=True)
options = json.loads(sys.argv[1])
saver = options.get('saver')
name = saver['name'] if saver else 'org.freedesktop.Notifications'
path = saver['path'] if saver else '/org/freedesktop/Notifications'
properties = {'Inhibited': dbus.Boolean(options['inhibited'])} if 'inhibited' in options else {}
bus = dbus.SessionBus()
owned = dbus.service.BusName(name, bus, allow_replacement=True, replace_existing=True, do_not_queue=True)
mock = dbusmock.DBusMockObject(owned, path, name, properties)

def tell(what):
    sys.stdout.write(json.dumps(what) + '\\n')
    sys.stdout.flush()

if saver:
    mock.AddMethod('', 'GetActive', '', 'b', 'ret = ' + repr(saver['isActive']))
else:
    mock.AddTemplate('notification_daemon', {'capabilities': ' '.join(options.get('capabilities', ['body', 'body-markup', 'actions', 'sound']))})
    def notify(self, app, replaces, icon, title, body, actions, hints, timeout):
        if title == options.get('diesAt'):
            os._exit(0)
        number = replaces if replaces and not options.get('renumbers') else self.next_id
        if number != replaces:
            self.next_id += 1
        plain = {str(key): bool(value) if isinstance(value, dbus.Boolean) else int(value) if isinstance(value, int) else str(value) for key, value in hints.items()}
        tell({'notify': {'app': app, 'replaces': int(replaces), 'icon': icon, 'title': title, 'body': body, 'actions': list(actions), 'hints': plain, 'timeout': int(timeout), 'id': int(number)}})
        if options.get('clicksAtOnce'):
            GLib.idle_add(lambda: self.EmitSignal('', 'ActionInvoked', 'us', [dbus.UInt32(number), 'default']))
        return dbus.UInt32(number)
    def close(self, number):
        tell({'close': int(number)})
        self.EmitSignal('', 'NotificationClosed', 'uu', [dbus.UInt32(number), dbus.UInt32(3)])
    mock.AddMethod('', 'Notify', 'susssasa{sv}i', 'u', notify)
    mock.AddMethod('', 'CloseNotification', 'u', '', close)

def typed(kind, value):
    return {'u': dbus.UInt32, 's': dbus.String, 'b': dbus.Boolean}[kind](value)

def obey(source, condition):
    line = sys.stdin.readline()
    if not line:
        loop.quit()
        return False
    what = json.loads(line)
    if 'property' in what:
        mock.UpdateProperties(name, {what['property']: dbus.Boolean(what['value'])})
    elif 'member' in what:
        args = [typed(kind, value) for kind, value in zip(what['signature'], what['args'])]
        interface, _, member = what['member'].rpartition('.')
        if what['to']:
            mock.EmitSignalDetailed(interface, member, what['signature'], args, {'destination': what['to']})
        else:
            mock.EmitSignal(interface, member, what['signature'], args)
    bus.flush()
    tell({'done': True})
    return True

GLib.io_add_watch(sys.stdin, GLib.IO_IN | GLib.IO_HUP, obey)
loop = GLib.MainLoop()
tell({'ready': True})
loop.run()
`
