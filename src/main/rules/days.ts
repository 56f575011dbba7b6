/** Days of the calendar of this computer: they begin at its midnight, however many hours they have. */
export type Days = {
  readonly first: number
  /** By its place from 0, the oldest first; before the first is the first, beyond the last is the last. */
  placeOf(at: number): number
  /** As `2026-11-22`. */
  name(place: number): string
}

/** So many, of which the last is the one of `now` (epoch ms). */
export function daysUntil(now: number, count: number): Days {
  const today = new Date(now)
  const begins = Array.from({ length: count }, (_, place) =>
    new Date(today.getFullYear(), today.getMonth(), today.getDate() - (count - 1 - place)).getTime(),
  )
  return {
    first: begins[0] ?? now,
    placeOf(at) {
      let place = begins.length - 1
      while (place > 0 && (begins[place] ?? now) > at) place -= 1
      return place
    },
    name(place) {
      const day = new Date(begins[place] ?? now)
      const digits = (number: number, length: number) => String(number).padStart(length, '0')
      return `${digits(day.getFullYear(), 4)}-${digits(day.getMonth() + 1, 2)}-${digits(day.getDate(), 2)}`
    },
  }
}
