import type { MuteId, Rules } from '../../shared/rules.ts'
import { snoozedUntil } from '../../shared/snooze.ts'
import type { RulesPlace } from '../rules/rules-place.ts'
import type { TrayMute } from './tray.ts'
import type { TrayShows } from './tray-face.ts'

/** All of Tocsin muted and heard again, for those who have no window open. */
export type Muting = {
  read(): TrayShows['muted']
  /** null ends every mute of everything. */
  choose(mute: TrayMute | null): void
}

export function createMuting(rules: Pick<RulesPlace, 'list' | 'mutes'>, now: () => number): Muting {
  const ofAll = () => rules.list().mutes.filter(({ of }: Rules['mutes'][number]) => of.kind === 'all')

  return {
    read() {
      const [first, ...others] = ofAll()
      if (first === undefined) return null
      // The one that lasts longest counts.
      const ends = [first, ...others].map(({ until }) => until)
      return {
        until: ends.includes(null) ? null : (ends.reduce((last, end) => ((end ?? '') > (last ?? '') ? end : last), first.until) ?? null),
      }
    },
    choose(mute) {
      if (mute === null) for (const id of ofAll().map((one): MuteId => one.id)) rules.mutes.remove(id)
      else rules.mutes.add({ of: { kind: 'all' }, until: snoozedUntil(mute, now()) })
    },
  }
}
