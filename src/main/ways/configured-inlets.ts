import { randomInt } from 'node:crypto'
import { isDeepStrictEqual } from 'node:util'
import type { InletDraft, InletId, InletSetUp } from '../../shared/inlets.ts'
import type { GapLedger } from './gap-ledger.ts'
import type { InletRunners } from './inlet-runners.ts'
import type { InletSecrets } from './inlet-secrets.ts'
import { createInletId, isSameFarEnd, readInlet } from './inlet-setup.ts'
import type { Store } from '../store/store.ts'

export type Saved = { readonly kind: 'saved'; readonly id: InletId } | { readonly kind: 'refused'; readonly detail: string }

/** The ways in that the user set up: kept in the settings, and run while they are on. One change at a time. */
export type ConfiguredInlets = {
  list(): readonly InletSetUp[]
  start(): void
  save(draft: InletDraft): Promise<Saved>
  switch(id: InletId, isOn: boolean): Promise<void>
  /** With its secret and its position. Its gaps are history, and stay. */
  remove(id: InletId): Promise<void>
  /** Resolves when no change is under way. */
  settled(): Promise<void>
}

const mostInlets = 16

export function createConfiguredInlets(parts: {
  readonly store: Pick<Store, 'settings' | 'inlets'>
  readonly secrets: InletSecrets
  readonly runners: InletRunners
  readonly ledger: Pick<GapLedger, 'unwatch'>
  readonly onChanged: () => void
}): ConfiguredInlets {
  const { store, secrets, runners, ledger, onChanged } = parts
  let inlets = store.settings.read().inlets
  let turn: Promise<unknown> = Promise.resolve()

  function write(next: readonly InletSetUp[]): void {
    inlets = store.settings.write({ inlets: next }).inlets
    onChanged()
  }

  function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const done = turn.then(work)
    turn = done.catch(() => undefined)
    return done
  }

  /** First it is watched no more, or its end would be a gap. */
  async function giveUp(id: InletId): Promise<void> {
    ledger.unwatch(id)
    await runners.halt(id)
  }

  async function save(draft: InletDraft): Promise<Saved> {
    const before = draft.id === null ? null : (inlets.find(({ id }) => id === draft.id) ?? null)
    if (draft.id !== null && before === null) return refused('This way in is not there any more.')
    if (before !== null && before.kind !== draft.draft.kind) return refused('What kind of way in it is cannot be changed. Add another one.')
    if (before === null && inlets.length >= mostInlets) return refused(`There are ${mostInlets} ways in already. Remove one first.`)
    const read = readInlet(draft)
    if (read.kind === 'refused') return read
    const id = before?.id ?? createInletId(draft.draft.kind, randomInt)
    const setUp: InletSetUp = { ...read.setUp, id, isOn: before?.isOn ?? true }
    const kept = secrets.keep(setUp, draft, before)
    if (kept.kind === 'refused') return kept

    const isOther = before === null || kept.isNew || !isDeepStrictEqual(linkOf(before), linkOf(setUp))
    if (isOther) await runners.halt(id)
    // A position means nothing anywhere else.
    if (before !== null && !isSameFarEnd(before, setUp)) store.inlets.writePosition(id, null)
    write(before === null ? [...inlets, setUp] : inlets.map((one) => (one.id === id ? setUp : one)))
    if (isOther && setUp.isOn) runners.run(setUp)
    return { kind: 'saved', id }
  }

  return {
    list: () => inlets,
    start() {
      for (const setUp of inlets) if (setUp.isOn) runners.run(setUp)
    },
    save: (draft) => inTurn(() => save(draft)),
    switch: (id, isOn) =>
      inTurn(async () => {
        const setUp = inlets.find((one) => one.id === id)
        if (setUp === undefined || setUp.isOn === isOn) return
        if (!isOn) await giveUp(id)
        write(inlets.map((one) => (one.id === id ? { ...one, isOn } : one)))
        if (isOn) runners.run({ ...setUp, isOn })
      }),
    remove: (id) =>
      inTurn(async () => {
        if (!inlets.some((one) => one.id === id)) return
        await giveUp(id)
        write(inlets.filter((one) => one.id !== id))
        store.inlets.remove(id)
        secrets.forget(id)
      }),
    async settled() {
      await turn
    },
  }
}

/** What a connection depends on. */
function linkOf({ name: _name, address: _address, isOn: _isOn, ...link }: InletSetUp): object {
  return link
}

function refused(detail: string): Saved {
  return { kind: 'refused', detail: `${detail} Nothing was changed.` }
}
