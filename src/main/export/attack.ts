import { z } from 'zod'

const attackSchema = z.object({
  version: z.string(),
  tactics: z.array(z.object({ id: z.string(), shortName: z.string(), name: z.string() })),
  techniques: z.array(z.object({ id: z.string(), name: z.string(), tactics: z.array(z.string()) })),
})

export type Tactic = { readonly id: string; readonly shortName: string; readonly name: string }
export type Technique = { readonly id: string; readonly name: string; readonly tactics: readonly string[] }

/** MITRE ATT&CK for Enterprise, as far as a detection can point to it. */
export type Attack = {
  readonly version: string
  /** By id, short name or name, whatever its case; null for what is none. */
  tactic(label: string): Tactic | null
  /** By id, or by a name that only one has. */
  technique(label: string): Technique | null
}

/** Reads the text of resources/attack-enterprise.json. Throws where it is anything else: it comes with Tocsin. */
export function readAttack(text: string): Attack {
  const { version, tactics, techniques } = attackSchema.parse(JSON.parse(text))
  const tacticOf = new Map(tactics.flatMap((tactic) => [tactic.id, tactic.shortName, tactic.name].map((label) => [fold(label), tactic])))
  const techniqueOf = new Map<string, Technique | null>()
  for (const technique of techniques) {
    const name = fold(technique.name)
    techniqueOf.set(name, techniqueOf.has(name) ? null : technique)
  }
  for (const technique of techniques) techniqueOf.set(fold(technique.id), technique)
  return {
    version,
    tactic: (label) => tacticOf.get(fold(label)) ?? null,
    technique: (label) => techniqueOf.get(fold(label)) ?? null,
  }
}

/** SlashID's labels may be written as words or as identifiers. */
function fold(label: string): string {
  return label
    .trim()
    .toLowerCase()
    .replace(/[_\s]+/g, ' ')
}
