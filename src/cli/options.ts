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
