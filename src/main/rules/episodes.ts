import { createWindows, windowsMs } from '../notify/windows.ts'

/** When one told change after the other would have raised a notification of its own: the others are told by one that is there already. */
export function createEpisodes() {
  const windows = createWindows()
  /** The window that is open; null while it is quiet. */
  let endsAt: number | null = null
  /** Changes that wait for its end. */
  let waiting = 0
  let isUrgent = false
  let isUrgentSoon = false

  return {
    /** To be asked in the order of time, in epoch ms. */
    isNew(at: number, isNextUrgent: boolean): boolean {
      while (endsAt !== null && at >= endsAt) {
        endsAt = waiting === 0 ? null : endsAt + windows.next(waiting)
        isUrgent ||= isUrgentSoon
        waiting = 0
      }
      if (endsAt === null) {
        endsAt = at + windows.first(1)
        isUrgent = isUrgentSoon = isNextUrgent
        return true
      }
      waiting += 1
      // What is urgent is not kept waiting for long where nothing was urgent yet.
      if (isNextUrgent && !isUrgent) endsAt = Math.min(endsAt, at + windowsMs[0])
      isUrgentSoon ||= isNextUrgent
      return false
    },
  }
}
