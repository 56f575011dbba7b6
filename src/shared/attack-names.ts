import type { AttackMatrix, AttackName } from './attack.ts'

export type AttackNames = {
  /** Of a tactic or a technique. */
  nameOf(word: string): AttackName
}

type Known = Extract<AttackName, { kind: 'known' }>

/**
 * What the words of senders mean in ATT&CK: ids and names, whatever their case and however their words are parted, also an id with its name
 * behind it (`T1110: Brute Force`), and the part of a technique by both names (`Brute Force: Password Spraying`). A name that several have
 * means none of them. What is no more is named by what took its place.
 */
export function createAttackNames({ tactics, past }: Pick<AttackMatrix, 'tactics' | 'past'>): AttackNames {
  const byId = new Map<string, Known>()
  const byName = new Map<string, Known | null>()
  const named = (name: string, known: Known): void => {
    const before = byName.get(name)
    byName.set(name, before === undefined || before?.id === known.id ? known : null)
  }
  for (const tactic of tactics) {
    const known = current(tactic)
    byId.set(tactic.id, known)
    named(fold(tactic.name), known)
    for (const technique of tactic.techniques) {
      const whole = current(technique)
      byId.set(technique.id, whole)
      named(fold(technique.name), whole)
      for (const part of technique.parts) {
        const one = current(part)
        byId.set(part.id, one)
        named(fold(part.name), one)
        named(fold(technique.name + part.name), one)
      }
    }
  }
  // Old names after all of those that are still in use, which go before them.
  const inUse = new Set(byName.keys())
  for (const { id, name, now } of past) {
    const successor = now === null ? undefined : byId.get(now)
    const known: Known = successor === undefined ? current({ id, name }) : { ...successor, was: id }
    byId.set(id, known)
    if (!inUse.has(fold(name))) named(fold(name), known)
  }

  return {
    nameOf(word) {
      const id = idIn(word)
      return (id === null ? byName.get(fold(word)) : byId.get(id)) ?? unknown
    },
  }
}

const unknown: AttackName = { kind: 'unknown' }

function current({ id, name }: { readonly id: string; readonly name: string }): Known {
  return { kind: 'known', id, name, was: null }
}

/** The id that a word begins with, in the way ATT&CK writes it; null where it begins with none. */
function idIn(word: string): string | null {
  const [, tactic, technique, part] = /^\s*(?:(ta\d{4})|(t\d{4})(?:[./](\d{3}))?)(?![\w.])/i.exec(word) ?? []
  if (tactic !== undefined) return tactic.toUpperCase()
  if (technique === undefined) return null
  return technique.toUpperCase() + (part === undefined ? '' : `.${part}`)
}

/** Words may be parted by spaces, hyphens or underscores, or run together. */
function fold(name: string): string {
  return name.toLowerCase().replace(/[^\p{L}\p{N}]+/gu, '')
}
