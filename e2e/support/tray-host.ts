import { spawn } from 'node:child_process'
import { once } from 'node:events'

/** A tray host on a session bus: the name and the one property by which desktops say that tray icons are seen (python3-dbusmock). */
export async function openTrayHost(env: { readonly DBUS_SESSION_BUS_ADDRESS: string }): Promise<{ close(): Promise<void> }> {
  const program = `
import dbus, dbusmock, sys
from dbus.mainloop.glib import DBusGMainLoop
from gi.repository import GLib
DBusGMainLoop(set_as_default=True)
bus = dbus.SessionBus()
name = dbus.service.BusName('org.kde.StatusNotifierWatcher', bus, allow_replacement=True, replace_existing=True, do_not_queue=True)
mock = dbusmock.DBusMockObject(name, '/StatusNotifierWatcher', 'org.kde.StatusNotifierWatcher', {'IsStatusNotifierHostRegistered': dbus.Boolean(True), 'ProtocolVersion': dbus.Int32(0), 'RegisteredStatusNotifierItems': dbus.Array([], signature='s')})
mock.AddMethod('', 'RegisterStatusNotifierItem', 's', '', '')
mock.AddMethod('', 'RegisterStatusNotifierHost', 's', '', '')
print('ready', flush=True)
GLib.MainLoop().run()
`
  const host = spawn('/usr/bin/python3', ['-u', '-c', program], { env: { ...process.env, ...env }, stdio: ['ignore', 'pipe', 'inherit'] })
  await once(host.stdout, 'data')
  return {
    async close() {
      const gone = once(host, 'exit')
      host.kill()
      await gone
    },
  }
}
