import type { FetchingKind, InletId } from '../../shared/inlets.ts'
import type { WayFields } from '../connections/ways/way-draft.ts'

export const connectSteps = ['choose', 'set-up', 'organization', 'register', 'test'] as const
export type ConnectStep = (typeof connectSteps)[number]
export type ConnectChoice = FetchingKind | 'tunnel'

/** How far the guide to a new way in has come. It outlives its place on screen, so that whoever leaves finds it as it was; no secret is in it. */
export class Connect {
  step = $state<ConnectStep>('choose')
  choice = $state<ConnectChoice>('relay')
  /** What it came to: the one being set up, once it was saved. */
  inlet = $state<InletId | null>(null)
  /** What is typed; null for a tunnel, and before the choice. */
  fields = $state.raw<WayFields | null>(null)

  get isUnderWay() {
    return this.step !== 'choose'
  }

  /** `fresh` makes the fields of the chosen kind; they are kept where it was chosen before. */
  choose(choice: ConnectChoice, fresh: (kind: FetchingKind) => WayFields): void {
    if (choice !== this.choice || this.fields === null) {
      // Another kind is another way in: what was saved before stays, and is not changed into it.
      this.inlet = null
      this.fields = choice === 'tunnel' ? null : fresh(choice)
    }
    this.choice = choice
    this.step = 'set-up'
  }

  /** An organization that is there already is not asked for. */
  saved(id: InletId, hasOrganization: boolean): void {
    this.inlet = id
    this.step = hasOrganization ? 'register' : 'organization'
  }

  go(step: ConnectStep): void {
    this.step = step
  }

  back(hasOrganization: boolean): void {
    const at = connectSteps.indexOf(this.step)
    const before = connectSteps[this.step === 'register' && hasOrganization ? at - 2 : at - 1]
    if (before) this.step = before
  }

  startOver(): void {
    this.step = 'choose'
    this.inlet = null
    this.fields = null
  }
}
