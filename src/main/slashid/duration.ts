const units: Readonly<Record<string, number>> = { ns: 1e-6, us: 1e-3, µs: 1e-3, μs: 1e-3, ms: 1, s: 1_000, m: 60_000, h: 3_600_000 }

/** Milliseconds of a Go duration such as "10s", "1m30s" or "0"; null for anything else. */
export function millisOfDuration(text: string): number | null {
  if (text === '0') return 0
  const part = /(\d+(?:\.\d+)?)(ns|us|µs|μs|ms|s|m|h)/y
  let sum = 0
  for (let at = 0; at < text.length; at = part.lastIndex) {
    part.lastIndex = at
    const match = part.exec(text)
    if (match === null) return null
    sum += Number(match[1]) * (units[match[2] ?? ''] ?? Number.NaN)
  }
  return text === '' ? null : sum
}
