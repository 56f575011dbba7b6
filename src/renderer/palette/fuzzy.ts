const notOfWords = /[^\p{L}\p{N}]+/u
/** What words beside the name count for, as a part of what the name would. */
const ofWordsCounts = 0.9

/** How well a name answers to what was typed, 0 for not at all: every letter in order, better where words begin with them and where they stand together. */
export function score(name: string, typed: string): number {
  const wanted = typed.toLowerCase().replace(/\s+/g, '')
  if (wanted === '') return 1
  const text = name.toLowerCase()
  let total = 0
  let at = -1
  let run = 0
  for (const letter of wanted) {
    const next = find(text, letter, at + 1, run > 0)
    if (next < 0) return 0
    const isStart = next === 0 || /[^\p{L}\p{N}]/u.test(text[next - 1] ?? '')
    run = next === at + 1 && at >= 0 ? run + 1 : 0
    total += 1 + (isStart ? 3 : 0) + run * 2
    at = next
  }
  // Of two that fit as well, the shorter one is more of what was typed.
  return total + 1 / (1 + text.length)
}

/** The same for a name and other words that people type for it: all that was typed has to begin words of either, and the name itself counts for more. */
export function scoreOf(name: string, words: string, typed: string): number {
  const said = `${name} ${words}`.toLowerCase().split(notOfWords).filter(Boolean)
  const points = typed
    .toLowerCase()
    .split(notOfWords)
    .filter(Boolean)
    .map((part) => Math.max(...said.map((word) => (word.startsWith(part) ? score(word, part) : 0))))
  const ofWords = points.length === 0 || points.includes(0) ? 0 : points.reduce((sum, one) => sum + one)
  return Math.max(score(name, typed), ofWords * ofWordsCounts)
}

/** The next letter: directly behind where letters stand together, else first where a word begins. */
function find(text: string, letter: string, from: number, isRunning: boolean): number {
  if (isRunning && text[from] === letter) return from
  for (let at = text.indexOf(letter, from); at >= 0; at = text.indexOf(letter, at + 1))
    if (at === from || at === 0 || /[^\p{L}\p{N}]/u.test(text[at - 1] ?? '')) return at
  return text.indexOf(letter, from)
}
