import type { OrganizationId } from '../../shared/detection.ts'
import type { ReceiverHealth } from '../../shared/health.ts'
import type { UnsignedInletState, UnsignedSwitched } from '../../shared/unsigned.ts'
import { unsignedInlet } from '../ingest/unsigned.ts'
import { secretHeaderName } from '../inlets/admission.ts'
import { createPathSecret, createReceiver, receiverUrl, type Receiver, type ReceiverParts } from '../inlets/receiver.ts'
import { createHeaderValue, hashOf } from '../secret-header.ts'
import type { Secrets } from '../secrets.ts'
import type { Store } from '../store/store.ts'

/** A second receiver for what nobody signs, such as a template that a workflow at SlashID sends. It listens only where the user declared it. */
export type UnsignedInlet = {
  read(): UnsignedInletState
  /** Declares it for one organization, or starts it again; null switches it off and forgets its header. One change at a time. */
  switch(organizationId: OrganizationId | null): Promise<UnsignedSwitched>
  /** For whom this inlet was declared; null for any other one. */
  organizationOf(inlet: string): OrganizationId | null
  /** Listens if it was declared. */
  start(): Promise<void>
  stop(): Promise<void>
}

const secretName = 'unsigned-header'

export function createUnsignedInlet(parts: {
  readonly store: Pick<Store, 'settings' | 'organizations'>
  readonly secrets: Secrets
  readonly receiver: Pick<ReceiverParts, 'publicHosts' | 'ingest' | 'onTurnedAway' | 'onBug' | 'now'>
  readonly onHealth: (health: ReceiverHealth) => void
  /** Told after it was switched. */
  readonly onChanged: () => void
  readonly log: { info(text: string): void; error(text: string): void }
}): UnsignedInlet {
  const { store, secrets, onChanged, log } = parts
  let receiver: Receiver | null = null
  let health: ReceiverHealth = { kind: 'stopped' }
  let turn: Promise<unknown> = Promise.resolve()

  function declared(): OrganizationId | null {
    return store.settings.read().unsignedInlet?.organizationId ?? null
  }

  /** Whatever was declared before it was possible to ask for a header, or lost it, gets a new one: there is no way in without. */
  function requiredHash(): string {
    const known = store.settings.readApp().unsignedHeaderHash
    if (known !== null) return known
    const value = createHeaderValue()
    secrets.write(secretName, value)
    store.settings.writeApp({ unsignedHeaderHash: hashOf(value) })
    return hashOf(value)
  }

  function forgetHeader(): void {
    secrets.forget(secretName)
    store.settings.writeApp({ unsignedHeaderHash: null })
  }

  async function listen(): Promise<void> {
    const known = store.settings.readApp()
    const secret = known.unsignedPathSecret ?? createPathSecret()
    const header = { hashes: [Buffer.from(requiredHash(), 'hex')] }
    receiver = createReceiver({
      ...parts.receiver,
      inlet: unsignedInlet,
      port: known.unsignedPort ?? 0,
      secret,
      secretHeader: () => header,
      onHealth(value) {
        health = value
        parts.onHealth(value)
      },
    })
    const started = await receiver.start()
    if (started.kind === 'listening') {
      store.settings.writeApp({ unsignedPort: started.port, unsignedPathSecret: secret })
      log.info(`unsigned way in: listening on port ${started.port}`)
    } else log.error(`unsigned way in: ${started.kind}`)
  }

  async function hush(): Promise<void> {
    await receiver?.stop()
    receiver = null
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }

  function read(): UnsignedInletState {
    const organizationId = declared()
    const { unsignedPort, unsignedPathSecret } = store.settings.readApp()
    const isThere = organizationId !== null && unsignedPort !== null && unsignedPathSecret !== null
    const value = organizationId === null ? null : secrets.read(secretName)
    return {
      organizationId,
      receiver: health,
      url: isThere ? receiverUrl(unsignedPort, unsignedPathSecret) : null,
      header: { name: secretHeaderName, value: value?.kind === 'known' ? value.value : null },
    }
  }

  return {
    read,

    switch: (organizationId) =>
      inTurn(async () => {
        if (organizationId !== null && !store.organizations.list().some(({ id, demo }) => id === organizationId && !demo))
          return { kind: 'refused', detail: 'There is no such organization here. Add it first. Nothing was changed.' }
        // Before the declaration goes, so that nothing on its way is judged as if it had come by another inlet.
        await hush()
        store.settings.write({ unsignedInlet: organizationId === null ? null : { organizationId } })
        if (organizationId === null) forgetHeader()
        else await listen()
        onChanged()
        return { kind: 'switched', state: read() }
      }),

    organizationOf: (inlet) => (inlet === unsignedInlet ? declared() : null),
    start: () => inTurn(async () => (declared() === null ? undefined : listen())),
    stop: () => inTurn(hush),
  }
}
