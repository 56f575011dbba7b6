import { execFile } from 'node:child_process'
import { promisify } from 'node:util'

const run = promisify(execFile)

const program = `
import dbus, json, sys
bus = dbus.SessionBus()
watcher = dbus.Interface(bus.get_object('org.kde.StatusNotifierWatcher', '/StatusNotifierWatcher'), 'org.freedesktop.DBus.Mock')
names = [str(call[2][0]) for call in watcher.GetCalls() if call[1] == 'RegisterStatusNotifierItem']
names = [name for name in names[-1:] if bus.name_has_owner(name)]
if not names:
    print(json.dumps(None)); sys.exit()
item = bus.get_object(names[0], '/StatusNotifierItem')
props = dbus.Interface(item, 'org.freedesktop.DBus.Properties')
menu = dbus.Interface(bus.get_object(names[0], props.Get('org.kde.StatusNotifierItem', 'Menu')), 'com.canonical.dbusmenu')
_, (_, _, children) = menu.GetLayout(0, -1, dbus.Array([], signature='s'))
entries = [(int(c[0]), str(c[1].get('label', ''))) for c in children if str(c[1].get('type', '')) != 'separator']
if len(sys.argv) > 1:
    found = [i for i, label in entries if label == sys.argv[1]]
    menu.Event(found[0], 'clicked', '', dbus.UInt32(0))
tip = props.Get('org.kde.StatusNotifierItem', 'ToolTip')
print(json.dumps({'labels': [label for _, label in entries], 'tooltip': str(tip[2])}))
`

export type TrayMenu = { readonly labels: readonly string[]; readonly tooltip: string }

/** What a desktop that follows StatusNotifierItem and dbusmenu sees of the tray; null while there is no icon. `press` chooses an entry first. */
export async function trayMenu(env: { readonly DBUS_SESSION_BUS_ADDRESS: string }, press?: string): Promise<TrayMenu | null> {
  const { stdout } = await run('/usr/bin/python3', ['-c', program, ...(press === undefined ? [] : [press])], {
    env: { ...process.env, ...env },
  })
  return JSON.parse(stdout) as TrayMenu | null
}
