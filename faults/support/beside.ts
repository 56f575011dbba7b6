import { historyFile } from '../../src/main/profile.ts'
import type { Recorded } from './replay.ts'
import type { DiskEvent } from './trace.ts'

/** So long a log, at such a pace, is nearly always written back by the thread, and several times in a short run. */
export const long = 350
export const restMs = 60

/** What was done to the history apart from its log: by the thread that writes the log back, and by the one that commits. */
export function writingBackIn({ events, profile }: Pick<Recorded, 'events' | 'profile'>) {
  const history = historyFile(profile)
  const isOf = (event: DiskEvent, path: string): boolean => 'path' in event && event.path === path
  const commits = events.find((event) => isOf(event, history))?.by
  const isOfThread = (event: DiskEvent): boolean => isOf(event, history) && event.by !== commits
  const isOfCommit = (event: DiskEvent): boolean => event.kind === 'written' && event.path === `${history}-wal` && event.by === commits

  /** Where the thread has written what it has not synced yet. */
  const middle: number[] = []
  const begunAnew: number[] = []
  let isMiddle = false
  for (const [index, event] of events.entries()) {
    if (isOfThread(event)) isMiddle = event.kind === 'written'
    if (isMiddle) middle.push(index)
    if (event.kind === 'written' && event.path === `${history}-wal` && event.at === 0) begunAnew.push(index)
  }
  const syncsBy = (isBy: (event: DiskEvent) => boolean) =>
    events.flatMap((event, index) =>
      event.kind === 'synced' && event.path === history && isBy(event) ? [{ index, isOk: event.isOk }] : [],
    )
  return {
    middle,
    begunAnew,
    /** What commits wrote to the log meanwhile. */
    besideTheMiddle: middle.filter((index) => events[index] !== undefined && isOfCommit(events[index])).length,
    writes: events.flatMap((event, index) => (isOfThread(event) && event.kind === 'written' ? [index] : [])),
    syncs: syncsBy(isOfThread),
    /** Where a call of the thread failed. */
    failures: events.flatMap((event, index) =>
      isOfThread(event) && (event.kind === 'failed' || (event.kind === 'synced' && !event.isOk)) ? [index] : [],
    ),
    /** Who asked to be the one writer, so that no other could commit. */
    writers: new Set(events.flatMap(({ kind, by }) => (kind === 'writer-locked' ? [by === commits ? 'commits' : 'thread'] : []))),
    syncsOfCommits: syncsBy((event) => !isOfThread(event)),
  }
}
