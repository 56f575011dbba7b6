import { InvalidArgumentError } from 'commander'

/** A whole number between two others, ends included. */
export function wholeNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const value = Number(text)
    if (!/^\d{1,16}$/.test(text) || value < least || value > most) {
      throw new InvalidArgumentError(`It must be a whole number from ${least.toLocaleString('en')} to ${most.toLocaleString('en')}.`)
    }
    return value
  }
}

export function positiveNumber(text: string): number {
  const value = Number(text)
  if (!/^\d*\.?\d+$/.test(text) || !Number.isFinite(value) || value <= 0) throw new InvalidArgumentError('It must be a number above 0.')
  return value
}

/** Text that is there and no longer than what it is meant for. */
export function shortText(text: string): string {
  if (text === '' || text.length > 200) throw new InvalidArgumentError('It must have 1 to 200 characters.')
  return text
}

const spans: Readonly<Record<string, number>> = { m: 60_000, h: 3_600_000, d: 86_400_000, w: 604_800_000, y: 31_557_600_000 }

/** A length of time such as 365d or 2y, in ms. */
export function timeSpan(text: string): number {
  const [, amount, unit] = /^(\d{1,6})([mhdwy])$/.exec(text) ?? []
  if (amount === undefined || unit === undefined) throw new InvalidArgumentError('It must be a number and m, h, d, w or y: 365d.')
  return Number(amount) * (spans[unit] ?? 0)
}

const sizes: Readonly<Record<string, number>> = { '': 1, KB: 1e3, MB: 1e6, GB: 1e9, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30 }

/** An amount such as 2GiB or 500MB, in bytes. */
export function byteSize(text: string): number {
  const [, amount, unit] = /^(\d{1,12}(?:\.\d{1,3})?) ?([KMG]i?B)?$/.exec(text) ?? []
  if (amount === undefined) throw new InvalidArgumentError('It must be a number and KB, MB, GB, KiB, MiB or GiB: 2GiB.')
  return Math.round(Number(amount) * (sizes[unit ?? ''] ?? 1))
}
