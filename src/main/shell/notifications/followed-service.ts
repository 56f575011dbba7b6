import type { BusConnection, BusSignal } from './bus-connection.ts'

export type Followed = {
  readonly name: string
  /** Signals of this interface, and changes of its properties. */
  readonly interface: string
  /** Who owns the name now, by its unique name on this bus; null where nobody does. Told at first, and whenever it changes. */
  readonly onOwner: (owner: string | null) => void
  readonly onSignal: (signal: BusSignal) => void
}

const busName = 'org.freedesktop.DBus'
export const propertiesInterface = 'org.freedesktop.DBus.Properties'

/** Follows whoever owns a name, from one owner to the next, and hears no signal of anybody else's. Resolves once the first owner was told. */
export async function followService(bus: BusConnection, followed: Followed): Promise<void> {
  const { name } = followed
  let owner: string | null | undefined

  function owned(next: string | null): void {
    if (next === owner) return
    owner = next
    followed.onOwner(next)
  }

  bus.onSignal((signal) => {
    if (signal.sender === busName) {
      const [changed, , next] = signal.body
      if (signal.member === 'NameOwnerChanged' && changed === name) owned(typeof next === 'string' && next !== '' ? next : null)
      return
    }
    // Anybody on the bus can send us a signal of that name: only its owner is believed.
    if (signal.sender !== owner) return
    if (signal.interface === followed.interface || signal.interface === propertiesInterface) followed.onSignal(signal)
  })
  // In this order, all on one connection, so that no change falls between the question and the first signal.
  void bus.match(`type='signal',sender='${busName}',member='NameOwnerChanged',arg0='${name}'`)
  void bus.match(`type='signal',sender='${name}',interface='${followed.interface}'`)
  void bus.match(`type='signal',sender='${name}',interface='${propertiesInterface}',arg0='${followed.interface}'`)
  const answer = await bus.call({
    destination: busName,
    path: '/org/freedesktop/DBus',
    interface: busName,
    member: 'GetNameOwner',
    signature: 's',
    body: [name],
  })
  const first = answer.kind === 'answered' ? answer.values[0] : null
  // A signal that overtook the answer knows better.
  if (owner === undefined) owned(typeof first === 'string' ? first : null)
}
