import { isMuting, type MuteId, type Rules, type RulesSaved } from '../../shared/rules.ts'
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

/** `onRefused` is told in words what was not done, since no window may be open to show it. */
export function createMuting(parts: {
  readonly rules: Pick<RulesPlace, 'list' | 'mutes'>
  readonly onRefused: (detail: string) => void
  readonly now: () => number
}): Muting {
  const { rules, onRefused, now } = parts
  const ofAll = () => rules.list().mutes.filter(({ of }: Rules['mutes'][number]) => of.kind === 'all')

  const say = (saved: RulesSaved): void => void (saved.kind === 'refused' && onRefused(saved.detail))

  return {
    read() {
      const [first, ...others] = ofAll().filter((one) => isMuting(one, now()))
      if (first === undefined) return null
      // The one that lasts longest counts.
      const ends = [first, ...others].map(({ until }) => until)
      return {
        until: ends.includes(null) ? null : (ends.reduce((last, end) => ((end ?? '') > (last ?? '') ? end : last), first.until) ?? null),
      }
    },
    choose(mute) {
      if (mute === null) for (const id of ofAll().map((one): MuteId => one.id)) say(rules.mutes.remove(id))
      else say(rules.mutes.add({ of: { kind: 'all' }, until: snoozedUntil(mute, now()) }))
    },
  }
}
