/**
 * Whether a status says that a misconfiguration is there which was not: for the first time, or again after it was resolved. One that goes from
 * detected to ongoing was never gone: the next look found what the one before had found. So it is no news, and does not come back, either.
 */
export function isThereAnew(from: string | null, to: string): boolean {
  return to !== 'resolved' && (from === null || from === 'resolved')
}
